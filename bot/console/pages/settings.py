"""设置: every setting, what it is now and from where; some can be changed here, at once in force."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml
from sqlalchemy import make_url
from sqlmodel import select

from bot.config import SECRETS
from bot.console.pages.rooms import LISTEN
from bot.console.setting_lines import read_lines, shape_of, written
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from bot.setting_values import BadValue, Setting, listen, poster_style, yes_no
from bot.settings import DATABASE_URL, DESK_SETTINGS, SETTINGS
from data import desk_settings
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole, ConsoleUser, SettingChange
from data.drawing.styles import STYLES

GROUPS = {
    "town": "镇",
    "database": "数据库",
    "webchat": "网页群聊",
    "console": "控制台",
    "wechaty": "微信",
    "wecom": "企业微信",
    "listen": "听什么",
    "push": "推送短文",
    "notice": "误了点的通知",
    "quiet": "免打扰",
    "pace": "说话快慢",
    "account": "账号安全",
    "loop": "点单的期限",
    "work": "上班时间",
    "lecture": "讲课",
    "sign_up": "报名",
    "broadcast": "通知放行",
    "limits": "防刷",
    "backup": "备份",
    "material": "课件",
    "report": "报表",
    "retention": "个人信息留多久",
    "log": "日志",
}
_EDITABLE = {setting.key: setting for setting in DESK_SETTINGS}
_CLOCK = re.compile(r'(?<![\d"\'-])(\d{1,2}:\d{2})(?![\d"\':])')
_DASHES = str.maketrans("，：；“”‘’【】", ",:;\"\"''[]")


_YES_NO = (("true", "是"), ("false", "否"))
_CHOICES: Mapping[object, tuple[tuple[str, str], ...]] = {  # by how a setting is read
    yes_no: _YES_NO,
    listen: tuple(LISTEN.items()),
    poster_style: (("", "不要海报"), *((style, style) for style in STYLES)),
}


class _NoAliases(yaml.SafeLoader):
    """A few lines with references to one another unfold into more than there is memory for."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("no aliases")
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Line:
    """A setting as it is shown; ``value`` and ``default`` as they are typed. ``whence`` says who set it."""

    key: str
    help: str
    value: str
    default: str
    whence: str
    changed: bool
    editable: bool


def show_all(ask: Ask) -> Answer:
    """All settings, by group."""
    changes, written = desk_settings.changes(ask.session), _written(ask)
    groups: dict[str, list[Line]] = {}
    for setting in SETTINGS:
        head = setting.key.partition(".")[0]
        groups.setdefault(GROUPS.get(head, head), []).append(_line(ask, setting, changes, written))
    return Html("settings.html", "设置", {"groups": groups})


def show(ask: Ask) -> Answer:
    """One setting that can be changed here."""
    setting = _setting(ask)
    found = ask.session.get(SettingChange, setting.key)
    who = ""
    if found is not None and found.by_id is not None:
        who = ask.session.exec(select(ConsoleUser.shown_name).where(ConsoleUser.id == found.by_id)).first() or ""
    line = _line(ask, setting, desk_settings.changes(ask.session), _written(ask))
    choices, shape = _CHOICES.get(setting.read, ()), shape_of(setting)
    values = {
        "lines": max(line.value.count("\n"), ask.form.get("value").count("\n")) + 2 if shape else 0,
        "help": shape.help if shape else f"写法和默认的一样：{line.default or '一个词'}",
        "line": line,
        "choices": choices,
        "names": dict(choices),
        "file": _shown(setting, _in_file(_written(ask), setting)),
        "found": found,
        "who": who,
    }
    return Html("settings_one.html", GROUPS.get(setting.key.partition(".")[0], setting.key), values)


