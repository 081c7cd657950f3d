"""The demo town with posters, a lecture to hold in it, and what its posters are given to tell."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from data import planning
from data.drawing import posters as drawing
from data.loop import EventKind, Lecture
from data.mail import Outbox
from data.planning import Plan
from data.rules import Rules
from data.tables import Lecturer, Snippet, Topic, Village
from tests.town import NOW, DemoTown

BOSS = "宣传委员周竹蓉"
LEAVES = NOW + timedelta(minutes=1)
START = NOW + timedelta(days=1, hours=4, minutes=30)


def with_posters(town: DemoTown) -> DemoTown:
    """The town with posters, which its other tests do without; their lines end as in a bot that runs."""
    rules = town.knowledge.rules
    assert rules.poster.cut is not None
    drawn = replace(rules, poster=replace(rules.poster, style="素白"))
    return replace(town, knowledge=replace(town.knowledge, rules=drawn))


def plan(session: Session, **other: object) -> Plan:
    values: dict[str, object] = {
        "kind": EventKind.LECTURE,
        "topic_id": session.exec(select(Topic.id).where(Topic.name == "反诈骗")).one(),
        "lecturer_id": session.exec(select(Lecturer.id).where(Lecturer.name == "覃志刚")).one(),
        "village_ids": (session.exec(select(Village.id).where(Village.name == "上坪村")).one(),),
        "title": "别信陌生电话",
        "venue": "上坪晒谷场",
        "starts_at": START,
        "dialect": "白话",
        "live_url": "https://live.example.cn/8",
    }
    return Plan(**values | other)  # type: ignore[arg-type]


def hold(session: Session, rules: Rules, **other: object) -> Lecture:
    return planning.hold(session, plan(session, **other), by=None, now=NOW, not_before=LEAVES, rules=rules)


def given_to(monkeypatch: pytest.MonkeyPatch, what: str) -> list[object]:
    """What the drawing is given from now on."""
    seen: list[object] = []
    draw = getattr(drawing, what)

    def spy(given: object, style: object) -> object:
        seen.append(given)
        return draw(given, style)

    monkeypatch.setattr(drawing, what, spy)
    return seen


def longer_text(session: Session) -> Snippet:
    snippet = session.exec(select(Snippet).where(Snippet.key == "yibao-yidi-beian")).one()
    snippet.text, snippet.link = "先办异地就医备案，再去看病。" * 20, "https://www.example.gov.cn/1"
    return snippet


def pictured(town: DemoTown) -> list[Outbox]:
    with town.session() as session:
        return list(session.exec(select(Outbox).where(col(Outbox.picture_id).is_not(None)).order_by(col(Outbox.id))))
