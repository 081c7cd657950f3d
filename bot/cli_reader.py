"""The reader of the command line, in Chinese: what argparse says of itself, and of what was typed wrong."""

import argparse
import re
import sys
from typing import Any, NoReturn

FAULT = 2  # exit code of everything that a person has to mend first
# What argparse says, and how it is told; what is not here is told as it is.
_SAID: tuple[tuple[str, str], ...] = (
    (r"the following arguments are required: 命令", "还要写做什么"),
    (r"the following arguments are required: (.+)", r"还要写上 \1"),
    (r"unrecognized arguments: (.+)", r"不认识“\1”"),
    (r"argument (\S+): invalid choice: '?(.*?)'? \(choose from .*\)", r"\1 不能是“\2”"),
    (r"argument (\S+): invalid int value: '(.*)'", r"\1 要写数字，“\2”不是"),
    (r"argument (\S+): invalid \w+ value: '(.*)'", r"\1 看不懂“\2”"),
    (r"argument (\S+): expected one argument", r"\1 后面要跟一个值"),
    (r"argument (\S+): not allowed with argument (\S+)", r"\1 和 \2 只能写一个"),
)


class Reader(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` that speaks Chinese."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"add_help": False})
        self._positionals.title, self._optionals.title = "要写的", "可以写的"
        self.add_argument("-h", "--help", action="help", help="显示这些说明")

    def format_usage(self) -> str:
        """How it is called."""
        return super().format_usage().replace("usage: ", "用法：", 1)

    def format_help(self) -> str:
        """How it is called, and what each word means."""
        return super().format_help().replace("usage: ", "用法：", 1)

    def error(self, message: str) -> NoReturn:
        """Say what was typed wrong and how to see what can be typed, and end with `FAULT`."""
        self.exit(FAULT, f"{told(message)}。看怎么写：{self.prog} --help\n")

    def print_usage(self, file: Any = None) -> None:
        """To standard error, where the fault is told."""
        self._print_message(self.format_usage(), file or sys.stderr)


def told(message: str) -> str:
    """What argparse says, in Chinese."""
    for said, words in _SAID:
        if re.fullmatch(said, message):
            return re.sub(said, words, message)
    return message
