"""What people call tables and columns: the list and the tables say the same, and headings can be told apart."""

import re
from collections import Counter
from enum import StrEnum

from data.export import all_tables
from data.export_book import MOST_TITLE, SHEETS
from data.labels import COLUMNS, EVERYWHERE, TABLES, WORDS, called, label, words_of
from data.statements import table_of
from data.tables import Member

_CHINESE = re.compile(r"[\u4e00-\u9fff（）]+")


def test_every_table_and_column_has_a_label_and_no_label_is_left_over() -> None:
    """The workbook had been headed by the tables' own English names."""
    tables = {table.name: table for table in all_tables()}
    assert len(tables) > 40 and set(TABLES) == set(tables)
    assert set(COLUMNS) <= set(tables)
    left_over = [f"{name}.{each}" for name, own in COLUMNS.items() for each in own if each not in tables[name].c]
    assert left_over == []
    columns = [column for table in tables.values() for column in table.columns]
    assert len(columns) > 300
    known = [column.name in COLUMNS.get(column.table.name, {}) or column.name in EVERYWHERE for column in columns]
    assert [str(column) for column, there in zip(columns, known, strict=True) if not there] == []
    shared = {column.name for column in columns if column.name not in COLUMNS.get(column.table.name, {})}
    assert shared == set(EVERYWHERE), "a label that no table takes"
    assert all(_CHINESE.fullmatch(label(column)) for column in columns)


def test_headings_can_be_told_apart() -> None:
    for table in all_tables():
        many = Counter(label(column) for column in table.columns)
        assert max(many.values()) == 1, (table.name, many.most_common(2))
    assert len(set(TABLES.values())) == len(TABLES)


def test_sheets_have_names_that_excel_takes() -> None:
    titles = [TABLES[name] for name in SHEETS]
    assert len(titles) > 10
    assert all(len(title) <= MOST_TITLE and not set(title) & set("[]:*?/\\'") for title in titles)


def test_every_code_of_the_workbook_has_its_word() -> None:
    seen = 0
    for table in all_tables():
        for column in table.columns if table.name in SHEETS else ():
            kind = getattr(column.type, "enum_class", None)
            if kind is not None and issubclass(kind, StrEnum):
                assert set(words_of(column)) == set(kind), str(column)
                assert all(words_of(column).values()), str(column)
                seen += 1
    assert seen > 10
    assert all(set(words) == set(kind) for kind, words in WORDS.items())


def test_columns_are_selected_under_what_people_call_them() -> None:
    assert [each.name for each in called(table_of(Member), "name created_at")] == ["昵称", "初次见到"]


def test_where_people_and_groups_come_from_is_said_in_words() -> None:
    """来自 said webchat and console in a workbook that was Chinese otherwise."""
    columns = [table.c.transport for table in all_tables() if "transport" in table.c]
    assert len(columns) >= 3
    assert all(words_of(column)["webchat"] == "网页群聊" for column in columns)
