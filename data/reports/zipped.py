"""The archive as files: one lecture in a zip, or a whole year with an index.

2026年宣讲档案/index.html      all lectures, with a link to the page of each
2026年宣讲档案/index.xlsx
2026年宣讲档案/课0005/归档.html  what is kept of it
2026年宣讲档案/课0005/照片/01.jpg
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

from data.archive import Kept, PhotoGone, photo_file
from data.errors import TownError
from data.files import new_file
from data.names import masked
from data.reports import lecture as paper
from data.reports.book import one_sheet
from data.reports.photo import small
from data.reports.told import NOTHING, told

ROOM = 40 * 2**20  # bytes of photos as they were sent, in a zip that is made in memory
_HEAD = (
    "课号",
    "日期",
    "题目",
    "主题",
    "村",
    "地点",
    "谁讲",
    "报名",
    "到场",
    "发资料",
    "评课",
    "平均分",
    "照片",
    "照片不在了",
)
_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:60em;margin:1em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border:1px solid #ccc;padding:4px 8px;text-align:left;vertical-align:top}img{max-width:100%;margin:4px 0}"
    "td{overflow-wrap:anywhere}td:first-child{white-space:nowrap}"
)
# Fourteen columns: wide on a screen, on a phone each lecture is a card with every number named.
_LIST_STYLE = (
    "body{max-width:90em}.list td{overflow-wrap:normal}.list th,.list td:nth-child(2){white-space:nowrap}"
    "@media(max-width:60em){.list,.list tbody,.list tr{display:block}.list th{display:none}"
    ".list tr{margin:.5em 0;padding:.5em;border:1px solid #ccc}.list tr:first-child{display:none}"
    ".list td{display:inline-block;border:0;padding:0 1em 0 0;overflow-wrap:anywhere}"
    ".list td[title]::before{content:attr(title)'：';color:#666}}"
)


class ArchiveThere(TownError):
    """An archive is not written over another."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} 已经有了，不覆盖。换一个资料夹，或先把旧的移走。")


@dataclass(frozen=True, slots=True)
class Yearly:
    """What was written; ``gone`` are photos whose file is not there."""

    path: Path
    lectures: int
    photos: int
    gone: int


def one(kept: Kept, dossier: bytes, *, photos: Path, zone: ZoneInfo, room: float = ROOM) -> bytes:
    """All of one lecture: its document, its page, its photos as they were sent, as far as there is ``room``."""
    written = io.BytesIO()
    with _archive(written) as into:
        into.writestr("归档.docx", dossier)
        _put(into, kept, "", photos, zone, room)
    return written.getvalue()


def year(
    lectures: Iterable[Kept], folder: Path, number: int, *, photos: Path, zone: ZoneInfo, now: datetime,
    step: Callable[[int], None],
) -> Yearly:  # fmt: skip
    """A whole year, written lecture by lecture; it has its name only when all is there. Raises `ArchiveThere`; OSError.

    ``step`` hears how many are done.
    """
    name = f"{number}年宣讲档案"
    path = folder / f"{name}.zip"
    kept_rows: list[tuple[object, ...]] = []
    gone = shown = 0  # photos
    try:
        with new_file(path) as part, _archive(part) as into:
            for kept in lectures:
                missing = _put(into, kept, f"{name}/{_folder(kept)}/", photos, zone)
                gone, shown = gone + missing, shown + len(kept.photos) - missing
                kept_rows.append((*_row(kept, zone), missing))
                step(len(kept_rows))
            into.writestr(f"{name}/index.html", "".join(_index(name, kept_rows, gone, zone, now)))
            into.writestr(f"{name}/index.xlsx", one_sheet("档案", _HEAD, kept_rows))
    except FileExistsError as error:
        raise ArchiveThere(path) from error
    return Yearly(path, len(kept_rows), shown, gone)


def _archive(to: Path | io.BytesIO) -> zipfile.ZipFile:
    """A file's own date is no reason to leave it out: a zip knows none before 1980."""
    return zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False)


