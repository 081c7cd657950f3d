"""Documents from templates: the only module that knows docxtpl and docx.

A template is a Word file with ``{{ names }}`` in it. A town may put its own in the folder of the setting
`report.templates`; what is wrong with one is told with its name and its place.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from data.errors import TownError
from data.names import clean_text

SHIPPED = Path(__file__).parent / "templates"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LONGEST = 4_000  # characters of one value
_LARGEST = 20 * 2**20  # bytes of a template
_MARK = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
_WORD = re.compile(r"'([^']+)'")


class TemplateFault(TownError):
    """A town's template cannot be used; says where."""

    def __init__(self, path: Path, why: str, place: str = "") -> None:
        where = f"，在“{place[:60]}”这里" if place else ""
        super().__init__(f"模板 {path.name} 有问题{where}：{why}。改好再试，或先把它移走（会用自带的）。")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a document, ``width`` millimetres wide."""

    png: bytes = field(repr=False)
    width: int


class _Shown:
    """A picture as a template has it: to be shown, and nothing else. What puts it in knows the whole document, and
    would let a template out of its sandbox."""

    __slots__ = ("_image",)

    def __init__(self, image: object) -> None:
        self._image = image

    def __str__(self) -> str:
        return str(self._image)

    __html__ = __str__  # it is markup already


def template(name: str, folder: Path | None) -> Path:
    """The town's own template of this name (``report.docx``), else the one that ships with us."""
    own = folder / name if folder is not None else None
    return own if own is not None and own.is_file() else SHIPPED / name


def own_templates(folder: Path) -> list[Path]:
    """The town's own templates in a folder; what is there by other names is none."""
    return [path for each in sorted(SHIPPED.glob("*.docx")) if (path := folder / each.name).is_file()]


def check(path: Path) -> None:
    """Read a template as far as it goes with nothing to fill in. Raises `TemplateFault`."""
    made = _opened(path)
    try:
        made.get_undeclared_template_variables(SandboxedEnvironment())
    except TemplateSyntaxError as error:
        raise _misspelt(path, error) from error
    except (TemplateError, RecursionError, ValueError, LookupError, AttributeError) as error:
        raise TemplateFault(path, f"读不懂（{str(error)[:80]}）") from error


def render(path: Path, values: Mapping[str, object]) -> bytes:
    """The document. Values are text, `Picture`, and lists and mappings of such. Raises `TemplateFault`."""
    made = _opened(path)
    # A town's file is its own affair, yet a file from elsewhere reaches nothing but the values.
    jinja = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        made.render(_filled(values, made), jinja, autoescape=True)
    except TemplateSyntaxError as error:
        raise _misspelt(path, error) from error
    except UndefinedError as error:
        name = (_WORD.findall(str(error)) or [""])[-1]
        place = _around(path, str(error))
        raise TemplateFault(path, f"没有“{name}”这一项，能写的都列在 docs/reports.md 里", place) from error
    except SecurityError as error:
        raise TemplateFault(path, "花括号里只能写名字，不能调用别的", _around(path, str(error))) from error
    except RecursionError as error:
        raise TemplateFault(path, "里面的宏自己套自己") from error
    except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateFault(path, f"填不进去（{str(error)[:80]}）") from error
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def _misspelt(path: Path, error: TemplateSyntaxError) -> TemplateFault:
    return TemplateFault(path, f"花括号里写得不对（{error.message}）", _around(path, str(error.message)))


def _opened(path: Path) -> Any:
    from docx.opc.exceptions import PackageNotFoundError  # loaded only where it is used
    from docxtpl import DocxTemplate

    try:
        if path.stat().st_size > _LARGEST:
            raise TemplateFault(path, f"太大了，最多{_LARGEST // 2**20}MB")
        made = DocxTemplate(str(path))
        made.init_docx()
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TemplateFault(path, "打不开，不是 Word 的 .docx 文件（.doc 请另存为 .docx）") from error
    except OSError as error:
        raise TemplateFault(path, f"读不了（{error.strerror}）") from error
    return made


def _filled(value: object, made: Any) -> Any:
    """The values as a template takes them: no character that a file cannot hold."""
    from docx.shared import Mm  # loaded only where it is used
    from docxtpl import InlineImage

    match value:
        case str():
            return clean_text(value, limit=_LONGEST)
        case Picture():
            return _Shown(InlineImage(made, io.BytesIO(value.png), width=Mm(value.width)))
        case Mapping():
            return {key: _filled(each, made) for key, each in value.items()}
        case list() | tuple():
            return [_filled(each, made) for each in value]
        case _:
            return value


def _around(path: Path, said: str) -> str:
    """The words of the template in which the fault lies, as far as it can be told."""
    from docxtpl import DocxTemplate  # loaded only where it is used

    fresh = DocxTemplate(str(path))
    fresh.init_docx()
    wanted = _WORD.findall(said)
    paragraphs = [each.text for each in _paragraphs(fresh.docx)]
    for text in paragraphs:
        for mark in _MARK.findall(text) or ([text] if "{{" in text or "{%" in text else []):
            if any(re.search(rf"\b{re.escape(name)}\b", mark) for name in wanted) or _broken(mark):
                return str(text).strip()
    return ""


def _broken(mark: str) -> bool:
    """Whether one mark is wrong by itself; one that opens or closes a block says nothing alone."""
    inside = re.sub(r"^\{%(?:p|tr|tc|r)\s", "{% ", re.sub(r"^\{\{(?:p|tr|tc|r)\s", "{{ ", mark))
    words = inside.removeprefix("{%").strip().split(" ")[0]
    if inside.startswith("{%") and words in ("for", "if"):
        inside += "{% end" + words + " %}"
    elif inside.startswith("{%") and words in ("endfor", "endif", "else", "elif"):
        return False
    try:
        SandboxedEnvironment().parse(inside)
    except TemplateSyntaxError:
        return True
    return False


def _paragraphs(container: Any) -> list[Any]:
    """All paragraphs, those in cells too."""
    found = list(container.paragraphs)
    for table in container.tables:
        for row in table.rows:
            for cell in row.cells:
                found += _paragraphs(cell)
    return found
