"""Reports: opened again, their numbers are those of the figures; nothing is left unfilled, nothing invented."""

import io
import re
import shutil
import struct
import subprocess
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlmodel import Session, select

from data.figures import areas, media
from data.figures.commendation import Criteria, by_sound
from data.figures.figures import FIGURES, numbers
from data.figures.periods import parse
from data.figures.scope import Scope
from data.figures.tables import BY, breakdown
from data.loop import Lecture, LectureState, Step, Subject, Voice, VoiceKind
from data.record_tables import LectureCount, MediaLevel
from data.reports import told
from data.reports.book import book
from data.reports.document import document, values
from data.reports.drawn import CHARTS, chart
from data.reports.files import files
from data.reports.gathered import Report, Wish, gather
from data.reports.told import NOTHING
from data.reports.word import SHIPPED, TemplateFault, render, template
from data.tables import Lecturer, Topic, Village
from tests.servers import absent
from tests.town import NOW, ZONE, DemoTown
from tools.report_template import templates

DURING = datetime(2026, 5, 12, 19, 30, tzinfo=ZONE)
NASTY = "<b>&\x07“防骗”{{ n.orders }}"


def hold(session: Session, number: int, **other: object) -> Lecture:
    at = DURING + timedelta(days=number)
    fields: dict[str, object] = {
        "topic_id": 1 + number % 3, "lecturer_id": 1 + number % 2, "village_id": 1 + number % 2, "title": "防骗",
        "venue": "文化室", "starts_at": at, "state": LectureState.ARCHIVED, "created_at": at - timedelta(days=7),
    }  # fmt: skip
    row = Lecture.model_validate(fields | other)
    session.add(row)
    session.flush()
    done = at + timedelta(hours=2)
    session.add(Step(subject=Subject.LECTURE, subject_id=row.id or 0, state=LectureState.DELIVERED, at=done))
    return row


def count(session: Session, lecture: Lecture, attended: int, at: datetime) -> None:
    session.add(LectureCount(lecture_id=lecture.id or 0, attended=attended, handouts=20, at=at))
    session.flush()


def fill(session: Session) -> None:
    """Six lectures of May, one of which nobody counted; one number that came late; a report; one mark."""
    for number in range(6):
        lecture = hold(session, number)
        if number:
            count(session, lecture, 30 + number, lecture.starts_at + timedelta(hours=3))
    count(session, lecture, 380, NOW - timedelta(days=1))
    media.add(session, title=NASTY, outlet="西江日报", level=MediaLevel.CITY, published_on=DURING.date(), by=None,
              now=DURING, zone=ZONE)  # fmt: skip
    session.flush()


def scope_of(session: Session, words: str = "2026Q2", now: datetime = NOW) -> Scope:
    return Scope(parse(words), areas.whole(session), ZONE, now)


def report_of(session: Session, words: str = "2026Q2", wish: Wish | None = None) -> Report:
    return gather(session, scope_of(session, words), wish or Wish(), lambda _done, _what: None)


def opened(body: bytes) -> Any:
    return Document(io.BytesIO(body))


def cells(document_: Any, first: str, columns: int) -> dict[str, list[str]]:
    """The rows of the table whose heading begins with ``first`` and has so many columns."""
    for table in document_.tables:
        if table.cell(0, 0).text == first and len(table.columns) == columns:
            rows = [[cell.text for cell in row.cells] for row in table.rows[1:]]
            return {row[0]: row[1:] for row in rows}
    raise AssertionError(f"no table {first}")


def words_of(document_: Any) -> str:
    parts = [each.text for each in document_.paragraphs]
    parts += [cell.text for table in document_.tables for row in table.rows for cell in row.cells]
    return "\n".join(parts)


# ---- documents -----------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_document_are_those_of_the_figures(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        report = report_of(session)
        found = numbers(session, scope_of(session))
        made = opened(document(report, None))
        table = cells(made, "指标", 4)
        told_of = {each.name for each in FIGURES if not each.name.startswith("其中") or found[each.key]}
        assert told_of <= set(table) and len(told_of) > 35  # a part of another has a line where there was any
        assert all(any(value not in ("0", NOTHING) for value in table[name][1:]) for name in set(table) - told_of)
        assert {name: row[1] for name, row in table.items()} == {
            each.name: told.told(found[each.key]) for each in FIGURES if each.name in table
        }
        assert (found["attended"], found["uncounted"], found["late_counts"]) == (165, 1, 1)
        months = {row[0]: row[1] for row in breakdown(session, scope_of(session), "month", keys=("events",)).rows}
        assert {key: row[1] for key, row in cells(made, "月", 7).items()} == {
            key: told.told(row[0]) for key, row in months.items()
        }
        text = words_of(made)
        assert "办各类活动6场（宣讲6场），到场165人次" in text
        assert "1场还没有填到场人数" in text
        assert "截止后补报：场次0场、到场和资料1次、媒体报道0篇。" in text


