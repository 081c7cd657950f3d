"""A Word file that is filled in: the only module that knows docxtpl and docx, loaded only where it is used.

docxtpl looks for marks with patterns that take for ever over what no Word has written. So a part is looked at first:
each mark stands in the text of one paragraph, is closed there and short, and has no words of docxtpl's own.
"""

import io
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from docx.opc.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from lxml import etree

from data.reports.marks import BLOCKS, OPEN, Marks, Refused

_LONGEST = 300  # characters of a mark
_SOURCE = 2_000_000  # characters of a part that has marks
_PICTURE = 100_000  # what a picture counts as, in characters
_P, _R, _T, _TR, _TC = (qn(f"w:{name}") for name in ("p", "r", "t", "tr", "tc"))
_WITHIN = {"tr": _TR, "tc": _TC}  # a paragraph and a run it is always in
_PREFIX = re.compile(r"(p|r|tr|tc) ")
_EMPTY = re.compile(r"<w:(p|r|t|tr|tc)( [^>]*)?/>")  # what docxtpl takes for the beginning of the next
_FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Paper(DocxTemplate):  # type: ignore[misc]
    """One document, filled in once."""

    def filled(self, values: Mapping[str, Any], marks: Marks) -> bytes:
        """The document with these values in it."""
        with marks.named():
            self.render(values, marks, autoescape=True)
        written = io.BytesIO()
        self.save(written)
        return written.getvalue()

    def picture(self, png: bytes, width: int, marks: Marks) -> "_Shown":
        """A picture, ``width`` millimetres wide."""
        return _Shown(InlineImage(self, io.BytesIO(png), width=Mm(width)), marks)

    def patch_xml(self, src_xml: str) -> str:
        if len(src_xml) > _SOURCE:
            raise Refused("文字太多了，请分成几个文件")
        root = parse_xml(src_xml)
        etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)  # they may look like anything
        _look(root)
        return str(super().patch_xml(_EMPTY.sub(r"<w:\1\2></w:\1>", self.xml_to_string(root))))

    def map_tree(self, tree: Any) -> None:
        self.docx._element.body.clear()  # lxml takes out a full one in the square of the time
        super().map_tree(tree)

    def render_footnotes(self, context: Mapping[str, Any], jinja_env: Marks | None = None) -> None:
        """Each part once; docxtpl fills them in once for each section, the second time with what stands in them."""
        for part in [each for each in self.docx.part.package.iter_parts() if each.content_type == _FOOTNOTES]:
            xml = self.patch_xml(self.get_part_xml(part))
            part._blob = _DECLARATION + self.render_xml_part(xml, part, context, jinja_env).encode()


class _Shown:
    """A picture as a template has it: to be shown, and nothing else. What puts it in knows the whole document."""

    __slots__ = ("_image", "_marks")

    def __init__(self, image: InlineImage, marks: Marks) -> None:
        self._image, self._marks = image, marks

    def __str__(self) -> str:
        self._marks.spend(_PICTURE)
        return str(self._image)

    __html__ = __str__  # it is markup already


def _look(root: Any) -> None:
    """Raise `Refused` for marks as nobody would write them: they stand in text, each in one paragraph.

    All words are looked at in a row, as docxtpl does; not only those that Word shows.
    """
    inside: Counter[str] = Counter()
    words: list[str] = []
    for event, each in etree.iterwalk(root, events=("start", "end")):
        if each.tag in (_P, _TC) and words:  # it ends here, or another begins in it
            _look_at("".join(words), inside)
            words = []
        inside[each.tag] += 1 if event == "start" else -1
        text = (each.text if event == "start" else each.tail) or ""
        shown = event == "start" and each.tag == _T and inside[_P] and inside[_R]
        odd = "" if shown or "{" not in text else text
        if event == "start":
            odd = odd or next((value for value in each.attrib.values() if OPEN.search(value)), "")
        if odd:
            raise Refused("花括号要写在一段字里", odd)
        words.append(text)


def _look_at(text: str, inside: Counter[str]) -> None:
    at = 0
    while opened := OPEN.search(text, at):
        start = opened.start()
        closes = "}}" if opened[0] == "{{" else "%}"
        end = text.find(closes, start + 2)
        mark = text[start + 2 : end]
        place = text[max(start - 20, 0) : start + 40]
        if opened[0] == "{#":
            raise Refused("不能写 {# 这样的注", place)
        if end < 0 or OPEN.search(mark) or len(mark) > _LONGEST:
            raise Refused("花括号里写得不对：没有写完，或太长", place)
        if mark[:1] in ("-", "+") or mark[-1:] in ("-", "+"):
            raise Refused("花括号里面两头不写 - 和 +", place)
        _look_within(opened[0], mark, inside, place)
        at = end + 2
    if text.endswith("{"):  # docxtpl would put it together with one of the next paragraph
        raise Refused("花括号里写得不对：没有写完", text[-40:])


def _look_within(opened: str, mark: str, inside: Counter[str], place: str) -> None:
    prefix = _PREFIX.match(mark)
    if prefix and prefix[1] in _WITHIN and not inside[_WITHIN[prefix[1]]]:
        raise Refused(f"{opened}{prefix[1]} 要写在表格里", place)
    word = (mark[prefix.end() :] if prefix else mark).split()[:1]
    if opened == "{%" and (not word or word[0] not in BLOCKS):
        raise Refused(f"花括号里只能写名字、{'、'.join(BLOCKS)}", place)
