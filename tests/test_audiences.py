"""Whom a notice is for: how it is said, who that is, tags and saved audiences."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session, select

from data import audiences, subscriptions, tags
from data.audience_words import Reader
from data.audiences import Audience
from data.broadcast_errors import NobodyOfThatName, NoSuchAudience, SeveralOfThatName, UnknownAudience
from data.broadcast_tables import RoomTag
from data.tables import Member, Room, RoomKind, Topic
from handlers.understand import normalise
from tests.town import NOW, DemoTown, Talk

YOUNG = "干事小农"
RESIDENTS, MIGRANTS, COORDINATORS = RoomKind.RESIDENTS, RoomKind.MIGRANTS, RoomKind.COORDINATORS


@pytest.fixture
def session(town: DemoTown) -> Iterator[Session]:
    with town.session() as session, session.begin():
        yield session


@pytest.fixture
def reader(session: Session) -> Reader:
    """The demo town with tags (种植户 on 榕木坳村, 学生家长 on a group) and a saved audience (果农)."""
    tags.put(session, "种植户", tags.bearer(session, "榕木坳村"))
    tags.put(session, "学生家长", tags.bearer(session, "上坪村乡亲群"))
    audiences.save(session, "果农", Audience(villages=(1, 3), tags=("种植户",)), "…", author_id=1, now=NOW)
    return Reader(session, normalise, lambda words: (3, words) if words == "农业补贴" else None)


def names(session: Session, audience: Audience) -> list[str]:
    return [name for _, name in audiences.reach(session, audience).rooms]


# ---- how it is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "audience", "called", "text"),
    [
        ("全镇 明天停水", Audience(town=True), "全镇", "明天停水"),
        ("全鎮，明天停水", Audience(town=True), "全镇", "明天停水"),
        ("全镇：上坪村 明天停水", Audience(town=True), "全镇", "上坪村 明天停水"),
        ("全镇 上坪村 明天停水", Audience(town=True), "全镇", "上坪村 明天停水"),
        ("全镇 外出务工群 春节返乡", Audience(town=True, kinds=(MIGRANTS,)), "全镇 外出务工群", "春节返乡"),
        ("上坪 开会", Audience(villages=(1,)), "上坪村", "开会"),
        ("上坪村、石湾村 开会", Audience(villages=(1, 2)), "上坪村 石湾村", "开会"),
        ("上坪村 石湾 开会", Audience(villages=(1, 2)), "上坪村 石湾村", "开会"),
        ("上坪村和石湾村 开会", Audience(villages=(1, 2)), "上坪村、石湾村", "开会"),
        ("上坪村：石湾村来了客人", Audience(villages=(1,)), "上坪村", "石湾村来了客人"),
        ("上坪村\n石湾村 来了客人", Audience(villages=(1,)), "上坪村", "石湾村 来了客人"),
        ("上坪村 大家 好", Audience(villages=(1,)), "上坪村", "大家 好"),
        ("上坪村 外出务工群 春节", Audience(villages=(1,), kinds=(MIGRANTS,)), "上坪村 外出务工群", "春节"),
        ("上坪村外出务工群 春节", Audience(villages=(1,), kinds=(MIGRANTS,)), "上坪村 外出务工群", "春节"),
        ("村民群 开会", Audience(kinds=(RESIDENTS,)), "村民群", "开会"),
        ("工作群 明天例会", Audience(kinds=(COORDINATORS,)), "工作群", "明天例会"),
        ("标签:种植户 领药", Audience(tags=("种植户",)), "标签:种植户", "领药"),
        ("标签：種植戶 领药", Audience(tags=("种植户",)), "标签:种植户", "领药"),
        ("标签 种植户 领药", Audience(tags=("种植户",)), "标签:种植户", "领药"),
        ("种植户、学生家长 领药", Audience(tags=("种植户", "学生家长")), "标签:种植户 标签:学生家长", "领药"),
        ("榕木坳村的种植户 领药", Audience(villages=(3,), tags=("种植户",)), "榕木坳村 标签:种植户", "领药"),
        ("果农 领药", Audience(villages=(1, 3), tags=("种植户",)), "果农", "领药"),
        ("订阅:农业补贴 补贴来了", Audience(topics=(3,)), "订阅:农业补贴", "补贴来了"),
        ("石湾村大家庭 开会", Audience(rooms=(3,)), "石湾村大家庭", "开会"),
        ("“石湾村大家庭” 开会", Audience(rooms=(3,)), "石湾村大家庭", "开会"),
        ("上坪村", Audience(villages=(1,)), "上坪村", ""),
    ],
)
def test_forgiving_wording(reader: Reader, said: str, audience: Audience, called: str, text: str) -> None:
    assert reader.split(said) == (audience, called, text)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("桃花村 停水", "可以写：全镇、上坪村、石湾村"),
        ("上平村 停水", "您要的是上坪村吗"),
        ("石湾大家庭 停水", "石湾村大家庭"),
        ("标签:种值户 领药", "标签:种植户"),
        ("订阅:天文 流星", "不认识“订阅:天文”"),
        ("果民 领药", "果农"),
        ("明天停水", "不认识“明天停水”"),
    ],
)
def test_an_unknown_word_is_met_with_the_nearest(reader: Reader, said: str, answer: str) -> None:
    with pytest.raises(UnknownAudience) as told:
        reader.split(said)
    assert answer in str(told.value)
    assert len(str(told.value)) < 120


def test_a_saved_audience_is_read_whole(reader: Reader) -> None:
    assert reader.whole("上坪村、榕木坳村 标签:种植户")[0] == Audience(villages=(1, 3), tags=("种植户",))
    with pytest.raises(UnknownAudience, match="不认识“明天”"):
        reader.whole("上坪村 明天")


# ---- who that is ---------------------------------------------------------------------------------------------------


def test_either_of_one_kind_and_narrowed_by_another(session: Session, reader: Reader) -> None:
    assert len(names(session, Audience(town=True))) == 5
    assert names(session, Audience(villages=(1, 2))) == ["上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭"]
    assert names(session, Audience(villages=(1, 2), kinds=(MIGRANTS,))) == ["上坪在外乡亲群"]
    assert names(session, Audience(kinds=(COORDINATORS,))) == ["门楼镇宣讲工作群"]
    assert names(session, Audience(tags=("种植户", "学生家长"))) == ["上坪村乡亲群", "榕木坳村民群"]
    assert names(session, Audience(villages=(1,), tags=("种植户",))) == []
    assert names(session, Audience(villages=(2,), rooms=(5,))) == ["石湾村大家庭", "沙塘口村邻里群"]
    assert names(session, Audience()) == []


def test_unclaimed_groups_and_direct_chats_are_no_audience(session: Session) -> None:
    for kind in (RoomKind.UNBOUND, RoomKind.DIRECT):
        session.add(Room(transport="webchat", external_id=kind, name=kind, kind=kind, village_id=1, created_at=NOW))
    session.flush()
    assert len(names(session, Audience(town=True))) == 5
    assert len(names(session, Audience(villages=(1,)))) == 2


def test_people_are_those_whom_the_bot_has_met(session: Session) -> None:
    of_village = len(session.exec(select(Member).where(Member.village_id == 1)).all())
    assert audiences.reach(session, Audience(villages=(1,))).people == of_village > 3
    assert audiences.reach(session, Audience(town=True)).people == len(session.exec(select(Member)).all())
    assert audiences.reach(session, Audience(kinds=(COORDINATORS,))).people == 0  # of no village


def test_a_tag_on_a_person_is_no_leave_to_write_to_them(session: Session, reader: Reader) -> None:
    asked, other = (tags.bearer(session, name) for name in ("何记沙糖桔", "坪顶梁伯"))
    for who in (asked, other):
        tags.put(session, "种植户", who)
    reach = audiences.reach(session, Audience(tags=("种植户",)))
    assert (reach.members, reach.silent) == ((), 2)
    topic = session.exec(select(Topic.id).where(Topic.name == "农业补贴")).one() or 0
    subscriptions.subscribe(session, member_id=asked.id, topic_id=topic, now=NOW)
    reach = audiences.reach(session, Audience(tags=("种植户",)))
    assert (reach.members, reach.silent) == ((asked.id,), 1)
    assert audiences.reach(session, Audience(villages=(1,), tags=("种植户",))).members == ()


def test_subscribers_and_those_of_a_village(session: Session) -> None:
    topic = session.exec(select(Topic.id).where(Topic.name == "农业补贴")).one() or 0
    here, there = (tags.bearer(session, name).id for name in ("何记沙糖桔", "坪顶梁伯"))
    for member in (here, there):
        subscriptions.subscribe(session, member_id=member, topic_id=topic, now=NOW)
    everybody = audiences.reach(session, Audience(topics=(topic,)))
    assert (set(everybody.members), everybody.rooms, everybody.people) == ({here, there}, (), 2)
    assert audiences.reach(session, Audience(topics=(topic,), villages=(3,))).members == (here,)
    both = audiences.reach(session, Audience(topics=(topic,), villages=(3,), kinds=(RESIDENTS,)))
    assert (both.members, len(both.rooms)) == ((here,), 1)


def test_direct_chats_are_made_once_and_together(session: Session) -> None:
    ids = [tags.bearer(session, name).id for name in ("何记沙糖桔", "坪顶梁伯")]
    rooms = audiences.direct_rooms(session, ids, now=NOW)
    assert len(set(rooms)) == 2
    assert {session.get_one(Room, each).kind for each in rooms} == {RoomKind.DIRECT}
    assert audiences.direct_rooms(session, ids, now=NOW) == rooms


def test_an_audience_comes_back_as_it_was_kept() -> None:
    audience = Audience(True, (1, 2), (MIGRANTS,), ("种植户",), (3,), (4,), 5)
    assert Audience.of_spec(audience.as_spec()) == audience
    assert Audience.of_spec({}) == Audience()
    assert not Audience()


# ---- tags and saved audiences --------------------------------------------------------------------------------------


def test_tags_are_put_on_taken_off_and_counted(session: Session, reader: Reader) -> None:
    group = tags.bearer(session, "上坪村乡亲群")
    assert not tags.put(session, "学生家长", group)
    assert tags.put(session, "种植户", group)
    assert tags.of(session, group) == ["学生家长", "种植户"]
    assert [(line.tag, line.counts) for line in tags.lines(session)] == [
        ("种植户", ((1, "个村"), (1, "个群"))),
        ("学生家长", ((1, "个群"),)),
    ]
    assert tags.take_off(session, "种植户", group)
    assert not tags.take_off(session, "种植户", group)
    assert tags.names(session) == {"种植户", "学生家长"}
    assert len(session.exec(select(RoomTag)).all()) == 1


def test_who_bears_a_tag(session: Session) -> None:
    assert tags.bearer(session, "上坪").name == "上坪村"
    assert tags.bearer(session, "何记").name == "何记沙糖桔"
    with pytest.raises(NobodyOfThatName, match="王麻子"):
        tags.bearer(session, "王麻子")
    for at in range(2):
        session.add(Member(transport="webchat", external_id=f"t{at}", name="何记米粉", created_at=NOW))
    session.flush()
    with pytest.raises(SeveralOfThatName, match="何记米粉"):
        tags.bearer(session, "何记米粉")


def test_a_saved_audience_is_replaced_and_forgotten(session: Session, reader: Reader) -> None:
    assert audiences.save(session, "果农", Audience(villages=(3,)), "榕木坳村", author_id=1, now=NOW)
    (kept,) = audiences.saved(session)
    assert Audience.of_spec(kept.spec) == Audience(villages=(3,))
    audiences.forget(session, "果农")
    with pytest.raises(NoSuchAudience):
        audiences.forget(session, "果农")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("标签 上坪村乡亲群", "上坪村乡亲群的标签：还没有"),
        ("标签 上坪村乡亲群 全镇", "“全镇”不能当标签"),
        ("标签 上坪村乡亲群 1", "“1”不能当标签"),
        ("去标签 上坪村乡亲群", "请写谁和什么标签"),
        ("去标签 上坪村乡亲群 没有过", "本来就没有“没有过”"),
        ("存名单 果农", "请写名字和给谁"),
        ("存名单 上坪村 石湾村", "已经是村名"),
        ("存名单 全镇 石湾村", "不能当名单的名字"),
        ("存名单 果农 桃花村", "不认识“桃花村”"),
        ("删名单 果农", "没有存过名单“果农”"),
    ],
)
def test_what_cannot_be_is_told(town: DemoTown, said: str, answer: str) -> None:
    (told,) = Talk(town).say(YOUNG, None, said)
    assert answer in told


def test_nobody_else_and_not_where_residents_read(town: DemoTown) -> None:
    talk = Talk(town)
    for said in ("标签 石湾村 种植户", "名单", "存名单 果农 石湾村"):
        assert "宣传干事来办" in talk.say("渡口陈姨", None, said)[0]
        assert talk.say(YOUNG, "石湾村大家庭", said) == []
    with town.session() as session:
        assert tags.names(session) == set()


def test_the_list_of_a_lecture_is_no_saved_audience(town: DemoTown) -> None:
    """名单 课1 and 课1 名单 are one thing."""
    talk = Talk(town)
    assert talk.say(YOUNG, None, "名单 课1") == talk.say(YOUNG, None, "课1 名单")