def test_nothing_is_left_unfilled_and_the_file_is_sound(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        body = document(report_of(session, "2026", Wish(flags=True, criteria=Criteria(held=1, mean=None))), None)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
    assert len(parts) > 5
    typed = parts["word/document.xml"].replace("{{ n.orders }}”", "")
    assert "{%" not in typed
    assert re.findall(r"\{\{.*?\}\}", re.sub(r"<[^>]+>", "", typed)) == ["{{ n.orders }}"]  # somebody's title, as typed
    assert "<b>&“防骗”" in words_of(opened(body))
    assert 'w:eastAsia="宋体"' in parts["word/styles.xml"]
    assert 'w:eastAsia="黑体"' in parts["word/styles.xml"]


def test_a_document_has_its_charts(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        made = opened(document(report_of(session), None))
        assert len(made.inline_shapes) == 1  # the months; nobody ordered anything, and nothing was pushed
        for name in CHARTS:
            assert chart(session, scope_of(session), name).startswith("<svg")


def test_where_there_is_no_data_there_is_a_dash(town: DemoTown) -> None:
    with town.session() as session:
        made = opened(document(report_of(session, "2019Q1"), None))
        table = cells(made, "指标", 4)
        assert table["平均评分"][1] == table["点单到派单（中位数）"][1] == NOTHING
        assert table["宣讲场次"][1] == NOTHING
        assert "平均" not in "\n".join(each.text for each in made.paragraphs)


def test_a_month_that_has_not_begun_is_not_told(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        assert list(cells(opened(document(report_of(session, "2026Q4"), None)), "月", 7)) == ["2026-10", "2026-11"]


def test_the_year_checks_itself_and_a_quarter_does_not(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        annual = words_of(opened(document(report_of(session, "2026"), None)))
        assert "形式主义自查" in annual
        assert "强制要求—" in annual
        assert "形式主义自查" not in words_of(opened(document(report_of(session), None)))


def test_who_meets_criteria_and_what_looks_odd_only_where_asked(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        for lecture in session.exec(select(Lecture).where(Lecture.starts_at == DURING)):
            count(session, lecture, 9, lecture.starts_at - timedelta(hours=1))
        plain = words_of(opened(document(report_of(session, "2026"), None)))
        assert "表彰" not in plain
        assert "请看一眼" not in plain
        wish = Wish(flags=True, criteria=Criteria(held=3, mean=None))
        made = opened(document(report_of(session, "2026", wish), None))
        names = list(cells(made, "姓名", 5))
        known = [each.name for each in session.exec(select(Lecturer).where(Lecturer.id <= 2))]  # type: ignore[operator]
        assert names == sorted(known, key=by_sound) == ["黄秀兰", "覃志刚"]  # Huáng, Qín
        text = words_of(made)
        assert "办过3场以上（含）" in text
        assert "还没到开讲时间" in text


def test_one_village_has_only_its_own(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        scope = Scope(parse("2026Q2"), areas.of_village(session, 1), ZONE, NOW)
        found = numbers(session, scope)
        report = gather(session, scope, Wish(), lambda _done, _what: None)
        assert found["events"] == report.numbers["events"] == 3
        assert "上坪村2026年第二季度宣讲工作总结" in words_of(opened(document(report, None)))


def test_work_can_be_stopped_between_its_steps(town: DemoTown) -> None:
    class Enough(Exception):
        pass

    seen: list[float] = []

    def step(done: float, _what: str) -> None:
        seen.append(done)
        if done > 0.3:
            raise Enough

    with town.session() as session, pytest.raises(Enough):
        gather(session, scope_of(session), Wish(), step)
    assert seen == sorted(seen)


# ---- templates -----------------------------------------------------------------------------------------------------


def test_the_shipped_templates_are_made_by_the_tool() -> None:
    assert {path.name: path.read_bytes() for path in SHIPPED.glob("*.docx")} == templates()


def own(folder: Path, *paragraphs: str) -> Path:
    made = Document()
    for words in paragraphs:
        made.add_paragraph(words)
    made.save(str(folder / "report.docx"))
    return folder


def test_a_town_has_its_own_template(town: DemoTown, tmp_path: Path) -> None:
    own(tmp_path, "我们镇：{{ n.events }}场，{{ lines.events[0] }}", "{%p for row in tables.topic %}", "{{ row.name }}",
        "{%p endfor %}")  # fmt: skip
    with town.session() as session:
        fill(session)
        text = words_of(opened(document(report_of(session), tmp_path)))
        assert "我们镇：6场，办各类活动6场" in text
        assert template("annual.docx", tmp_path) == SHIPPED / "annual.docx"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("到场{{ n.atended }}人", "没有“atended”这一项"),
        ("到场{{ ples }}人", "没有“ples”这一项"),
        ("到场{{ n.attended 人次", "花括号里写得不对"),
        ("{%p for x in late %}", "花括号里写得不对"),
        ("到场{{ n.attended | nosuch }}", "没有“| nosuch”这种写法"),
        ("{{ ''.__class__.__mro__ }}", "花括号里只能写名字"),
    ],
)
def test_a_broken_template_is_told_with_its_place(town: DemoTown, tmp_path: Path, line: str, said: str) -> None:
    own(tmp_path, "第一段好好的 {{ title }}", line)
    with town.session() as session, pytest.raises(TemplateFault) as fault:
        document(report_of(session), tmp_path)
    assert "report.docx" in str(fault.value)
    assert said in str(fault.value)
    if "for x" not in line:
        assert line[:6] in str(fault.value), str(fault.value)


def test_what_is_no_document_is_told(tmp_path: Path) -> None:
    path = tmp_path / "report.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0 an old .doc")
    with pytest.raises(TemplateFault, match=r"不是 Word 的 \.docx 文件"):
        render(path, {})


def test_all_that_a_template_may_name_is_in_the_docs(town: DemoTown) -> None:
    page = (Path(__file__).parent.parent / "docs" / "reports.md").read_text("utf-8")
    with town.session() as session:
        names = values(report_of(session))
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in page and f"`{name}." not in page] == []


# ---- workbook and picture ------------------------------------------------------------------------------------------


def test_the_workbook_has_every_breakdown_and_no_formula(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        session.get_one(Village, 1).name = "=HYPERLINK(1)"
        session.get_one(Topic, 1).name = "@SUM(A1)"
        session.flush()
        scope = scope_of(session)
        found = numbers(session, scope)
        made = load_workbook(io.BytesIO(book(report_of(session))))
        first = {row[0]: row[2] for row in made["总表"].iter_rows(min_row=2, values_only=True)}
        assert {each.name: first[each.name] for each in FIGURES} == {each.name: found[each.key] for each in FIGURES}
        for by, name in BY.items():
            table = breakdown(session, scope, by)
            if table.rows:
                labels = [row[0] for row in made[f"按{name}"].iter_rows(min_row=2, values_only=True)]
                assert len(labels) == len(table.rows)
        whole = [cell for sheet in made for row in sheet.iter_rows() for cell in row]
        assert not [cell.value for cell in whole if cell.data_type == "f"]
        assert {"'=HYPERLINK(1)", "'@SUM(A1)"} <= {cell.value for cell in whole}


def test_the_picture_is_as_wide_as_a_phone_shows_it(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        made = {each.name.rsplit(".", 1)[1]: each for each in files(report_of(session), None, lambda *_: None)}
    assert set(made) == {"docx", "xlsx", "png"}
    wide, high = struct.unpack(">II", made["png"].body[16:24])
    assert (wide, 1_000 < high < 2_400) == (1080, True)


# ---- looked at by another program ----------------------------------------------------------------------------------


def test_libreoffice_opens_it(town: DemoTown, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        absent("libreoffice")
    with town.session() as session:
        fill(session)
        for made in files(report_of(session, "2026"), None, lambda *_: None):
            (tmp_path / f"r.{made.name.rsplit('.', 1)[1]}").write_bytes(made.body)
    for name in ("r.docx", "r.xlsx"):
        command = [str(office), "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "pdf",
                   "--outdir", str(tmp_path / name[2:]), str(tmp_path / name)]  # fmt: skip
        subprocess.run(command, check=True, timeout=120, capture_output=True)
        pdf = (tmp_path / name[2:] / "r.pdf").read_bytes()
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type/Page\n") + pdf.count(b"/Type/Page/") + pdf.count(b"/Type /Page") >= 1


def test_a_mark_is_told_with_its_mean(town: DemoTown) -> None:
    with town.session() as session:
        fill(session)
        lecture = session.exec(select(Lecture).where(Lecture.starts_at == DURING)).one()
        for mark in (5, 4, 4):
            session.add(Voice(kind=VoiceKind.FEEDBACK, member_id=mark, room_id=1, village_id=1, text="好", rating=mark,
                              lecture_id=lecture.id, at=DURING + timedelta(hours=3)))  # fmt: skip
        session.flush()
        report = report_of(session)
        assert told.voices(report)[-1] == "评课3人次，平均4.33分（满分5分）。"
