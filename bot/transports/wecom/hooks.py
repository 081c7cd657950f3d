"""The file of webhooks: which group is behind which key. It is kept apart from config.yaml, for keys are secrets.

上坪村干部群: 693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa       # the key, or the whole address
上坪村乡亲群:
  key: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…
  village: 上坪村                                        # as in town.yaml
  kind: residents                                       # or migrants, coordinators
  format: markdown                                      # or text
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from bot.transports.wecom.settings import Hook
from data.files import disk_why

KINDS = ("residents", "migrants", "coordinators")
FORMATS = ("text", "markdown")
_FIELDS = ("key", "village", "kind", "format")
_KEY = re.compile(r"[A-Za-z0-9_-]{8,128}")
_NAME_LIMIT = 40  # characters


class HooksError(Exception):
    """The file cannot be used; ``problems`` says why, all at once, and never quotes a key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_hooks(path: Path, api: str) -> tuple[Hook, ...]:
    """The webhooks in their order. ``api`` is whose addresses they have to be. Raises `HooksError`."""
    try:
        tree = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise HooksError([f"{path} 读不了（{disk_why(error)}）。"]) from None
    except yaml.YAMLError as error:  # its own text quotes the line, and with it the key
        mark = getattr(error, "problem_mark", None)
        where = f"第{mark.line + 1}行" if mark else ""
        raise HooksError([f"{path} {where}写法不对。一行一个群：名字，冒号，空格，key。"]) from None
    if not isinstance(tree, yaml.MappingNode) or not tree.value:
        raise HooksError([f"{path} 里一个群也没有。一行一个群：名字，冒号，空格，key。"])
    problems: list[str] = []
    hooks: list[Hook] = []
    for name_node, node in tree.value:
        where = f"{path} 第{name_node.start_mark.line + 1}行"
        hook = _hook(name_node, node, api, problems, where)
        if hook is None:
            continue
        if any(each.name == hook.name for each in hooks):
            problems.append(f"{where}：“{hook.name}”写了两次。留一个。")
        elif twin := next((each for each in hooks if each.key == hook.key), None):
            problems.append(f"{where}：“{hook.name}”和“{twin.name}”的 key 一样。一个群一个 key。")
        hooks.append(hook)
    if problems:
        raise HooksError(problems)
    return tuple(hooks)


def _hook(name_node: yaml.Node, node: yaml.Node, api: str, problems: list[str], where: str) -> Hook | None:
    """One group; what is wrong with it is added to the problems."""
    name = name_node.value.strip() if isinstance(name_node, yaml.ScalarNode) else ""
    found: list[str] = []
    if not 0 < len(name) <= _NAME_LIMIT:
        found.append(f"群名要有，最多 {_NAME_LIMIT} 个字")
    fields = dict(_fields(node, found))
    key = _key(fields.get("key", ""), api, found)
    kind, form = fields.get("kind", KINDS[0]), fields.get("format", FORMATS[0])
    if kind not in KINDS:
        found.append(f"kind 要写 {'、'.join(KINDS)} 里的一个")
    if form not in FORMATS:
        found.append("format 要写 text 或 markdown")
    problems += [f"{where}：{each}。" for each in found]
    return None if found else Hook(name, key, form == "markdown", fields.get("village", ""), kind)


def _fields(node: yaml.Node, found: list[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, yaml.ScalarNode):
        yield "key", node.value.strip()
        return
    for field, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if field.value not in _FIELDS or not isinstance(value, yaml.ScalarNode):
            found.append(f"只认 {'、'.join(_FIELDS)} 几项，各写一行")
            return
        yield field.value, value.value.strip()


def _key(written: str, api: str, found: list[str]) -> str:
    """The key, out of the whole address where that is written."""
    key = written
    if "://" in written:
        parts = urlsplit(written)
        if parts.netloc != urlsplit(api).netloc:
            found.append(f"地址不是 {api} 的")
            return ""
        key = "".join(parse_qs(parts.query).get("key", []))
    if _KEY.fullmatch(key) is None:
        found.append("没有 key，或者 key 不完整（地址里 key= 后面的那一串）")
    return key