def change(ask: Ask) -> Done:
    """Another value, at once."""
    setting = _setting(ask)
    value = read(setting, ask.form.get("value"))
    desk_settings.change(ask.session, setting.key, value, by_id=ask.user.user_id, now=ask.now)
    shown = _shown(setting, value)
    told = dict(_CHOICES.get(setting.read, ())).get(shown, shown).replace("\n", "、")
    return Done(
        "/settings",
        f"改好了，{setting.key} 现在是 {told or '空的'}。",
        about=setting.key,
        detail={"设成": shown},
        reload=True,
    )


def reset(ask: Ask) -> Done:
    """As config.yaml has it, again."""
    setting = _setting(ask)
    desk_settings.reset(ask.session, setting.key)
    return Done("/settings", f"{setting.key} 又照 config.yaml 的了。", about=setting.key, reload=True)


def read(setting: Setting[Any], typed: str) -> object:
    """What was typed, as the database keeps it: checked as config.yaml's is. Raises `BadEntry`.

    Lists and maps are typed in lines. Times of day need no quotes here (YAML would make a number of 21:00), and plain
    words are plain words.
    """
    if (shape := shape_of(setting)) is not None:
        return read_lines(setting, shape, typed)
    plain = typed.translate(_DASHES)
    try:
        parsed = _plain(yaml.load(_CLOCK.sub(r'"\1"', plain), Loader=_NoAliases))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError):
        parsed = None
    why = ""
    for value in (parsed, typed):
        try:
            setting.read(value)
        except BadValue as bad:
            why = why or str(bad)
        else:
            return value
    raise BadEntry(setting.key, f"{why}。")


def _plain(value: object) -> object:
    """Dates as text: the database keeps JSON."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _setting(ask: Ask) -> Setting[Any]:
    found = _EDITABLE.get(ask.path.get("key", ""))
    if found is None:
        raise NotThere("这项设置")
    return found


def _line(ask: Ask, setting: Setting[Any], changes: Mapping[str, object], written: Mapping[str, object]) -> Line:
    key, here = setting.key, setting.key in changes and setting.key in _EDITABLE
    in_file = _in_file(written, setting)
    value = changes[key] if here else setting.default if in_file is None else in_file
    whence = "在这里改的" if here else "默认" if in_file is None else "config.yaml"
    if key == DATABASE_URL.key:  # it may come from the environment, with a password
        now = ask.house.config[DATABASE_URL]
        whence = whence if now == value else "环境变量"
        value = make_url(now).render_as_string(hide_password=True)
    elif any(word in key.rsplit(".", 1)[-1].lower() for word in SECRETS) and not key.endswith("_file"):
        value = "（不显示）"
    default = _shown(setting, setting.default)
    return Line(key, setting.help, _shown(setting, value), default, whence, here, key in _EDITABLE)


def _written(ask: Ask) -> Mapping[str, object]:
    """config.yaml as it is now."""
    try:
        tree = yaml.safe_load(ask.house.config.path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _in_file(written: Mapping[str, object], setting: Setting[Any]) -> object:
    """What config.yaml has for a setting, None where it says nothing."""
    found: object = written
    for part in setting.key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _shown(setting: Setting[Any], value: object) -> str:
    """A value as it is shown and typed: a list or a map in lines, anything else as in config.yaml."""
    if value is not None and shape_of(setting) is not None:
        return written(value)
    return _notation(value)


def _notation(value: object) -> str:
    """A value as one would write it in config.yaml."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value
    dumped: str = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000)
    return dumped.removesuffix("\n").removesuffix("\n...")


PAGES: tuple[Page | Deed, ...] = (
    Page("/settings", show_all, "设置：现在怎么定的，改常用的", may=ConsoleRole.ADMIN, nav="设置"),
    Page("/settings/{key}", show, "一项设置", may=ConsoleRole.ADMIN),
    Deed("/settings/{key}/change", change, "改设置", "/settings/{key}", may=ConsoleRole.ADMIN),
    Deed("/settings/{key}/reset", reset, "设置恢复", "/settings/{key}", may=ConsoleRole.ADMIN),
)
