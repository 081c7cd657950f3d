"""Policy texts: versions, files, imports with every fault told by its row and column, and the command line."""

import shutil
import wave
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from openpyxl import Workbook, load_workbook
from sqlmodel import col, select

from bot import cli_snippets
from bot.cli import main
from bot.config import load_config
from bot.init import config_text
from bot.town import settle_in
from data import loudspeaker, snippets, textimport
from data.errors import NoSuchText, TextsError, TownFileError
from data.listeners import listeners
from data.mail import Outbox, OutboxKind, OutboxState
from data.pushes import open_board
from data.snippetfile import SnippetEntry
from data.snippets import Put
from data.snippetsheet import COLUMNS, write_template
from data.tables import Push, PushPart, Snippet, SnippetOrigin
from data.town import load_town
from data.townfile import read_town
from handlers.understand.answers import find_answer
from scheduler.job import JobContext
from scheduler.push import push_snippets
from tests.servers import absent
from tests.town import NOW, ROOT, ZONE, DemoTown, demo_rules

RULES = demo_rules()
ENTRY = {
    "key": "yibao-beian", "topic": "医疗保险", "title": "外地看病先备案", "text": "看病前先办异地就医备案。",
    "source": "镇医保所", "issued_on": date(2026, 1, 15), "expires_on": date(2028, 12, 31),
}  # fmt: skip
TOPICS, VILLAGES = ("医疗保险", "反诈骗"), ("上坪村", "石湾村")
HEAD = "key: {key}\ntopic: 医疗保险\nsource: 镇里\nissued_on: 2026-01-01\nexpires_on: 2027-01-01\n"
HEADS = ["编号", "题目", "标题", "正文", "出处", "发布日", "到期日"]


def entry(**values: object) -> SnippetEntry:
    return SnippetEntry.model_validate({**ENTRY, **values})


def put(town: DemoTown, each: SnippetEntry, *, now: datetime = NOW) -> Put:
    with town.session() as session, session.begin():
        return snippets.put(
            session, each, origin=SnippetOrigin.IMPORT, topic_ids=town.knowledge.topic_ids, picture_id=None, now=now
        )


def in_force(town: DemoTown, key: str = "yibao-beian") -> Snippet:
    with town.session() as session:
        found = snippets.find_key(session, key)
        assert found is not None
        return found


