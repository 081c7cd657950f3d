"""The library in the console: who may see, upload and review what, and the file that comes back."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.config import load_config
from data import materials
from data import town as towns
from data.desk import materials as listed
from data.desk_tables import Audit, ConsoleRole
from data.record_tables import Material, MaterialDownload, MaterialState
from tests import desk as desks
from tests.desk import Clerk, Desk, Run, Seen, teller
from tests.town import ROOT, DemoTown

PDF = b"%PDF-1.7 how not to be cheated"
TITLE = "防骗<b>十招"
EVIL = '"><script>x</script>.pdf'


def home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a console that is opened keep its files in ``folder``; returns its config.yaml."""
    words = (ROOT / "config.yaml").read_text("utf-8")
    path = folder / "config.yaml"
    path.write_text(words.replace("folder: data/demo", f"folder: {ROOT / 'data/demo'}"), "utf-8")
    monkeypatch.setattr(desks, "load_config", lambda _path, environ: load_config(path, environ))
    return path


@pytest.fixture
def run(town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    home(tmp_path, monkeypatch)
    return teller(town)


def topic(desk: Desk, name: str = "反诈骗") -> str:
    with desk.session() as session:
        return str(towns.topic_ids(session)[name])


async def upload(clerk: Clerk, content: bytes = PDF, *, name: str = "a.pdf", title: str = TITLE) -> Seen:
    files = {"file": (name, content)}
    return await clerk.post("/materials/add", files=files, topic=topic(clerk.desk), title=title)


def only(session: Session, number: int) -> Material:
    return session.get_one(Material, number)


def test_from_an_upload_to_a_download(run: Run) -> None:
    async def story(desk: Desk) -> None:
        one, other, viewer = desk.clerk(), desk.clerk(), desk.clerk(ConsoleRole.VIEWER)
        village = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        sent = await upload(one)
        assert sent.path == "/materials/1" and "另一位来审" in sent.said
        assert "您自己传的" in sent.text and "没问题，通过" not in sent.text
        own = await one.post("/materials/1/approve")
        assert own.status == 422 and "另一位" in own.said
        for clerk in (viewer, village):
            assert (await clerk.get("/materials/1")).status == 404
            assert (await clerk.post("/materials/1/file")).status == 404
            assert "防骗" not in (await clerk.get("/materials", state="waiting")).text
        assert "等人审的1份" in (await other.get("/materials")).text
        assert (await other.post("/materials/1/file")).body == PDF
        done = await other.post("/materials/1/approve")
        assert "审过了" in done.said
        for clerk in (viewer, village):
            assert "防骗&lt;b&gt;十招" in (await clerk.get("/materials")).text
            given = await clerk.post("/materials/1/file")
            assert given.body == PDF and given.headers["Content-Type"] == "application/pdf"
            assert given.headers["Content-Disposition"].startswith("attachment")
        with desk.session() as session:
            assert only(session, 1).state is MaterialState.APPROVED
            given_to = set(session.exec(select(MaterialDownload.member_id)))
            assert given_to == {viewer.member_id, village.member_id}, "a reviewer's look is none"
            logged = session.exec(select(Audit.about).where(Audit.what == "下载课件")).all()
            assert logged == ["课件1"] * 3
        assert "2次" in (await one.get("/materials/1")).text

    run(story)


def test_a_return_says_what_to_mend_and_the_next_version_takes_the_place(run: Run) -> None:
    async def story(desk: Desk) -> None:
        one, other = desk.clerk(), desk.clerk()
        await upload(one)
        assert (await other.post("/materials/1/return", note="")).status == 422
        await other.post("/materials/1/return", note="<i>删掉 13812345678")
        page = (await one.get("/materials/1")).text
        assert "&lt;i&gt;删掉 138****5678" in page and "13812345678" not in page
        assert (await other.post("/materials/1/approve")).status == 422
        form = (await one.get("/materials/new", of="1")).text
        assert 'value="防骗&lt;b&gt;十招"' in form
        await upload(one, PDF + b"2")
        await other.post("/materials/2/approve")
        await upload(one, PDF + b"3")
        await other.post("/materials/3/approve")
        with desk.session() as session:
            states = [each.state for each in session.exec(select(Material).order_by(Material.version))]  # type: ignore[arg-type]
            assert states == [MaterialState.RETURNED, MaterialState.WITHDRAWN, MaterialState.APPROVED]
        versions = (await one.get("/materials/3")).text
        assert "/materials/2" in versions and "/materials/1" in versions
        viewer = (await desk.clerk(ConsoleRole.VIEWER).get("/materials/3")).text
        assert "/materials/2" not in viewer and "删掉" not in viewer

    run(story)


def test_what_came_back_stands_on_the_uploader_s_first_page_till_a_newer_version_comes(run: Run) -> None:
    """Who had only a console account, and no chat, saw it in the list alone, if they thought of looking there."""

    async def story(desk: Desk) -> None:
        one, other = desk.clerk(), desk.clerk()
        await upload(one)
        await other.post("/materials/1/return", note="第3页<b>要改")
        first = (await one.get("/")).text
        assert "您传的课件退回了" in first and "第3页&lt;b&gt;要改" in first and "/materials/new?of=1" in first
        assert 'value="防骗&lt;b&gt;十招"' in (await one.get("/materials/new", of="1")).text
        for clerk in (other, desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")):
            assert "您传的课件退回了" not in (await clerk.get("/")).text
        await upload(one, PDF + b"2")
        assert "您传的课件退回了" not in (await one.get("/")).text
        await other.post("/materials/2/return", note="再看看")
        assert "您传的课件退回了" in (await one.get("/")).text
        with desk.session() as session:
            since = desk.now + timedelta(minutes=1)
            assert listed.given_back(session, one.member_id, since=since, limit=5) == []
            assert listed.given_back(session, one.member_id, since=since - timedelta(days=1), limit=5) != []

    run(story)


def test_what_is_withdrawn_is_given_no_more(run: Run) -> None:
    async def story(desk: Desk) -> None:
        one, other, viewer = desk.clerk(), desk.clerk(), desk.clerk(ConsoleRole.VIEWER)
        await upload(one)
        await other.post("/materials/1/approve")
        assert "撤下了" in (await one.post("/materials/1/withdraw")).said
        assert (await one.post("/materials/1/withdraw")).status == 422
        assert (await viewer.post("/materials/1/file")).status == 404

    run(story)


def test_what_is_no_material_is_declined_and_the_form_keeps_what_was_typed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(materials, "MAX_SIZE", 500)  # bytes

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for content, name in ((b"MZ\x90 a program", "讲稿.pdf"), (b"<html>", "讲稿.pdf"), (PDF + bytes(500), "a")):
            seen = await upload(clerk, content, name=name)
            assert seen.status == 422 and "收不了" in seen.said, name
            assert 'value="防骗&lt;b&gt;十招"' in seen.text and f'value="{topic(desk)}" selected' in seen.text
        assert (await clerk.post("/materials/add", topic=topic(desk), title=TITLE)).status == 422
        for wrong in ("", "999999", "x"):
            seen = await clerk.post("/materials/add", files={"file": ("a.pdf", PDF)}, topic=wrong, title=TITLE)
            assert seen.status == 422 and "题目" in seen.said
        with desk.session() as session:
            assert session.exec(select(Material)).all() == []
        assert not (tmp_path / "var/materials").exists()

    run(story)


def test_a_file_s_name_is_no_markup_and_no_header(run: Run) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        await upload(clerk)
        with desk.session() as session, session.begin():
            only(session, 1).file_name = EVIL  # whatever cleaned it before
        page = (await clerk.get("/materials/1")).text
        assert "<script>x" not in page and "&lt;script&gt;x" in page
        given = await other.post("/materials/1/file")
        assert "\n" not in given.headers["Content-Disposition"] and "<" not in given.headers["Content-Disposition"]

    run(story)


def test_the_list_is_searched_filtered_and_a_sheet(run: Run) -> None:
    async def story(desk: Desk) -> None:
        one, other = desk.clerk(), desk.clerk()
        await upload(one)
        await upload(one, PDF + b"2", title="医保怎么交")
        await other.post("/materials/1/approve")
        assert "医保怎么交" not in (await one.get("/materials", state="approved")).text
        found = (await one.get("/materials", q="医保")).text
        assert "医保怎么交" in found and "十招" not in found
        assert "没有找到" in (await one.get("/materials", topic="1" if topic(desk) != "1" else "2")).text
        assert (await one.get("/materials", **{"as": "xlsx"})).body.startswith(b"PK")

    run(story)


def test_only_who_coordinates_uploads_and_reviews(run: Run) -> None:
    async def story(desk: Desk) -> None:
        await upload(desk.clerk())
        for role, village in ((ConsoleRole.VIEWER, ""), (ConsoleRole.VILLAGE, "石湾村")):
            clerk = desk.clerk(role, village=village)
            assert (await clerk.get("/materials/new")).status == 403
            assert (await upload(clerk)).status == 403
            for what in ("approve", "return", "withdraw"):
                assert (await clerk.post(f"/materials/1/{what}", note="不行")).status == 403
        with desk.session() as session:
            assert only(session, 1).state is MaterialState.WAITING

    run(story)
