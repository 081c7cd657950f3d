"""What may stand in the braces of a template, and how much it may make: `docs/reports.md` says it to the towns.

A town's file is read before anything of it is run. Names, their parts, ``for``, ``if``, comparisons and a few filters
are let in and nothing else: who cannot call, reckon or repeat cannot hold up the bot. What is let in is counted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from typing import Any

from jinja2 import Environment, StrictUndefined, Undefined, nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.filters import FILTERS
from jinja2.runtime import LoopContext

OPEN = re.compile(r"\{[{%#]")
BLOCKS = ("for", "endfor", "if", "elif", "else", "endif")
_ALLOWED = ("default", "first", "last", "length")  # filters
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Filter,
)  # fmt: skip
_WHAT = (
    (nodes.Call, "不能调用（名字后面不写圆括号）"),
    ((nodes.BinExpr, nodes.UnaryExpr, nodes.Concat), "不能计算"),
    ((nodes.Slice, nodes.List, nodes.Tuple, nodes.Dict), "不能列举和截取"),
)
_MARKS = 3_000  # of one part
_DEEPEST = 8  # for and if, one within another
_MOST = 20_000_000  # characters; a city's year with all its charts makes a third of it
_ONE_STEP, _READ = 5, 5  # what a step in a turn of a loop, and a character that is read, count as
_WORD = re.compile(r"'([^']+)'|element (\d+)")  # in what jinja says of what is not there
_MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_NO_END = "花括号里写得不对：有 for 或 if 没有收尾（endfor、endif）"


class Refused(Exception):
    """Something that a template may not have; ``place`` is the words around it, as far as it can be told."""

    def __init__(self, why: str, place: str = "") -> None:
        super().__init__(why)
        self.why, self.place = why, place


class Marks(Environment):
    """Reads and fills in the parts of one template. ``dry`` only reads: the marks are taken out."""

    def __init__(self, *, dry: bool = False) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=True)
        self.globals = {}
        self.filters = {name: FILTERS[name] for name in _ALLOWED}
        self.filters |= {"_each": self._each, "_one": self._one}
        self._dry = dry
        self._left = _MOST
        self._source = ""

    def spend(self, cost: int) -> None:
        """Count what is read and made. Raises `Refused`, before there is no room for anything else."""
        self._left -= cost
        if self._left < 0:
            raise Refused("写出来太长了，请少放一些、少套几层 for")

    @contextmanager
    def named(self) -> Iterator[None]:
        """A name that is not there is told with its place in what was read last. Raises `Refused`."""
        try:
            yield
        except UndefinedError as error:
            name = "".join((_WORD.findall(str(error)) or [""])[-1])
            why = f"没有“{name}”这一项，能写的都列在 docs/reports.md 里"
            raise Refused(why, self._place(name)) from error

    # ---- how jinja asks --------------------------------------------------------------------------------------------

    def from_string(self, source: Any, *others: Any, **more: Any) -> Any:
        made = super().from_string(source, *others, **more)
        return _Dry(str(source)) if self._dry else made

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        self._source = source
        self.spend(_READ * len(source))
        if len(OPEN.findall(source)) > _MARKS:
            raise Refused(f"花括号太多，最多{_MARKS}处")
        try:
            tree = super()._parse(source, name, filename)
            self._look(tree)
        except (TemplateSyntaxError, _NotPlain):
            self._tell(source)
            raise
        loops = [(loop, sum(1 for _ in loop.find_all(nodes.Node))) for loop in tree.find_all(nodes.For)]
        for loop, steps in loops:
            loop.iter = self._through("_each", loop.iter, steps)
        for compared in list(tree.find_all(nodes.Compare)):
            compared.expr = self._through("_one", compared.expr)
            for each in compared.ops:
                each.expr = self._through("_one", each.expr)
        return tree

    def _through(self, name: str, given: Any, *more: int) -> nodes.Expr:
        """The same, put through a filter of ours that is told its name."""
        told: list[nodes.Expr] = [nodes.Const(each) for each in (_last(given), *more)]
        made = nodes.Filter(given, name, told, [], None, None, lineno=given.lineno)
        made.set_environment(self)
        return made

    def concat(self, pieces: Iterable[str]) -> str:
        made = []
        for piece in pieces:
            self.spend(len(piece))
            made.append(piece)
        return "".join(made)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined | LoopContext):
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return super().getitem(obj, argument)
        try:
            return obj[argument] if isinstance(obj, Mapping | list) else self.undefined(obj=obj, name=argument)
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=argument)

    # ---- what is looked at -----------------------------------------------------------------------------------------

    def _each(self, value: object, name: str, steps: int) -> object:
        """What a loop goes through: only lists that were given. Each turn counts with all that stands in it."""
        if isinstance(value, Undefined):
            return value  # it tells itself
        if not isinstance(value, list):
            raise Refused(f"“{name}”不是一串，不能用 for", self._place(name))
        self.spend(_ONE_STEP * steps * len(value))
        return value

    def _one(self, value: object, name: str) -> object:
        """What is compared: nothing that takes its time."""
        if isinstance(value, Mapping | list):
            raise Refused(f"“{name}”是一串，不能比（比个数写 | length）", self._place(name))
        return value

    def _place(self, name: str) -> str:
        """Where what was read last has this name."""
        found = (each for each in _MARK.finditer(self._source) if re.search(rf"\b{re.escape(name)}\b", each[0]))
        mark = next(found, None) if name else None
        return _around(self._source, mark.start()) if mark else ""

    def _look(self, node: nodes.Node, depth: int = 0) -> None:
        why = _fault(node)
        if isinstance(node, nodes.For | nodes.If):
            depth += 1
            why = why or ("for 和 if 套得太深" if depth > _DEEPEST else "")
        if why:
            raise _NotPlain(node.lineno, why)
        for each in node.iter_child_nodes():
            self._look(each, depth)

    def _tell(self, source: str) -> None:
        """Read it once more, each mark in a line of its own: so the line of the fault is the place."""
        starts = [each.start() for each in OPEN.finditer(source)]
        try:
            self._look(super()._parse(OPEN.sub(r"\n\g<0>", source.replace("\n", " ")), None, None))
        except TemplateSyntaxError as error:
            if "end of template" in str(error.message):
                raise Refused(_NO_END) from error
            raise Refused("花括号里写得不对", _at(source, starts, error.lineno)) from error
        except _NotPlain as error:
            raise Refused(f"花括号里只能写名字，{error.why}", _at(source, starts, error.line)) from error


class _NotPlain(Exception):
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line, self.why = line, why


class _Dry:
    """A part that is only read."""

    def __init__(self, source: str) -> None:
        self._source = source

    def render(self, _values: object) -> str:
        return _MARK.sub("", self._source)


def _fault(node: nodes.Node) -> str:
    """What is wrong with it by itself; empty for what is let in."""
    if type(node) not in _PLAIN:
        return next((words for kinds, words in _WHAT if isinstance(node, kinds)), "不能写别的")
    why = ""
    match node:
        case nodes.Filter() if node.name not in _ALLOWED:
            why = f"没有“| {node.name}”这种写法，能用的有：{'、'.join(_ALLOWED)}"
        case nodes.Filter() if node.dyn_args or node.dyn_kwargs or not _constant(node.args) or node.kwargs:
            why = f"“| {node.name}”后面只能写一个字或一个数"
        case nodes.Compare() if any(each.op in ("in", "notin") for each in node.ops):
            why = "in 只能写在 for 里"
        case nodes.For() if node.recursive or not isinstance(node.target, nodes.Name) or not _path(node.iter):
            why = "for 后面只能是“名字 in 名字”"
        case nodes.Getattr() if node.attr.startswith("_"):
            why = f"没有“{node.attr}”"
        case nodes.Getitem() if not (isinstance(node.arg, nodes.Const) and not str(node.arg.value).startswith("_")):
            why = "方括号里只能是一个数或一个字"
    return why


def _constant(given: list[nodes.Expr]) -> bool:
    return all(isinstance(each, nodes.Const) for each in given)


def _path(node: nodes.Node) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return isinstance(node, nodes.Name)


def _last(path: nodes.Node) -> str:
    match path:
        case nodes.Name():
            return str(path.name)
        case nodes.Getattr():
            return str(path.attr)
    return ""


def _at(source: str, starts: list[int], line: int) -> str:
    """The words in which the mark stands that has this line for itself; the first line is before all marks."""
    return _around(source, starts[line - 2]) if 2 <= line < len(starts) + 2 else ""


def _around(source: str, at: int) -> str:
    """The words of the paragraph that stand before and behind this place."""
    begins = max(source.rfind(each, 0, at) for each in ("<w:p>", "<w:p ", "</w:p>"))
    ends = [found for each in ("<w:p>", "<w:p ", "</w:p>") if (found := source.find(each, at)) >= 0]
    before = _TAG.sub("", source[max(begins, 0) : at])
    return unescape(before[-20:] + _TAG.sub("", source[at : min(ends, default=None)])[:60]).strip()