def write(folder: Path, name: str, words: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(words, "utf-8")
    return folder / name


def sheet(path: Path, *rows: list[object], heads: list[str] = HEADS) -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    page.append(heads)
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def row(**values: object) -> list[object]:
    known: Mapping[str, object] = {**ENTRY, **values}
    return [known[name] for name in ("key", "topic", "title", "text", "source", "issued_on", "expires_on")]


def faults_of(path: Path) -> list[str]:
    with pytest.raises(TextsError) as told:
        textimport.read_texts(path, topics=TOPICS, villages=VILLAGES)
    return told.value.problems


# ---- versions ------------------------------------------------------------------------------------------------------


def test_other_words_withdraw_the_old_version_and_keep_it_with_its_dates(town: DemoTown) -> None:
    assert put(town, entry()) == Put.ADDED
    assert put(town, entry()) == Put.SAME
    assert put(town, entry(text="备案可以在手机上办。"), now=NOW + timedelta(days=1)) == Put.RENEWED
    with town.session() as session:
        old, new = session.exec(
            select(Snippet).where(col(Snippet.key).startswith("yibao-beian")).order_by(col(Snippet.id))
        ).all()
    assert (old.key, old.version, old.withdrawn_at) == ("yibao-beian@1", 1, NOW + timedelta(days=1))
    assert (old.issued_on, old.expires_on) == (date(2026, 1, 15), date(2028, 12, 31))
    assert (new.key, new.version, new.withdrawn_at) == ("yibao-beian", 2, None)


def test_a_higher_version_renews_even_the_same_words(town: DemoTown) -> None:
    put(town, entry())
    assert put(town, entry(version=5)) == Put.RENEWED
    assert in_force(town).version == 5
    assert put(town, entry(version=5)) == Put.SAME


def test_a_later_expiry_or_another_audience_is_no_new_version(town: DemoTown) -> None:
    put(town, entry())
    assert (
        put(town, entry(expires_on=date(2029, 1, 1), audience={"villages": ["上坪村"]}, topics=["反诈骗"]))
        == Put.CHANGED
    )
    changed = in_force(town)
    assert (changed.version, changed.expires_on, changed.audience) == (1, date(2029, 1, 1), {"villages": ["上坪村"]})
    assert snippets.topics_of(changed) == [town.knowledge.topic_ids[name] for name in ("医疗保险", "反诈骗")]


def test_a_withdrawn_version_never_leaves_not_even_one_that_was_queued(town: DemoTown) -> None:
    """The morning push waits in the outbox when the new version comes."""
    noon = NOW.replace(hour=12)
    context = JobContext(ZONE, RULES.quiet, timedelta(minutes=90), replace(RULES, per_week=0))
    with town.session() as session, session.begin():
        push_snippets(session, context, noon, noon)
        sent = session.exec(select(Push)).first()
        assert sent is not None
        text = session.get_one(Snippet, sent.snippet_id)
        files = replace(
            town.files,
            snippets=tuple(
                each.model_copy(update={"text": "改过的话。"}) if each.key == text.key else each
                for each in town.files.snippets
            ),
        )
        load_town(session, files, tuple(town.knowledge.topic_ids), transport=None, now=noon)
        rows = {each.id: each for each in session.exec(select(Outbox).where(Outbox.kind == OutboxKind.PUSH))}
        states = {rows[each.outbox_id].state for each in session.exec(select(Push)) if each.snippet_id == text.id}
        assert states == {OutboxState.CANCELLED}
        assert text.withdrawn_at == noon
        board = open_board(session, listeners(session), rules=RULES, now=noon)
        assert text.id not in {each.id for each in board.texts.values()}
        assert board.texts[snippets.bare_key(text.key)].text == "改过的话。"


def test_a_resident_who_asks_gets_the_version_in_force(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        text = snippets.find(session, "没有什么安全账户")
        values = {"text": "安全账户都是骗人的，打96110。"}
        each = next(one for one in town.files.snippets if one.key == text.key).model_copy(update=values)
        snippets.put(
            session, each, origin=SnippetOrigin.FILE, topic_ids=town.knowledge.topic_ids, picture_id=None, now=NOW
        )
        found = snippets.find(session, "《没有什么安全账户》")
        assert "都是骗人的" in found.text
        assert snippets.current(found, NOW.date())
        assert not snippets.current(text, NOW.date())
        with pytest.raises(NoSuchText, match="有几条"):
            snippets.find(session, "医保")
        with pytest.raises(NoSuchText, match="没有叫"):
            snippets.find(session, "  ")


def test_a_link_and_its_source_stand_under_the_text() -> None:
    text = Snippet(**{**ENTRY, "topic_id": 1, "link": "https://example.org/a", "ask": "要备案吗？"})  # type: ignore[arg-type]
    assert snippets.as_message(text).splitlines()[-2:] == ["详情：https://example.org/a", "——镇医保所，2026年1月15日"]
    assert "https" not in snippets.as_message(text, PushPart.QUESTION)


# ---- imports: every fault, by its place ----------------------------------------------------------------------------


def test_a_row_of_excel_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "短文.xlsx",
        row(),
        row(key="b", topic="种西瓜"),
        row(key="c", expires_on="明年"),
        row(key="d", title=None, source=None),
        row(key="e", issued_on="2026/3/1", expires_on="2026.2.1"),
        row(),
        row(key="有 空格"),
    )
    assert faults_of(path) == [
        "短文.xlsx 第4行 到期日：要写日期，如 2026-12-31（写的是 '明年'）",
        "短文.xlsx 第5行 标题：没有写",
        "短文.xlsx 第5行 出处：没有写",
        "短文.xlsx 第8行 编号：编号里不能有空格和@（写的是 '有 空格'）",
        "短文.xlsx 第3行 题目：题目“种西瓜”不在目录里",
        "短文.xlsx 第6行 到期日：到期日早于发布日",
        "短文.xlsx 第7行 编号：“yibao-beian”在 短文.xlsx 第2行 已有",
    ]


def test_a_column_that_is_missing_or_strange_is_told(tmp_path: Path) -> None:
    assert faults_of(sheet(tmp_path / "a.xlsx", heads=HEADS[:-1])) == ["a.xlsx 第1行：缺“到期日”这一列"]
    (strange,) = faults_of(sheet(tmp_path / "b.xlsx", heads=[*HEADS, "心情"]))
    assert "第1行 心情：没有这一列" in strange
    broken = write(tmp_path, "c.xlsx", "not a workbook")
    assert faults_of(broken) == ["c.xlsx 打不开，请另存为 Excel 工作簿（.xlsx）"]


def test_excel_reads_what_people_type(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "短文.xlsx",
        [
            *row(issued_on=datetime(2026, 1, 15), expires_on="2028/12/31"),
            2.0,
            "能报吗；怎么报",
            "上坪村、石湾村",
            "外出务工群",
            "反诈骗",
        ],
        [None] * 12,
        heads=[*HEADS, "版本", "问法", "村", "群", "其他题目"],
    )
    (found,) = textimport.read_texts(path, topics=TOPICS, villages=VILLAGES)
    read = found.entry
    assert (read.version, read.questions, read.topics) == (2, ("能报吗", "怎么报"), ("反诈骗",))
    assert (read.audience.villages, read.audience.kinds) == (("上坪村", "石湾村"), ("migrants",))
    assert (read.issued_on, read.expires_on) == (date(2026, 1, 15), date(2028, 12, 31))


def test_markdown_and_yaml_of_a_folder_are_told_with_file_and_place(tmp_path: Path) -> None:
    write(tmp_path, "a.md", f"---\n{HEAD.format(key='a')}---\n# 一个标题\n\n正文在这里。\n第二行。\n")
    write(tmp_path / "sub", "b.md", f"---\n{HEAD.format(key='b')}mood: 好\n---\n正文。\n")
    write(tmp_path, "c.md", "没有开头的正文\n")
    write(tmp_path, "d.yaml", "- key: d\n  topic: 医疗保险\n- just words\n")
    write(tmp_path, "e.yaml", "key: [e\n")
    write(tmp_path, "f.md", "---\nkey: f\n  topic: x\n---\n正文\n")
    (tmp_path / "g.md").write_bytes(b"\xff\xfe\x00")
    write(tmp_path, "notes.txt", "不看这个")
    told = faults_of(tmp_path)
    for wanted in (
        "sub/b.md title：没有写", "sub/b.md mood：没有这一项，看看是不是写错了字", "c.md 第1行：要写成“名: 值”",
        "d.yaml 第1条 title：没有写", "d.yaml 第2条：要写成“名: 值”", "e.yaml 第2行：写法不对", "f.md 第3行：写法不对",
        "g.md：不是 UTF-8",
    ):  # fmt: skip
        assert any(each.startswith(wanted) for each in told), (wanted, told)
    assert not any(each.startswith(("a.md", "notes")) for each in told)


def test_a_markdown_file_is_a_text(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.md",
        f"---\n{HEAD.format(key='a')}---\n# 一个标题\n\n正文在这里。\n第二行。\n",
    )
    (found,) = textimport.read_texts(tmp_path, topics=TOPICS, villages=VILLAGES)
    assert (found.entry.title, found.entry.text) == ("一个标题", "正文在这里。\n第二行。")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"link": "www.example.org"}, "link：要写网址，以 https:// 开头"),
        ({"link": "javascript:alert(1)"}, "link：要写网址"),
        ({"audience": {"villages": ["桃花村"]}}, "audience：村“桃花村”没有登记"),
        ({"audience": {"kinds": ["工作群"]}}, "audience.kinds.1：只能写residents 或 migrants"),
        ({"topics": ["种西瓜"]}, "topics：题目“种西瓜”不在目录里"),
        ({"picture": "没有.png"}, "picture：图片 没有.png 找不到"),
        ({"picture": "a.yaml"}, "picture：图片 a.yaml 不是 PNG"),
        ({"version": 0}, "version：不能小于1"),
        ({"text": "长" * 2001}, "text：太长了，最多2000个字"),
        ({"source": ""}, "source：要写出处"),
        ({"key": "a@2"}, "key：编号里不能有空格和@"),
    ],
)
def test_each_fault_has_its_mend(values: dict[str, object], wanted: str, tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", yaml.safe_dump({**ENTRY, **values}, allow_unicode=True))
    (told,) = faults_of(tmp_path / "a.yaml")
    assert told.startswith(f"a.yaml {wanted}")


def test_nothing_to_import(tmp_path: Path) -> None:
    assert "没有可以导入的文件" in faults_of(tmp_path)[0]
    assert "没有可以导入的文件" in faults_of(tmp_path / "nowhere")[0]


def test_what_the_towns_files_have_is_not_imported(town: DemoTown, tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", yaml.safe_dump([{**ENTRY}, {**ENTRY, "key": "fanzha-jieka"}], allow_unicode=True))
    found = textimport.read_texts(tmp_path, topics=TOPICS, villages=VILLAGES)
    with town.session() as session, session.begin():
        with pytest.raises(TextsError, match=r"第2条 key：“fanzha-jieka”在镇的 snippets\.yaml 里"):
            textimport.bring_in(session, found, topic_ids=town.knowledge.topic_ids, now=NOW)
        assert snippets.find_key(session, "yibao-beian") is None  # all or nothing
    put(town, entry(version=3))
    write(tmp_path, "a.yaml", yaml.safe_dump({**ENTRY, "version": 2, "text": "旧的。"}, allow_unicode=True))
    found = textimport.read_texts(tmp_path, topics=TOPICS, villages=VILLAGES)
    with town.session() as session, pytest.raises(TextsError, match="version：比现有的第3版还低"):
        textimport.bring_in(session, found, topic_ids=town.knowledge.topic_ids, now=NOW)


def test_an_imported_text_outlives_a_restart_and_is_answered_with(town: DemoTown) -> None:
    put(town, entry(title="修路停车改地方", text="修路这个月，车停到晒谷场。", questions=["修路车停哪里"]))
    with town.session() as session, session.begin():
        _, knowledge = settle_in(session, load_config(ROOT / "config.yaml", {}), transport=None, now=NOW)
        assert snippets.find_key(session, "yibao-beian") in snippets.living(session)
    found = find_answer("修路车停哪里", knowledge.answers)
    assert found is not None
    assert found.key == "yibao-beian"


# ---- the town's own files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "wanted"),
    [
        ([{"name": "甲", "kind": "dated", "texts": ["a"]}], "town.yaml series.1“甲” days：没有写"),
        ([{"name": "甲", "kind": "dated", "texts": ["a"], "days": ["清明前两"]}], "series.1“甲” days.1：“清明前两”"),
        ([{"name": "甲", "kind": "dated", "texts": [], "days": ["清明"]}], "series.1.texts："),
        ([{"name": "甲", "kind": "course", "texts": ["a", "a"]}], "series.1“甲” texts：“a”写了两次"),
        ([{"name": "甲", "kind": "course", "texts": ["a"], "again": True}], "series.1“甲” again：连续的课一条只发一次"),
        ([{"name": "甲", "kind": "weekly", "texts": ["a"]}], "series.1.kind：只能写"),
        (
            [{"name": "甲", "kind": "course", "texts": ["a"], "audience": {"villages": ["桃花村"]}}],
            "村“桃花村”没有登记",
        ),
        ([{"name": "甲", "kind": "course", "texts": ["a"]}] * 2, "series：“甲”写了两次"),
    ],
)
def test_a_series_that_is_wrong_is_told_with_its_place(series: list[object], wanted: str, tmp_path: Path) -> None:
    write(tmp_path, "town.yaml", yaml.safe_dump({"town": {"name": "桃源镇"}, "series": series}, allow_unicode=True))
    with pytest.raises(TownFileError) as told:
        read_town(tmp_path, topics=TOPICS)
    assert any(wanted in each for each in told.value.problems), told.value.problems


def test_a_day_of_the_town_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        "town.yaml",
        yaml.safe_dump({"town": {"name": "桃源镇"}, "dates": {"返乡": "过年前后"}}, allow_unicode=True),
    )
    with pytest.raises(TownFileError, match=r"town\.yaml dates “返乡”：“过年前后”.*可以写"):
        read_town(tmp_path, topics=TOPICS)


