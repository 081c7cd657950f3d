"""Documents from templates, as the rest of the program asks for them.

A template is a Word file with ``{{ names }}`` in it. A town may put its own in the folder of the setting
`report.templates`; what is wrong with one is told with its name and its place.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import TownError
from data.files import disk_why
from data.names import clean_text
from data.reports.marks import Marks, Refused
from data.unpacked import NotZip, TooMuch, packed, unpacked

SHIPPED = Path(__file__).parent / "templates"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_LONGEST = 4_000  # characters of one value
_LARGEST = 20 * 2**20  # bytes of a template
_UNPACKED = 64 * 2**20  # bytes of all its parts
_TEXTS = 8 * 2**20  # … of those that are XML: read, they take a hundred times as much
_PARTS = 1_000
_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
_NOT_UTF8 = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"\x4c\x6f\xa7\x94")  # how XML begins that is not UTF-8
_ODD = (b"\x00", b"<!DOCTYPE", b"<!ENTITY")
_NOT_ONE = "打不开，不是 Word 的 .docx 文件（.doc 请另存为 .docx），或者坏了"


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


def template(name: str, folder: Path | None) -> Path:
    """The town's own template of this name (``report.docx``), else the one that ships with us."""
    own = folder / name if folder is not None else None
    return own if own is not None and own.is_file() else SHIPPED / name


def own_templates(folder: Path) -> list[Path]:
    """The town's own templates in a folder; what is there by other names is none."""
    return [path for each in sorted(SHIPPED.glob("*.docx")) if (path := folder / each.name).is_file()]


def check(path: Path) -> None:
    """Read a template as far as it goes with nothing to fill in. Raises `TemplateFault`."""
    _made(path, {}, Marks(dry=True))


def render(path: Path, values: Mapping[str, object]) -> bytes:
    """The document. Values are text, `Picture`, and lists and mappings of such. Raises `TemplateFault`."""
    return _made(path, values, Marks())


def _made(path: Path, values: Mapping[str, object], marks: Marks) -> bytes:
    try:
        paper = _opened(path)
        made: bytes = paper.filled({name: _filled(each, paper, marks) for name, each in values.items()}, marks)
    except TemplateFault:
        raise
    except Refused as error:
        raise TemplateFault(path, error.why, error.place) from error
    except RecursionError as error:
        raise TemplateFault(path, "里面一层套一层，套得太深") from error
    except Exception as error:  # broken files fail in any of a hundred ways
        why = "字和数不能比大小" if "not supported between" in str(error) else f"填不进去（{str(error)[:80]}）"
        raise TemplateFault(path, why) from error
    return made


def _opened(path: Path) -> Any:
    """Raises `TemplateFault`, and whatever docx says of broken files."""
    try:
        if path.stat().st_size > _LARGEST:
            raise TemplateFault(path, f"太大了，最多{_LARGEST // 2**20}MB")
        parts = unpacked(io.BytesIO(path.read_bytes()), parts=_PARTS, size=_UNPACKED)
    except OSError as error:
        raise TemplateFault(path, f"读不了（{disk_why(error)}）") from error
    except TooMuch as error:
        raise TemplateFault(path, f"解开来太大了，最多{_UNPACKED // 2**20}MB") from error
    except NotZip as error:
        raise TemplateFault(path, _NOT_ONE) from error
    texts = [body for body in parts.values() if body.lstrip(_BEFORE_XML)[:1] == b"<" or body.startswith(_NOT_UTF8)]
    if sum(map(len, texts)) > _TEXTS:
        raise TemplateFault(path, f"文字和样式太多了，解开来最多{_TEXTS // 2**20}MB")
    if any(odd in body for body in texts for odd in _ODD) or any(body.startswith(_NOT_UTF8) for body in texts):
        raise TemplateFault(path, "写法不寻常，不敢打开，请用 Word 或 WPS 重新存一份")

    from data.reports.filling import Paper  # loaded only where it is used

    paper = Paper(packed(parts))
    try:
        paper.init_docx()
    except Exception as error:  # as above
        raise TemplateFault(path, _NOT_ONE) from error
    return paper


def _filled(value: object, paper: Any, marks: Marks) -> Any:
    """The values as a template takes them: no character that a file cannot hold."""
    match value:
        case str():
            return clean_text(value, limit=_LONGEST)
        case Picture():
            return paper.picture(value.png, value.width, marks)
        case Mapping():
            return {key: _filled(each, paper, marks) for key, each in value.items()}
        case list() | tuple():
            return [_filled(each, paper, marks) for each in value]
        case _:
            return value
