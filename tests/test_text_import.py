"""Policy texts that are imported: every fault is told by its file, row and column."""

from datetime import date, datetime
from pathlib import Path

import pytest
import yaml

from bot.config import load_config
from bot.town import settle_in
from data import snippets, textimport
from data.errors import TextsError
from handlers.understand.answers import find_answer
from tests.text_entries import ENTRY, HEAD, HEADS, TOPICS, VILLAGES, entry, faults_of, put, row, sheet, write
from tests.town import NOW, ROOT, DemoTown

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
    assert "找不到" in faults_of(tmp_path / "nowhere")[0]


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
