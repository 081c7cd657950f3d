"""Where and who: topics, villages and their groups, residents, coordinators, lecturers."""

from datetime import timedelta
from itertools import chain, product
from typing import Any

from sqlalchemy import select

from data.lexicon import load_lexicon
from data.record_tables import Area, AreaLevel
from data.statements import table_of
from data.tables import Lecturer, LecturerTopic, Member, Role, RoleKind, Room, RoomKind, Topic, Village
from tools.city.scale import COUNTY, DIALECTS, TOWN, City

_FREE = ("每天晚上", "平日中午", "平日晚上", "周六下午", "周日上午", "圩日上午", "周末全天", "平日下午", "周三晚上")
_SURNAMES = "黄覃梁莫韦陆李陈王张刘何罗林吴周谢邓曾叶卢蒙农蓝廖冯苏钟杨唐潘庞赖容甘石龙马江许谭余宁全欧严阮赵温易"
_FIRST, _SECOND = "文国家建永丽桂玉明海云立德", "华强珍英芳生平辉光荣霞贵"
_FRONT, _BACK = (
    "龙凤白黄青红金银东西南北中前后高长新旧平安福寿古马牛羊鹤松竹梅柳桃杏樟桂茶谷泉清",
    ("坡塘冲岭田坝洲江溪潭峒垌弄寨屯厂桥渡井岗坑垭坳湾窝排堡墩头尾口沟山坪岩岸圩街营关"),
)


def places(city: City) -> None:
    """Topics of the catalogue, villages with the neighbours of their town, and their groups."""
    topic = table_of(Topic)
    known = dict(city.connection.execute(select(topic.c.name, topic.c.id)).all())
    missing = [name for name in load_lexicon().names if name not in known]
    ids = city.ids(Topic, len(missing))
    city.load(Topic, ({"id": id_, "name": name, "position": id_} for id_, name in zip(ids, missing, strict=True)))
    city.topics = [*known.values(), *ids]
    names = [f"{front}{back}村" for front, back in product(_FRONT, _BACK)][: city.scale.villages]
    city.dice.shuffle(names)
    towns = _areas(city)
    city.villages = list(city.ids(Village, city.scale.villages))
    city.load(Village, (_village(city, number, names, towns) for number in range(city.scale.villages)))
    rooms = city.ids(Room, city.scale.rooms)
    city.load(Room, (_room(city, number, id_, names) for number, id_ in enumerate(rooms)))


def _areas(city: City) -> list[int]:
    """The city, its counties and their towns; returns the ids of the towns."""
    count = -(-city.scale.villages // TOWN)
    counties = -(-count // COUNTY)
    top, *ids = city.ids(Area, 1 + counties + count)
    rows = [{"id": top, "level": AreaLevel.CITY, "name": "门楼市", "parent_id": None}]
    for number, id_ in enumerate(ids[:counties]):
        rows.append({"id": id_, "level": AreaLevel.COUNTY, "name": f"第{number + 1}县", "parent_id": top})
    for number, id_ in enumerate(ids[counties:]):
        county = ids[number // COUNTY]
        rows.append({"id": id_, "level": AreaLevel.TOWN, "name": f"第{number + 1}镇", "parent_id": county})
    city.load(Area, rows)
    return ids[counties:]


def _village(city: City, number: int, names: list[str], towns: list[int]) -> dict[str, Any]:
    first = number - number % TOWN
    near = [names[first + (number - first + step) % TOWN] for step in (-2, -1, 1, 2)]
    name = names[number]
    return {
        "id": city.villages[number],
        "name": name,
        "aliases": [name[:-1]],
        "venues": [f"{name}文化室", f"{name}晒谷场"],
        "near": near,
        "free": city.dice.sample(_FREE, 2),
        "area_id": towns[number // TOWN],
    }


def _room(city: City, number: int, id_: int, names: list[str]) -> dict[str, Any]:
    """A working group for each town, then residents' groups and groups of those who work elsewhere, round and round."""
    place = number - city.scale.villages // TOWN
    village = place % city.scale.villages
    kind = (
        RoomKind.COORDINATORS
        if place < 0
        else RoomKind.MIGRANTS
        if place // city.scale.villages == 1
        else RoomKind.RESIDENTS
    )
    if place >= 0:
        city.village_rooms.setdefault(city.villages[village], []).append(id_)
    return {
        "id": id_,
        "transport": city.transport,
        "external_id": f"city-r{number}",
        "name": f"第{number + 1}镇宣讲工作群"
        if place < 0
        else f"{names[village]}{'在外' if place // city.scale.villages else ''}乡亲群",
        "kind": kind,
        "village_id": None if place < 0 else city.villages[village],
        "created_at": city.now - timedelta(days=400),
    }


def people(city: City) -> None:
    towns = city.scale.villages // TOWN
    ids = list(city.ids(Member, towns + city.scale.people))
    city.clerks, city.people = ids[:towns], ids[towns:]
    city.homes = [city.dice.choice(city.villages) for _ in city.people]
    homes = chain((city.villages[town * TOWN] for town in range(towns)), city.homes)
    city.load(Member, (_member(city, id_, f"乡亲{id_}", home) for id_, home in zip(ids, homes, strict=True)))
    city.load(Role, (_role(city, clerk, RoleKind.COORDINATOR, None) for clerk in city.clerks))


def _member(city: City, id_: int, name: str, home: int | None) -> dict[str, Any]:
    return {
        "id": id_,
        "transport": city.transport,
        "external_id": f"city-p{id_}",
        "name": name,
        "village_id": home,
        "created_at": city.now - timedelta(days=365),
    }


def _role(city: City, member: int, kind: RoleKind, lecturer: int | None) -> dict[str, Any]:
    return {
        "member_id": member,
        "kind": kind,
        "lecturer_id": lecturer,
        "granted_at": city.now - timedelta(days=365),
        "granted_by": "tools.city",
    }


def lecturers(city: City) -> None:
    """Two to four topics and one to three dialects each; six in ten can be reached by the bot."""
    dice = city.dice
    names = ["".join(each) for each in product(_SURNAMES, _FIRST, _SECOND)]
    names = dice.sample(names, city.scale.lecturers)
    city.lecturers = list(city.ids(Lecturer, city.scale.lecturers))
    rows: list[dict[str, Any]] = []
    speaks: list[dict[str, Any]] = []
    for id_, name in zip(city.lecturers, names, strict=True):
        rows.append({
            "id": id_,
            "name": name,
            "title": dice.choice(("老师", "医生", "干事", "农技员")),
            "kind": dice.choice(("政策", "技术", "文明")),
            "trade": "",
            "dialects": dice.sample(DIALECTS, dice.randint(1, 3)),
            "free": dice.sample(_FREE, 2),
            "village_id": dice.choice(city.villages),
            "mentor_id": None,
        })  # fmt: skip
        speaks += [{"lecturer_id": id_, "topic_id": each} for each in dice.sample(city.topics, dice.randint(2, 4))]
    city.load(Lecturer, rows)
    city.load(LecturerTopic, speaks)
    reached = [(id_, row) for id_, row in zip(city.lecturers, rows, strict=True) if dice.random() < 0.6]
    members = city.ids(Member, len(reached))
    pairs = list(zip(members, reached, strict=True))
    city.load(Member, (_member(city, id_, row["name"], row["village_id"]) for id_, (_, row) in pairs))
    city.load(Role, (_role(city, id_, RoleKind.LECTURER, lecturer) for id_, (lecturer, _) in pairs))
