"""``python -m bot sheet 5``: the sign-in sheet (签到表) of a lecture, as a page that a browser prints on A4."""

from datetime import datetime
from html import escape
from pathlib import Path

from sqlmodel import Session

from bot import __version__
from data import lectures, signups
from data.announcements import Facts
from data.files import new_file
from data.lecture_notes import facts_of
from data.loop import Lecture, SignUpState
from data.rules import Rules
from data.signups import RosterLine

BLANK_ROWS = 12  # for who comes without having signed up
_WEEKDAYS = "一二三四五六日"
_COLUMNS = ("序号", "姓名", "人数", "备注", "签名")
_STYLE = Path(__file__).parent / "console" / "static" / "sheet.css"


def write(session: Session, number: int, folder: Path, *, town: str, rules: Rules, now: datetime) -> Path:
    """Write the sheet of one lecture and return its file. Raises `NoSuchLecture`; OSError of the disk."""
    lecture = lectures.find(session, number)
    lines = signups.roster(session, number)
    page = render(lecture, facts_of(session, lecture), lines, town=town, rules=rules, now=now)
    path = folder / f"sheet-{number}.html"
    with new_file(path, over=True) as part:  # who signed up meanwhile belongs on it
        part.write_text(page, "utf-8")
    return path


def render(
    lecture: Lecture,
    facts: Facts,
    lines: list[RosterLine],
    *,
    town: str,
    rules: Rules,
    now: datetime,
    back: str = "",
) -> str:
    """The page: the facts, who has a seat, blank rows, and who waits apart.

    It stands alone; with ``back``, the console's page to go back to, its style is the console's own file.
    """
    seated = [line for line in lines if line.state == SignUpState.SEATED]
    waiting = [line for line in lines if line.state != SignUpState.SEATED]
    rows = [_row(at, line) for at, line in enumerate(seated, 1)]
    rows += [_blank(at) for at in range(len(seated) + 1, len(seated) + 1 + BLANK_ROWS)]
    people = sum(line.people for line in seated)
    title = f"课{lecture.id} {facts.title} 签到表"
    made = now.astimezone(rules.zone)
    parts = [
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>\n{_style(linked=bool(back))}\n</head>\n<body>",
        _way_back(back) if back else "",
        f"<h1>{escape(town)}{escape(facts.words.name)}签到表</h1>",
        _head(lecture, facts, people, rules),
        _table(rows, f"课{lecture.id} 《{facts.title}》签到"),
    ]
    if waiting:
        rows = [_row(at, line) for at, line in enumerate(waiting, 1)]
        parts += ["<h2>候补（有空位按次序进）</h2>", _table(rows, f"课{lecture.id} 《{facts.title}》候补")]
    parts += [
        '<div class="end"><span>到场：　　　人</span><span>发资料：　　　份</span><span>宣讲员签名：</span></div>',
        f"<p>{made:%Y-%m-%d %H:%M}打印</p>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _style(*, linked: bool) -> str:
    if linked:
        icon = '<link rel="icon" href="/static/icon.svg">'
        return f'{icon}\n<link rel="stylesheet" href="/static/sheet.css?v={__version__}">'
    return f"<style>{_STYLE.read_text('utf-8')}</style>"


def _way_back(back: str) -> str:
    """What the screen shows above the paper: how it is printed. Pages of the console have no script of their own."""
    said = "用浏览器的“打印”印出来（电脑按 Ctrl+P，手机在菜单里找“打印”或“分享”）。"
    return f'<p class="screen"><a href="{escape(back)}">回报名名单</a>　{said}</p>'


def _head(lecture: Lecture, facts: Facts, people: int, rules: Rules) -> str:
    at = lecture.starts_at.astimezone(rules.zone)
    seats = f"，{facts.seats}个座位" if facts.seats is not None else ""
    said = {
        "题目": f"《{facts.title}》（课{lecture.id}）",
        "时间": f"{at.year}年{at.month}月{at.day}日（周{_WEEKDAYS[at.weekday()]}）{at:%H:%M}",
        "地点": facts.where,
        "分会场": "、".join(facts.branches),
        facts.words.leads: facts.who + (f"，讲{facts.dialect}" if facts.dialect else ""),
        "报名": f"{people}人{seats}",
    }
    shown = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in said.items() if value)
    return f"<dl>\n{shown}\n</dl>"


def _table(rows: list[str], what: str) -> str:
    """A table whose head, with what it is of, stands on each page."""
    classes = ("no", "", "people", "note", "sign")
    widths = "".join(f'<col class="{kind}">' for kind in classes)
    heads = "".join(f'<th class="{kind}">{name}</th>' for kind, name in zip(classes, _COLUMNS, strict=True))
    top = f'<tr><th class="what" colspan="{len(_COLUMNS)}">{escape(what)}</th></tr>'
    head = f"<table>\n<colgroup>{widths}</colgroup>\n<thead>{top}<tr>{heads}</tr></thead>\n<tbody>"
    return "\n".join([head, *rows, "</tbody>\n</table>"])


def _row(at: int, line: RosterLine) -> str:
    name, by = line.name, ""
    if line.for_whom.startswith("我"):  # 我妈 of 阿辉 is 阿辉的妈
        name = f"{line.name}的{line.for_whom[1:].removeprefix('的')}"
    elif line.for_whom:
        name, by = line.for_whom, f"{line.name}代报"
    note = "，".join(filter(None, (by, line.where)))
    return (
        f'<tr><td class="no">{at}</td><td>{escape(name)}</td><td class="people">{line.people}</td>'
        f'<td class="note">{escape(note)}</td><td></td></tr>'
    )


def _blank(at: int) -> str:
    return f'<tr><td class="no">{at}</td><td></td><td class="people"></td><td class="note"></td><td></td></tr>'