def _folder(kept: Kept) -> str:
    return f"课{kept.number:04}"


def _put(into: zipfile.ZipFile, kept: Kept, where: str, photos: Path, zone: ZoneInfo, room: float = inf) -> int:
    """Its page and its photos; returns how many photos are not there. What is beyond ``room`` bytes is made small."""
    names, gone = [], 0
    for place, photo in enumerate(kept.photos, 1):
        try:
            path = photo_file(photo, photos)
            entry, body = zipfile.ZipInfo.from_file(path, strict_timestamps=False), path.read_bytes()
        except (PhotoGone, OSError):  # of the photo; a zip that cannot be written ends it all
            gone += 1
            continue
        room -= len(body)
        made = small(body) if room < 0 else None
        name = f"照片/{place:02}{path.suffix if made is None else '.png'}"
        entry.filename = f"{where}{name}"
        into.writestr(entry, body if made is None else made, zipfile.ZIP_STORED)
        names.append(name)
    into.writestr(f"{where}归档.html", _page(kept, names, gone, zone))
    return gone


def _page(kept: Kept, photos: list[str], gone: int, zone: ZoneInfo) -> str:
    trail = [(f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}", masked(each.who), masked(f"{each.what} {each.why}"))
             for each in kept.trail]  # fmt: skip
    parts = [
        _begin(f"课{kept.number}《{kept.facts.title}》归档"),
        _table(paper.rows(kept, zone)),
        "<h2>数字</h2>",
        _table(paper.numbers(kept)),
        "<h2>来龙去脉</h2>",
        _table(trail),
        "<h2>乡亲的话</h2>",
        _table([(f"{told(mark)}分", text) for mark, text in kept.said]) if kept.said else "<p>没有留言。</p>",
        "<h2>通知</h2>",
        f"<p>{escape(masked(kept.announced)) or '没有发过通知。'}</p>",
        "<h2>照片</h2>",
        *(f'<p><img src="{escape(name)}" alt="照片{place}"></p>' for place, name in enumerate(photos, 1)),
        "" if photos or gone else "<p>没有照片。</p>",
        f"<p>{_gone(gone)}</p>" if gone else "",
        "</body></html>\n",
    ]
    return "".join(parts)


def _gone(photos: int) -> str:
    return f"有{photos:,}张照片的文件不在了（清掉了或丢了），没有放进来。"


def _begin(title: str, style: str = "") -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head><body><h1>{escape(title)}</h1>"
    )


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{''.join(lines)}</table>"


def _row(kept: Kept, zone: ZoneInfo) -> tuple[object, ...]:
    lecture = kept.lecture
    day = lecture.starts_at.astimezone(zone)
    return (
        kept.number, day.strftime("%Y-%m-%d"), lecture.title, kept.topic, kept.facts.village, masked(kept.facts.where),
        kept.facts.who, kept.signed, lecture.attended, lecture.handouts, kept.ratings, kept.mean, len(kept.photos),
    )  # fmt: skip


def _index(name: str, rows: list[tuple[object, ...]], gone: int, zone: ZoneInfo, now: datetime) -> Iterator[str]:
    yield _begin(name, _LIST_STYLE)
    made = now.astimezone(zone)
    yield f"<p>共{len(rows):,}场，{made:%Y-%m-%d %H:%M}做的。写着{NOTHING}的是没有数据。</p>"
    yield f"<p>{_gone(gone)}是哪些课，看最后一列。</p>" if gone else ""
    yield '<table class="list"><tr>'
    yield from (f"<th>{head}</th>" for head in _HEAD)
    yield "</tr>"
    for number, *rest in rows:
        link = f'<td><a href="课{number:04}/归档.html">课{number}</a></td>'
        cells = "".join(map(_cell, _HEAD[1:], rest))
        yield f"<tr>{link}{cells}</tr>\n"
    yield "</table></body></html>\n"


def _cell(head: str, value: object) -> str:
    """A cell that a phone shows with the name of its column."""
    return f'<td title="{head}">{escape(NOTHING if value in (None, "") else str(value))}</td>'
