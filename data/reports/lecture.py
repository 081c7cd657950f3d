"""The document of one lecture (建档归卡): what is kept of it, on paper."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from data.archive import Kept, PhotoGone, photo_file
from data.names import masked
from data.reports.photo import small
from data.reports.told import NOTHING, told
from data.reports.word import Picture, render, template

PHOTOS = 8  # on paper; the folder has all of them
_ACROSS = 110  # mm
_REVIEWED = {None: "没有记审没审", True: "审过了", False: "没审"}


def dossier(kept: Kept, *, templates: Path | None, photos: Path, zone: ZoneInfo, now: datetime) -> bytes:
    """The document, as a Word file. Raises `data.reports.word.TemplateFault`."""
    return render(template("lecture.docx", templates), _values(kept, photos, zone, now))


def rows(kept: Kept, zone: ZoneInfo) -> list[tuple[str, str]]:
    """(what, words) of its facts, for paper and page alike; what is not known is —."""
    lecture, facts = kept.lecture, kept.facts
    return [
        ("编号", f"课{kept.number}"),
        ("题目", f"《{facts.title}》（{kept.topic}）"),
        ("形式", facts.words.name),
        ("时间", f"{lecture.starts_at.astimezone(zone):%Y-%m-%d %H:%M}，{lecture.minutes}分钟"),
        ("地点", masked(facts.where) + (f"（{masked(lecture.hamlet)}）" if lecture.hamlet else "")),
        ("分会场", masked("、".join(lecture.branches)) or NOTHING),
        (facts.words.leads, facts.who),
        ("语言", lecture.dialect or NOTHING),
        ("直播", lecture.live_url or NOTHING),
        ("点单", "、".join(f"{number}号" for number in kept.orders) or NOTHING),
    ]


def numbers(kept: Kept) -> list[tuple[str, str]]:
    """(what, number)."""
    marks = "、".join(f"{mark}分{count}人" for mark, count in sorted(kept.marks.items(), reverse=True))
    return [
        ("报名", f"{told(kept.signed)}人（{told(kept.parties)}家）"),
        ("到场", _with(kept.lecture.attended, "人")),
        ("发资料", _with(kept.lecture.handouts, "份")),
        ("评课", f"{told(kept.ratings)}人，平均{told(kept.mean)}分（{marks}）" if kept.ratings else NOTHING),
        ("照片", f"{len(kept.photos)}张"),
        ("媒体报道", "、".join(f"{each.outlet}《{each.title}》" for each in kept.media) or NOTHING),
    ]


def _values(kept: Kept, folder: Path, zone: ZoneInfo, now: datetime) -> dict[str, object]:
    local = now.astimezone(zone)
    pictures = list(_pictures(kept, folder))
    return {
        "title": f"课{kept.number}《{kept.facts.title}》归档",
        "made": f"{local.year}年{local.month}月{local.day}日制",
        "facts": [{"name": name, "text": text} for name, text in rows(kept, zone)],
        "numbers": [{"name": name, "text": text} for name, text in numbers(kept)],
        "trail": [
            {
                "at": f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}",
                "who": masked(each.who),
                "what": masked(f"{each.what}：{each.why}" if each.why else each.what),
            }
            for each in kept.trail
        ],
        "feedback": [{"rating": told(mark), "text": text} for mark, text in kept.said],
        "papers": [
            f"课件：{_REVIEWED[kept.lecture.material_reviewed]}。",
            *(f"资料《{each.title}》第{each.version}版" for each in kept.pieces),
            *([f"通知：{masked(' '.join(kept.announced.split()))}"] if kept.announced else ["没有发过通知。"]),
        ],
        "photos": pictures,
        "photo_lines": [_of_photos(len(kept.photos), len(pictures))],
    }


def _of_photos(all_: int, shown: int) -> str:
    if not all_:
        return "没有照片。"
    return f"共{all_}张。" if shown == all_ else f"共{all_}张，这里放{shown}张，原图都在归档的资料夹里。"


def _pictures(kept: Kept, folder: Path) -> Iterator[Picture]:
    """The first photos, made small; one whose file is gone is left out."""
    for photo in kept.photos[:PHOTOS]:
        try:
            made = small(photo_file(photo, folder).read_bytes())
        except (PhotoGone, OSError):
            continue
        if made is not None:
            yield Picture(made, _ACROSS)


def _with(number: int | None, unit: str) -> str:
    return NOTHING if number is None else f"{told(number)}{unit}"
