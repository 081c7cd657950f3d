"""A demo town in which a little of everything happened: for pages that must show it, and hide it."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from data import relay
from data.loop import Lecture, Order, Voice
from data.tables import Broadcast, Member, Room, RoomKind, Village
from tests.town import DemoTown, Talk

ELSEWHERE = "沙塘口村"  # nothing happened there: its clerk must see nothing of what is marked
SAID = (
    ("陆公", "石湾村大家庭", "@小门 我想听防骗{mark}，礼拜四晚上有空"),
    ("渡口陈姨", "石湾村大家庭", "我也想听防骗"),
    ("坪顶梁伯", "上坪村乡亲群", "@小门 点课 高血压{mark}"),
    ("三婶唐桂英", "上坪村乡亲群", "报名2人"),
    ("阿辉（东莞厚街）", "上坪村乡亲群", "帮我妈报名"),
    ("何记沙糖桔", "榕木坳村民群", "@小门 意见 村口的路灯坏了{mark}，电话13800001234"),
    ("坪顶梁伯", "上坪村乡亲群", "@小门 有人知道高龄补贴怎么办{mark}吗"),
    ("宣传委员周竹蓉", None, "通知 上坪村 明天停水{mark}，请大家先存水"),
    ("宣传委员周竹蓉", None, "确认"),
    ("干事小农", None, "投票 上坪村 讲什么好{mark}？ 1防骗 2医保"),
    ("干事小农", None, "确认"),
)


@dataclass(frozen=True, slots=True)
class Lively:
    """What there is to open."""

    orders: list[int]
    lectures: list[int]
    voices: list[int]
    broadcasts: list[int]
    rooms: list[int]
    members: list[int]


def make_lively(town: DemoTown, mark: str = "") -> Lively:
    """Let people talk; ``mark`` goes into what they say, into nicknames, group names and titles of other villages."""
    talk = Talk(town)
    for who, where, words in SAID:
        talk.say(who, where, words.format(mark=mark))
    talk.pass_time(minutes=20)
    talk.say("宣传委员周竹蓉", None, "1号 派 覃志刚 11月26日晚上7点半")
    talk.pass_time(minutes=10)
    talk.say("覃警官", None, "接单")
    talk.pass_time(minutes=10)
    with town.session() as session, session.begin():
        village = session.exec(select(Village).where(Village.name == "石湾村")).one()
        room = relay.add_room(
            session, name=f"石湾手动群{mark}"[:32], village_id=village.id, kind=RoomKind.RESIDENTS, now=talk.now
        )
        assert room.id is not None
        if mark:
            _mark(session, mark)
        session.flush()
        return Lively(
            *(
                [id_ for id_ in session.exec(select(table.id).order_by(col(table.id))) if id_ is not None]
                for table in (Order, Lecture, Voice, Broadcast, Room, Member)
            )
        )


def _mark(session: Session, mark: str) -> None:
    elsewhere = session.exec(select(Village.id).where(Village.name == ELSEWHERE)).one()
    for member in session.exec(select(Member).where(col(Member.village_id) != elsewhere)):
        member.name = f"{member.name}{mark}"
    for room in session.exec(select(Room).where(col(Room.village_id) != elsewhere, Room.kind != RoomKind.DIRECT)):
        room.name = f"{room.name}{mark}"
    for lecture in session.exec(select(Lecture).where(col(Lecture.village_id) != elsewhere)):
        lecture.title, lecture.venue = f"{lecture.title}{mark}", f"{lecture.venue}{mark}"
