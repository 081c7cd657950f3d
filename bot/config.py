"""config.yaml, read and checked: every fault is told with its key, its line, and the mend."""

import copy
import difflib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import yaml

from bot.setting_values import BadValue, Setting
from bot.settings import (
    DATABASE_URL,
    DESK_SETTINGS,
    SETTINGS,
    WECHATY_TOKEN_FILE,
    WECOM_API,
    WECOM_HOOKS_FILE,
    WECOM_SECRET_FILE,
)
from bot.transports.wecom.hooks import HooksError, read_hooks
from bot.transports.wecom.settings import Hook
from data.files import disk_why

log = logging.getLogger("menlou")

Value = TypeVar("Value")

SECRETS = ("token", "password", "secret", "passwd", "口令", "密码")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a config file, as a person reads it."""

    path: Path
    line: int  # 1 is the first; 0 where no line is to blame
    key: str
    what: str

    def __str__(self) -> str:
        where = f"{self.path} 第{self.line}行" if self.line else str(self.path)
        return f"{where} {self.key}：{self.what}" if self.key else f"{where}：{self.what}"


class ConfigError(Exception):
    """The config cannot be used; ``problems`` says why, all at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Config:
    """Checked values, by their `Setting`. Paths in it are relative to the folder of config.yaml."""

    def __init__(self, path: Path, values: Mapping[str, object], lines: Mapping[str, int], token: str) -> None:
        self.path = path
        self.wechaty_token = token
        self.wecom_secret = ""
        self.wecom_hooks: tuple[Hook, ...] = ()
        self._values = values
        self._lines = lines

    def __getitem__(self, setting: Setting[Value]) -> Value:
        return cast(Value, self._values[setting.key])

    def changed(self, changes: Mapping[str, object]) -> "Config":
        """This config with settings that were changed in the console; one that is not good (any more) is left out."""
        known = {setting.key: setting for setting in DESK_SETTINGS}
        values = dict(self._values)
        for key, value in changes.items():
            try:
                values[key] = known[key].read(value)
            except (KeyError, BadValue):
                log.warning("控制台里改过的 %s 用不了，按 config.yaml 的", key)
        new = copy.copy(self)
        new._values = values
        return new

    def file(self, setting: Setting[str]) -> Path:
        """A setting that names a file or folder, as a path from here."""
        return self.path.parent / self[setting]

    @property
    def database_url(self) -> str:
        """The database's address; a relative SQLite file lies in config.yaml's folder."""
        url = self[DATABASE_URL]
        prefix = "sqlite:///"
        name = url.removeprefix(prefix)
        if url.startswith(prefix) and name not in ("", ":memory:") and not Path(name).is_absolute():
            return f"{prefix}{(self.path.parent / name).as_posix()}"
        return url

    def problem(self, setting: Setting[Value], what: str) -> Problem:
        """A fault that shows only when a value is used (a port that is taken, a database that is away)."""
        return Problem(self.path, self._lines.get(setting.key, 0), setting.key, what)


def load_config(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """Read ``path``; missing keys take their defaults. Raises `ConfigError` with everything that is wrong."""
    tree = _compose(path)
    settings = {setting.key: setting for setting in SETTINGS}
    values: dict[str, object] = {setting.key: setting.read(setting.default) for setting in SETTINGS}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for key, node in _leaves(tree, settings):
        line = node.start_mark.line + 1
        if key in lines:
            problems.append(Problem(path, line, key, f"写了两次（第{lines[key]}行已有）。留一个。"))
            continue
        lines[key] = line
        setting = settings.get(key)
        if setting is None:
            problems.append(Problem(path, line, key, _unknown(key, settings)))
            continue
        try:
            values[key] = setting.read(_plain(node))
        except BadValue as error:
            problems.append(Problem(path, line, key, f"{error}。"))
    if url := environ.get("MENLOU_DATABASE_URL"):
        values[DATABASE_URL.key] = url
    if problems:
        raise ConfigError(problems)
    token = environ.get("MENLOU_WECHATY_TOKEN", "")
    config = Config(path, values, lines, token)
    if not token and config[WECHATY_TOKEN_FILE]:
        config.wechaty_token = _secret_file(config, WECHATY_TOKEN_FILE)
    _read_wecom(config, environ)
    return config


def _compose(path: Path) -> yaml.MappingNode | None:
    try:
        tree = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError as error:
        raise ConfigError(
            [Problem(path, 0, "", "没有这个文件。用 python -m bot init 新建，或用 --config 指给我。")]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        told = f"读不了（{disk_why(error)}）。要是 UTF-8 文本，有读的权限。"
        raise ConfigError([Problem(path, 0, "", told)]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError(
            [Problem(path, line, "", f"写法不对（{error.problem}）。看看冒号后有没有空格、缩进齐不齐。")]
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError([Problem(path, 0, "", "里面有不能用的字符，请另存为 UTF-8 纯文本。")]) from error
    if tree is not None and not isinstance(tree, yaml.MappingNode):
        raise ConfigError([Problem(path, 1, "", "要写成“组: 键: 值”的样子，见 docs/config.md。")])
    return tree


def _leaves(
    node: yaml.MappingNode | None, settings: Mapping[str, object], prefix: str = ""
) -> Iterator[tuple[str, yaml.Node]]:
    """(dotted key, value node) of all that is set; a mapping is entered unless it is a setting's value."""
    for name, value in node.value if node is not None else ():
        key = f"{prefix}{name.value}"
        if isinstance(value, yaml.MappingNode) and key not in settings:
            yield from _leaves(value, settings, f"{key}.")
        elif not (isinstance(value, yaml.ScalarNode) and value.tag.endswith(":null") and not prefix):
            yield key, value


def _plain(node: yaml.Node) -> object:
    loader = yaml.SafeLoader("")
    try:
        return cast(object, loader.construct_document(node))
    except yaml.YAMLError as error:
        raise BadValue("这个值看不懂") from error


def _unknown(key: str, settings: Mapping[str, object]) -> str:
    if any(word in key.rsplit(".", 1)[-1].lower() for word in SECRETS):
        return "口令和密码不写在 config.yaml。放环境变量（如 MENLOU_WECHATY_TOKEN）或 wechaty.token_file 指的文件。"
    near = difflib.get_close_matches(key, settings, n=1, cutoff=0.5)
    return f"没有这一项。您要的是 {near[0]} 吗？" if near else "没有这一项，全部设置见 docs/config.md。"


def _read_wecom(config: Config, environ: Mapping[str, str]) -> None:
    """The secrets of WeCom, which are in files of their own."""
    config.wecom_secret = environ.get("MENLOU_WECOM_SECRET", "")
    if not config.wecom_secret and config[WECOM_SECRET_FILE]:
        config.wecom_secret = _secret_file(config, WECOM_SECRET_FILE)
    if config[WECOM_HOOKS_FILE]:
        try:
            config.wecom_hooks = read_hooks(config.file(WECOM_HOOKS_FILE), config[WECOM_API])
        except HooksError as error:
            raise ConfigError([config.problem(WECOM_HOOKS_FILE, each) for each in error.problems]) from None


def _secret_file(config: Config, setting: Setting[str]) -> str:
    path = config.file(setting)
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([config.problem(setting, f"口令文件 {path} 读不了（{disk_why(error)}）。")]) from error
