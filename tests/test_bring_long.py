"""A file that would hold up the bot's turns is refused in the console, kindly, and taken on the command line."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.alone import be_alone
from bot.cli import main
from bot.console.pages import bring
from data.bring.errors import TooLong
from data.bring.plan import CHANGED_AT_ONCE, ROWS_AT_ONCE, Plan, check
from data.database import open_engine
from data.desk_tables import Audit, ConsoleRole
from data.tables import Village
from tests.bring_town import Bare, Rows, workbook
from tests.desk import Desk, open_desk
from tests.town import ROOT, DemoTown


def villages(many: int, first: int = 0) -> Rows:
    return [{"名称": f"新村{number}", "别名": f"新{number}"} for number in range(first, first + many)]


def count(session: Session) -> int:
    return session.exec(select(func.count(col(Village.id)))).one()


def test_the_message_says_what_is_the_most() -> None:
    assert f"最多{ROWS_AT_ONCE}行" in str(TooLong()) and f"最多{CHANGED_AT_ONCE}行" in str(TooLong())
    assert "python -m bot bring import" in str(TooLong())


def test_a_plan_knows_whether_it_is_long(bare: Bare) -> None:
    assert not bare.check({"村": villages(CHANGED_AT_ONCE)}).long
    assert bare.check({"村": villages(CHANGED_AT_ONCE + 1)}).long
    bare.bring({"村": villages(ROWS_AT_ONCE + 1)})
    assert not bare.check({"村": villages(ROWS_AT_ONCE)}).long, "nothing changes"
    assert bare.check({"村": villages(ROWS_AT_ONCE + 1)}).long, "but to see that takes its time"


@pytest.mark.parametrize("many", [CHANGED_AT_ONCE + 1, ROWS_AT_ONCE + 1])
def test_what_is_too_long_cannot_be_taken_in_the_console(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """29,000 rows had held the writer for seven seconds, while people waited for an answer."""
    weighed: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Plan:
        weighed.append(1)
        return check(*arguments, **options)

    monkeypatch.setattr(bring, "check", counted)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.COORDINATOR)
        with town.session() as session:
            before = count(session)
        sent = await clerk.post("/bring/send", files={"file": ("资料.xlsx", workbook({"村": villages(many)}))})
        assert "行数太多" in sent.text and "python -m bot bring import" in sent.text
        assert "就这样导入" not in sent.text
        assert (await clerk.post(f"{sent.path}/take")).status == 404
        with town.session() as session:
            assert count(session) == before
        assert len(weighed) == (many <= ROWS_AT_ONCE), "far too many are not even weighed"

    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_the_command_takes_it_once_the_bot_is_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, file, url = tmp_path / "config.yaml", tmp_path / "many.xlsx", f"sqlite:///{tmp_path / 'town.db'}"
    config.write_text(yaml.safe_dump({"town": {"folder": str(ROOT / "data/demo")}, "database": {"url": url}}), "utf-8")
    file.write_bytes(workbook({"村": villages(CHANGED_AT_ONCE + 1)}))
    release = be_alone(url)
    try:
        assert main(["bring", "import", str(file), "--config", str(config)]) != 0
        assert "先停下机器人" in capsys.readouterr().err
        file.with_name("few.xlsx").write_bytes(workbook({"村": villages(2, first=5000)}))
        assert main(["bring", "import", str(file.with_name("few.xlsx")), "--config", str(config)]) == 0
    finally:
        release()
    capsys.readouterr()
    assert main(["bring", "import", str(file), "--config", str(config)]) == 0
    assert "导入好了" in capsys.readouterr().out
    be_alone(url)()  # given back
    engine = open_engine(url)
    with Session(engine) as session:
        assert count(session) >= CHANGED_AT_ONCE + 3
        assert len(session.exec(select(Audit)).all()) == 2
    engine.dispose()
