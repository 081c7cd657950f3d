"""The self-check against formalism counts every message that a group got, and invents no number where there is none."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from data.figures import areas
from data.figures.asking import ASKS, asked
from data.figures.formalism import SelfCheck, check
from data.figures.periods import parse
from data.figures.scope import Scope
from data.mail import Outbox, OutboxKind, OutboxState
from data.reports import told
from data.tables import Room, RoomKind
from tests.lively import make_lively
from tests.town import NOW, ZONE, DemoTown, Talk

ASKING = (
    "收到请回复", "收到请回1", "看到的回一下", "请大家转发到朋友圈并截图", "各户务必今晚打卡", "请在群里接龙报体温",
    "每户必须派一人参加，不来的通报", "必须参加", "全体村民一定要来", "请大家填一下表", "扫码填问卷",
    "请各组长把人数报上来",
    "请大家都关注镇公众号", "请投票", "加微信群并发朋友圈", "请下载国家反诈中心APP并注册", "没交表的点名批评",
    "不用担心，请大家转发这条消息", "人人都要参与答题", "明天要求全部参加", "请给我们的视频点赞", "每户出一个人来扫街",
    "需要您转发一下", "缺席的要通报",
)  # fmt: skip
TELLING = (
    "明天停电检修，上午8点到12点", "想来听课的乡亲可以报名", "请勿转发谣言", "不用打卡，自愿来", "大家不要转发不明链接",
    "诈骗短信常叫你截图、点赞、下载App，别信", "骗子会让老人先转发再领鸡蛋", "为志愿者的热心点赞", "回复1报名",
    "骑车必须戴好头盔", "路口车多，一定要注意来往车辆", "汛期请务必远离河边", "需要的乡亲请带身份证到村委会办理",
    "年底不搞评比，不点名，也不打卡", "疫苗一定要打满三针", "请存水，晚上八点来水", "开会取消签到",
)  # fmt: skip


@pytest.mark.parametrize("text", ASKING)
def test_what_tells_people_to_do_something_is_known_by_its_words(text: str) -> None:
    assert asked(text)


@pytest.mark.parametrize("text", TELLING)
def test_what_tells_them_not_to_or_only_tells_them_is_not(text: str) -> None:
    assert asked(text) == ()


def test_each_pattern_is_needed_for_some_sentence() -> None:
    assert {name for text in ASKING for name in asked(text)} == {each.name for each in ASKS}
    assert len({each.name for each in ASKS}) == len(ASKS) > 8


def sent_by_hand(session: Session, scope: Scope) -> list[tuple[Outbox, Room]]:
    """All that the bot said of itself in groups and that certainly left, read row by row."""
    rows = session.exec(select(Outbox, Room).join(Room, col(Room.id) == Outbox.room_id)).all()
    return [
        (row, room)
        for row, room in rows
        if room.kind != RoomKind.DIRECT and row.state == OutboxState.SENT and row.kind != OutboxKind.REPLY
        if row.settled_at is not None and scope.start <= row.settled_at < scope.end
    ]


def checked(session: Session) -> tuple[SelfCheck, list[tuple[Outbox, Room]]]:
    scope = Scope(parse("2026"), areas.whole(session), ZONE, NOW + timedelta(days=20))
    return check(session, scope), sent_by_hand(session, scope)


def test_after_a_lectures_life_every_message_to_a_group_is_counted(town: DemoTown) -> None:
    """Announced, reminded of, held, asked about; a notice and a poll beside it: all of it is read by the group."""
    make_lively(town)
    Talk(town, now=NOW + timedelta(hours=3)).pass_time(days=8)
    with town.session() as session:
        found, sent = checked(session)
        start = parse("2026").start(ZONE)
        moments = [(room.id, row.settled_at) for row, room in sent if row.settled_at is not None]
        weeks = Counter((room, (at - start) // timedelta(days=7)) for room, at in moments)
        assert len(sent) > 8
        assert found.messages == len(sent)
        assert found.groups == len({room.id for _, room in sent})
        assert found.most_week == max(weeks.values()) > 1
        assert found.mean_week is not None
        assert found.notices == sum(row.broadcast_id is not None for row, _ in sent)
        assert found.invitations == sum(":announce:" in (row.once or "") for row, _ in sent) > 0
        assert found.polls == sum(row.text.startswith("【投票") and "回数字" in row.text for row, _ in sent) == 1
        assert found.others == len(sent) - found.texts - found.notices - found.invitations - found.polls > 0
        words = "".join(told.self_check(found))
        assert f"一共{len(sent)}群次" in words
        assert f"最多的一周{found.most_week}条" in words


def test_what_was_only_planned_was_sent_to_nobody(town: DemoTown) -> None:
    """The demo town has lectures with groups, and nothing of it ever left."""
    with town.session() as session:
        found, sent = checked(session)
        assert sent == []
        assert (found.messages, found.invitations, found.groups, found.most_week) == (0, 0, 0, 0)
        assert found.mean_week is None


def test_there_is_no_number_of_what_was_forced(town: DemoTown) -> None:
    with town.session() as session:
        last = told.self_check(checked(session)[0])[-1]
        assert last == "强制要求—：机器人没有强制的功能，也不记谁没回应，所以没有这一项的数。"
