"""设置: shown with where each comes from, changed within its bounds, never with a secret."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import select

from bot.config import load_config
from bot.console.pages.settings import GROUPS, read
from bot.console.setting_lines import read_lines, shape_of, written
from bot.setting_values import Setting
from bot.settings import (
    DESK_SETTINGS,
    LECTURE_POSTER,
    LECTURE_TIMES,
    LISTEN_GROUPS,
    LOOP_GRAB,
    PACE_REPLY,
    QUIET_START,
    SETTINGS,
    WORK_FARMING,
    WORK_HOLIDAYS,
    WORK_HOURS,
)
from data import desk_settings
from data.desk_errors import BadEntry
from data.desk_tables import Audit, ConsoleRole, SettingChange
from tests.desk import Desk, open_desk
from tests.town import ROOT, DemoTown

EVIL = "<script>alert(1)</script>"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_all_settings_are_shown_in_groups_that_have_names(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        page = (await desk.clerk(ConsoleRole.ADMIN).get("/settings")).text
        for setting in SETTINGS:
            assert setting.key in page, setting.key
        assert page.count('href="/settings/') == len(DESK_SETTINGS) > 20
        assert "config.yaml" in page and "环境变量" in page, "the test's database is named in the environment"

    run(town, story)


def test_a_setting_is_changed_at_once_and_reset(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        done = await admin.post(f"/settings/{QUIET_START.key}/change", value="22:30")
        assert "22:30" in done.said and "在这里改的" in done.text
        with desk.session() as session:
            changes = desk_settings.changes(session)
            assert changes == {QUIET_START.key: "22:30"}
            assert session.get_one(SettingChange, QUIET_START.key).by_id == admin.user_id
            assert session.exec(select(Audit.detail).where(Audit.what == "改设置")).all() == [{"设成": "22:30"}]
        config = load_config(ROOT / "config.yaml", {})
        assert config.changed(changes)[QUIET_START].hour == 22 and config[QUIET_START].hour == 21
        page = (await admin.get(f"/settings/{QUIET_START.key}")).text
        assert "22:30" in page and "21:00" in page and "恢复" in page
        assert "又照 config.yaml" in (await admin.post(f"/settings/{QUIET_START.key}/reset")).said
        with desk.session() as session:
            assert desk_settings.changes(session) == {}

    run(town, story)


@pytest.mark.parametrize("value", ["99999", "-1", "很多", "", "[1", EVIL])
def test_what_a_setting_cannot_take_is_refused_and_stays_as_typed(town: DemoTown, value: str) -> None:
    async def story(desk: Desk) -> None:
        seen = await desk.clerk(ConsoleRole.ADMIN).post(f"/settings/{LOOP_GRAB.key}/change", value=value)
        assert seen.status == 422 and "整数" in seen.said and EVIL not in seen.text
        if value == "很多":
            assert 'value="很多"' in seen.text
        with desk.session() as session:
            assert session.exec(select(SettingChange)).all() == []

    run(town, story)


def test_only_those_of_the_desk_are_changed_and_only_by_admins(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, approver = desk.clerk(ConsoleRole.ADMIN), desk.clerk(ConsoleRole.APPROVER)
        for key in ("broadcast.two_people", "database.url", "nothing.here", "1"):
            assert (await admin.get(f"/settings/{key}")).status == 404
            assert (await admin.post(f"/settings/{key}/change", value="false")).status == 404
        assert (await approver.get("/settings")).status == 403
        assert (await approver.post(f"/settings/{LOOP_GRAB.key}/change", value="3")).status == 403

    run(town, story)


def test_what_people_type_is_read_kindly() -> None:
    assert read(QUIET_START, "9:30") == "9:30"
    assert read(QUIET_START, '"21:00"') == "21:00"
    assert read(QUIET_START, "21：00") == "21:00"
    assert read(WORK_HOURS, "[08:00, 17:30]") == ["08:00", "17:30"]
    assert read(LECTURE_TIMES, '["19:30"，"12:00"]') == ["19:30", "12:00"]
    assert read(LECTURE_POSTER, "红头") == "红头"
    assert read(LECTURE_POSTER, "") == ""
    with pytest.raises(BadEntry):
        read(LECTURE_POSTER, "大字报")


def test_every_setting_that_can_be_changed_takes_its_own_default() -> None:
    from bot.console.pages.settings import _shown

    assert len(DESK_SETTINGS) > 20
    for setting in DESK_SETTINGS:
        assert setting.read(read(setting, _shown(setting, setting.default))) == setting.read(setting.default), (
            setting.key
        )


# ---- lists and maps ------------------------------------------------------------------------------------------------

FULL: dict[str, object] = {  # where the default is empty, and does not show how an item is written
    "work.holidays": ["2026-12-24", "2027-01-02"],
    "work.workdays": ["2026-12-26"],
    "work.farming": ["07-10..08-05", "10-20..11-10"],
    "listen.groups": {"上坪村: 乡亲群": "mention", "石湾村大家庭": "command"},
}


def test_every_list_and_map_goes_into_lines_and_back() -> None:
    lists = [each for each in SETTINGS if isinstance(each.default, list | dict) or each.key in FULL]
    assert len(lists) >= 7 and FULL.keys() <= {each.key for each in lists}
    for setting in lists:
        shape = shape_of(setting)
        assert shape is not None, f"{setting.key} is typed in no lines yet"
        for value in (setting.default, FULL.get(setting.key, setting.default)):
            lines = written(value)
            assert "[" not in lines and "{" not in lines and '"' not in lines
            assert lines.count("\n") == max(len(value) - 1, 0) if isinstance(value, list | dict) else True
            assert setting.read(read_lines(setting, shape, lines)) == setting.read(value), setting.key


@pytest.mark.parametrize(
    ("setting", "typed", "said"),
    [
        (LECTURE_TIMES, "19:30\n\n25:00", "第3行“25:00”：要写时刻，如 19:30"),
        (LECTURE_TIMES, "", "至少写一个时刻"),
        (WORK_HOURS, "08:00", "要写两行"),
        (WORK_HOURS, "18:00\n08:00", "开始要早"),
        (WORK_HOLIDAYS, "2026-12-24\n元旦", "第2行“元旦”：要写日期"),
        (WORK_FARMING, "07-10..08-05\n13-01..13-02", "第2行“13-01..13-02”"),
        (PACE_REPLY, "2\n很快", "第2行“很快”：要写秒数"),
        (PACE_REPLY, "6\n2", "前一个数不能大于后一个"),
        (LISTEN_GROUPS, "甲: mention\n乙", "第2行“乙”：要写“名字: 值”"),
        (LISTEN_GROUPS, "甲: mention\n甲: natural", "第2行“甲: natural”：“甲”前面写过了"),
    ],
)
def test_a_line_that_is_wrong_is_named(setting: Setting[Any], typed: str, said: str) -> None:
    with pytest.raises(BadEntry, match=re.escape(said)):
        read(setting, typed)


def test_a_list_is_typed_in_lines_on_its_page(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        page = (await admin.get("/settings/lecture.usual_times")).text
        assert ">\n19:30\n12:30</textarea>" in page and "一行写一个" in page and "[&#34;" not in page
        bad = await admin.post("/settings/lecture.usual_times/change", value="19:30\r\n八点")
        assert bad.status == 422 and "第2行“八点”" in bad.said and ">\n19:30\n八点</textarea>" in bad.text
        done = await admin.post("/settings/lecture.usual_times/change", value="19：30\r\n08:00\r\n")
        assert "现在是 19:30、08:00。" in done.said
        with desk.session() as session:
            assert desk_settings.changes(session) == {LECTURE_TIMES.key: ["19:30", "08:00"]}
        config = load_config(ROOT / "config.yaml", {})
        assert [each.hour for each in config.changed({LECTURE_TIMES.key: ["19:30", "08:00"]})[LECTURE_TIMES]] == [19, 8]

    run(town, story)


def test_every_group_has_a_name() -> None:
    assert {setting.key.partition(".")[0] for setting in SETTINGS} <= GROUPS.keys()


def test_a_password_in_the_database_s_address_is_not_shown(town: DemoTown) -> None:
    from bot.console.pages import settings as page
    from bot.settings import DATABASE_URL

    config = load_config(ROOT / "config.yaml", {"MENLOU_DATABASE_URL": "postgresql+psycopg://menlou:geheim@db/town"})

    class House:
        pass

    class Asked:
        house = House()

    Asked.house.config = config  # type: ignore[attr-defined]
    line = page._line(Asked, DATABASE_URL, {}, {})  # type: ignore[arg-type]
    assert "geheim" not in line.value and "***" in line.value and line.whence == "环境变量"


def test_a_setting_with_a_few_values_is_chosen_by_words(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        text = (await admin.get("/settings/listen.default")).text
        assert '<option value="command">只听口令</option>' in text and 'type="text"' not in text
        done = await admin.post("/settings/listen.default/change", value="command")
        assert "现在是 只听口令" in done.said

    run(town, story)
