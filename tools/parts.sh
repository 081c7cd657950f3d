#!/bin/sh
# Brings the real parts that the tests use, as far as this machine lets us. What stays away is named by the tests.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)

install() { # Debian packages, where we may
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "缺 $*:请自行安装(不装就跳过那部分测试)"; return 0; }
    [ -n "${updated:-}" ] || { apt-get update -qq >/dev/null 2>&1; updated=1; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
        echo "没装上 $*(不影响其他测试)"
}

gateway() {
    command -v node >/dev/null && command -v npm >/dev/null || install nodejs npm
    command -v npm >/dev/null || return 0
    (cd "$root/tests/gateway" && npm ci --silent --no-audit --no-fund >/dev/null) &&
        touch "$root/tests/gateway/node_modules/.stamp"
}

if [ "${1:-}" = gateway ]; then
    gateway
    exit 0
fi
command -v chromium >/dev/null || install chromium fonts-noto-cjk
command -v espeak-ng >/dev/null || install espeak-ng
command -v soffice >/dev/null || install libreoffice-writer-nogui libreoffice-calc-nogui poppler-utils
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || install postgresql
