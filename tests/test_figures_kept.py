"""What retention and 删除我的信息 leave is enough to count from: no figure of a closed period changes."""

from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, select

from data import retention
from data.database import open_engine, upgrade
from data.figures import areas
from data.figures.figures import numbers
from data.figures.periods import parse
from data.figures.scope import Scope
from data.mail import Inbox
from tests.town import NOW, ZONE
from tools.city import make_city
from tools.city.scale import SMALL

LATER = NOW + timedelta(days=3 * 365)


def test_retention_changes_no_number(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'kept.db'}")
    upgrade(engine, now=NOW)
    make_city(engine, seed=7, now=NOW, scale=SMALL)
    with Session(engine) as session:

        def told() -> list[object]:
            periods = (parse(words) for words in ("2026", "2026Q1", "2026-10"))
            places = [areas.by_key(session, key) for key in ("all", "village:3")]
            scopes = [Scope(period, place, ZONE, LATER) for period in periods for place in places]
            return [numbers(session, scope) for scope in scopes]

        stood = told()
        assert any(stood)
        days = {each.key: 1 for each in retention.RETENTION}
        retention.begin(session, days, now=LATER - retention.HELD)  # so long since the last run, it waits once
        assert retention.begin(session, days, now=LATER)
        removed = 0
        while found := retention.go_on(session, now=LATER):
            removed += found
        assert removed > 100
        assert "医保怎么报销" not in session.exec(select(Inbox.text)).all()
        assert told() == stood
    engine.dispose()
