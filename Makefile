# 两条命令就够:make run(演示镇)和 make test(全部测试)。其余见 make help。
PYTHON ?= python3
PY := .venv/bin/python
JOBS ?= 3
.DEFAULT_GOAL := help
.PHONY: help run test check bench deps dev parts docs lock

help: ## 显示这些命令
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: deps ## 装好环境,启动演示镇和网页群聊
	$(PY) -m bot run

# 编译好的文件留着:测试里要启动许多次机器人,不必次次重新编译
test: dev parts ## 装好环境和测试用的真部件,跑全部测试
	PYTHONDONTWRITEBYTECODE= $(PY) -m pytest -n $(JOBS) --dist worksteal

check: dev ## 格式、静态检查、类型、房间规矩
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: dev parts ## 测速,打印 JSON
	$(PY) -m tools.bench

deps: .venv/run.stamp ## 只装运行所需的 .venv

dev: .venv/dev.stamp ## 再装开发和测试所需

parts: tests/gateway/node_modules/.stamp ## 装测试用的真部件(Node 网关、Chromium、PostgreSQL、LibreOffice)
	@sh tools/parts.sh

docs: deps ## 由代码里的清单重写 docs/config.md、docs/commands.md 和 config.yaml
	$(PY) -m tools.docs

lock: ## 重新锁定依赖版本(要有 uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -o requirements/run.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -c requirements/run.txt -o requirements/dev.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新:make run PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/bin/python requirements/run.txt
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

tests/gateway/node_modules/.stamp: tests/gateway/package-lock.json
	@sh tools/parts.sh gateway