# ---- the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "bot"
    folder.mkdir()
    shutil.copytree(ROOT / "data" / "demo", folder / "town")
    return write(folder, "config.yaml", config_text({"town.folder": "town"}))


def do(capsys: pytest.CaptureFixture[str], config: Path, *words: str, code: int = 0) -> str:
    assert main(["texts", *words, "--config", str(config)]) == code
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return told.err if code else told.out


def test_import_from_the_command_line(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "texts.yaml"
    write(
        path.parent,
        path.name,
        yaml.safe_dump(
            [ENTRY, {**ENTRY, "key": "old", "issued_on": date(2020, 1, 1), "expires_on": date(2020, 2, 1)}],
            allow_unicode=True,
        ),
    )
    tried = do(capsys, config, "import", str(path), "--dry-run")
    assert "新增：2条（yibao-beian、old）" in tried
    assert "1条已经到期，不会发（old）" in tried
    assert "什么也没有写" in tried
    assert "新增：2条" in do(capsys, config, "import", str(path))
    assert "没有变：2条" in do(capsys, config, "import", str(path))
    listed = do(capsys, config, "list")
    assert "yibao-beian 第1版 医疗保险《外地看病先备案》 导入，到2028-12-31" in listed
    assert "已到期，不再发" in listed
    assert "撤下了" in do(capsys, config, "withdraw", "yibao-beian")
    assert "yibao-beian" not in do(capsys, config, "list")
    assert "撤下" in do(capsys, config, "list", "--all")
    assert "写在镇的 snippets.yaml 里" in do(capsys, config, "withdraw", "fanzha-jieka")


def test_a_wrong_import_says_where_and_writes_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sheet(tmp_path / "短文.xlsx", row(), row(key="b", topic="种西瓜"))
    told = do(capsys, config, "import", str(path), code=2)
    assert "没有导入" in told
    assert "短文.xlsx 第3行 题目" in told
    assert "yibao-beian" not in do(capsys, config, "list")


def test_the_template_can_be_imported(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "空表.xlsx"
    assert "空表在" in do(capsys, config, "template", "--out", str(path))
    book = load_workbook(path)
    assert [cell.value for cell in book.worksheets[0][1]] == [column.name for column in COLUMNS]
    assert "新增：1条" in do(capsys, config, "import", str(path), "--dry-run")
    write_template(path, TOPICS)


def test_preview_and_reach_from_the_command_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "没有登记叫“桃花村”的村或群" in do(capsys, config, "preview", "--room", "桃花村", code=2)
    whole = do(capsys, config, "preview")
    assert whole.count("30天里") == 5
    assert "防骗小课第一课" in whole
    one = do(capsys, config, "preview", "--room", "石湾村", "--days", "7")
    assert one.count("7天里") == 1
    assert "没有发过" in do(capsys, config, "reach")
    config.write_text(
        config_text({"town.folder": "town", "webchat.enabled": False, "database.url": "sqlite:///new.db"}), "utf-8"
    )
    assert "本群 村名" in do(capsys, config, "preview")


def test_speaking_writes_the_words_and_says_plainly_where_no_voice_is(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_snippets, "SPEAKER", "no-such-voice")
    told = do(capsys, config, "speak", "没有什么安全账户", "--out", str(tmp_path / "out"))
    assert "没有录音：这台机器没装 no-such-voice" in told
    words = (tmp_path / "out" / "fanzha-anquan-zhanghu.txt").read_text("utf-8")
    assert words.count("乡亲们，") == 2
    assert loudspeaker.AGAIN in words
    assert not list((tmp_path / "out").glob("*.wav"))


def test_a_voice_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = write(tmp_path, "slow-voice", "#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setattr(cli_snippets, "SPEAKER", str(slow))
    monkeypatch.setattr(cli_snippets, "SPEAKER_SECONDS", 0.2)
    assert "还没念完" in cli_snippets.read_aloud(write(tmp_path, "a.txt", "话"), tmp_path / "a.wav")
    broken = write(tmp_path, "broken-voice", "#!/bin/sh\necho 坏了 >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(cli_snippets, "SPEAKER", str(broken))
    assert "出错了（坏了）" in cli_snippets.read_aloud(tmp_path / "a.txt", tmp_path / "a.wav")


def test_a_voice_reads_it_into_a_wav(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(cli_snippets.SPEAKER) is None:
        absent(cli_snippets.SPEAKER)
    do(capsys, config, "speak", "fanzha-jieka", "--out", str(tmp_path / "out"))
    with wave.open(str(tmp_path / "out" / "fanzha-jieka.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert 10 < seconds < 180
