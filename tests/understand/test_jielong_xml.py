"""The XML form of a 接龙: ranges in UTF-16 units, what to do when they do not line up, and hostile input."""

import html
import time
from dataclasses import dataclass
from typing import Literal

import pytest

from handlers.jielong import ListState, Post, merge, parse

TITLE = "#接龙\n防汛讲座🌊 周三晚\n例 莫大叔 2人"
ITEMS = ("农美珍", "😀小韦 2人", "蓝国强\n1. 带老婆\n2. 要停车")
Form = Literal["escaped", "cdata", "children"]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@dataclass
class Xml:
    """Builds the message as a gateway hands it on."""

    items: tuple[str, ...] = ITEMS
    members: tuple[str, ...] = ("wx_nong", "wx_wei", "wx_lan")
    form: Form = "escaped"
    shift: int = 0
    ranges: bool = True
    kind: str = "53"

    @property
    def title(self) -> str:
        return TITLE + "\n" + "".join(f"\n{n}. {item}" for n, item in enumerate(self.items, start=1))

    def solitaire(self) -> str:
        at, rows = TITLE + "\n", []
        for n, (item, member) in enumerate(zip(self.items, self.members, strict=True), start=1):
            at += f"\n{n}. "
            where = f"<r>{_units(at) + self.shift}-{_units(item)}</r>" if self.ranges else f"<c>{html.escape(item)}</c>"
            rows.append(f"<i><u>{member}</u><h>0</h><s>.</s><t>1799999999</t>{where}</i>")
            at += item
        head = f"<tt>0-{_units(TITLE)}</tt><ex/><tl/><s>.</s><au>wx_zhuren</au>"
        return f"<solitaire>{head}<content><s>{len(rows)}</s>{''.join(rows)}</content></solitaire>"

    def __str__(self) -> str:
        inner = self.solitaire()
        info = {"escaped": html.escape(inner), "cdata": f"<![CDATA[{inner}]]>", "children": inner}[self.form]
        return (
            f'<?xml version="1.0"?>\n<msg><appmsg appid="" sdkver="0"><title>{html.escape(self.title)}</title><des/>'
            f"<type>{self.kind}</type><extinfo><solitaire_info>{info}</solitaire_info></extinfo></appmsg></msg>"
        )


@pytest.mark.parametrize("form", ["escaped", "cdata", "children"])
def test_ranges_cut_the_items(form: Form) -> None:
    solitaire = parse(str(Xml(form=form)))
    assert solitaire.is_jielong
    assert (solitaire.title, solitaire.example, solitaire.author) == ("防汛讲座🌊 周三晚", "莫大叔 2人", "wx_zhuren")
    assert [(e.name, e.count, e.member_id) for e in solitaire.entries] == [
        ("农美珍", 1, "wx_nong"),
        ("😀小韦", 2, "wx_wei"),
        ("蓝国强", 2, "wx_lan"),
    ]
    assert solitaire.total == 5


def test_inner_numbers_cannot_be_taken_for_items() -> None:
    solitaire = parse(str(Xml(items=("农美珍\n2. 李强", "小韦", "蓝国强"))))
    assert [(e.name, e.note) for e in solitaire.entries] == [("农美珍", "2. 李强"), ("小韦", ""), ("蓝国强", "")]


@pytest.mark.parametrize("shift", [-3, -1, 1, 2, 5000])
def test_ranges_that_do_not_line_up_fall_back_to_the_text(shift: int) -> None:
    solitaire = parse(str(Xml(items=("农美珍", "😀小韦 2人", "蓝国强"), shift=shift)))
    assert [(e.name, e.count) for e in solitaire.entries] == [("农美珍", 1), ("😀小韦", 2), ("蓝国强", 1)]
    assert [e.member_id for e in solitaire.entries] == ["wx_nong", "wx_wei", "wx_lan"]


def test_items_without_ranges_come_from_their_own_text() -> None:
    solitaire = parse(str(Xml(ranges=False)))
    assert [(e.name, e.count, e.member_id) for e in solitaire.entries] == [
        ("农美珍", 1, "wx_nong"),
        ("😀小韦", 2, "wx_wei"),
        ("蓝国强", 2, "wx_lan"),
    ]


def test_a_member_may_be_empty() -> None:
    solitaire = parse(str(Xml(members=("", "wx_wei", ""))))
    assert [e.member_id for e in solitaire.entries] == [None, "wx_wei", None]


def test_an_empty_slot_is_left_out() -> None:
    solitaire = parse(str(Xml(items=("农美珍", "", "蓝国强"))))
    assert [(e.name, e.number, e.member_id) for e in solitaire.entries] == [
        ("农美珍", 1, "wx_nong"),
        ("蓝国强", 2, "wx_lan"),
    ]


def test_without_solitaire_info_the_title_is_read() -> None:
    xml = f"<msg><appmsg><title>{TITLE}\n\n1. 农美珍 2人</title><type>53</type></appmsg></msg>"
    assert [(e.name, e.count) for e in parse(xml).entries] == [("农美珍", 2)]


def test_a_sender_line_before_the_xml_is_skipped() -> None:
    assert parse("wxid_abc123:\n" + str(Xml())).total == 5


@pytest.mark.parametrize("kind", ["57", "5", "2001"])
def test_other_kinds_of_appmsg_are_no_list(kind: str) -> None:
    assert not parse(str(Xml(kind=kind))).is_jielong


@pytest.mark.parametrize("broken", ["<solitaire>", "&lt;solitaire&gt;&lt;content", "", "x", "<![CDATA[<a/>]]>"])
def test_a_broken_solitaire_info_falls_back_to_the_text(broken: str) -> None:
    xml = str(Xml(items=("农美珍", "小韦 2人", "蓝国强")))
    start, end = xml.index("<solitaire_info>") + 16, xml.index("</solitaire_info>")
    solitaire = parse(xml[:start] + broken + xml[end:])
    assert [(e.name, e.count) for e in solitaire.entries] == [("农美珍", 1), ("小韦", 2), ("蓝国强", 1)]


def test_broken_xml_still_gives_its_title() -> None:
    xml = str(Xml(items=("农美珍", "小韦 2人", "蓝国强"))).replace("</appmsg></msg>", "")
    assert parse(xml).total == 4


def test_a_bare_ampersand_is_forgiven() -> None:
    xml = f"<msg><appmsg><title>{TITLE}\n\n1. A&B 2人</title><type>53</type></appmsg></msg>"
    assert parse(xml).total == 2


BOMB = (
    '<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize("bomb", [BOMB, '<!DOCTYPE m SYSTEM "file:///etc/hostname">', '<!doctype m [<!entity x "1">]>'])
@pytest.mark.parametrize("declared", [True, False])
def test_declared_entities_are_refused(bomb: str, declared: bool) -> None:
    body = "<msg><appmsg><title>#接龙\n讲座\n1. &j;</title><type>53</type></appmsg></msg>"
    head = '<?xml version="1.0"?>' if declared else ""
    assert not parse(head + bomb + body if declared else body.replace("<msg>", "<msg>" + bomb)).is_jielong


def test_entities_inside_solitaire_info_are_refused() -> None:
    xml = str(Xml(form="cdata")).replace("<![CDATA[<solitaire>", "<![CDATA[" + BOMB + "<solitaire>")
    assert not parse(xml).is_jielong


@pytest.mark.parametrize(
    "xml",
    ["<msg>" * 40_000, "<msg>" + "<a>" * 60_000 + "</a>" * 60_000 + "</msg>", "<msg><appmsg><title>" + "<" * 150_000],
    ids=["open", "deep", "angles"],
)
def test_hostile_xml_takes_no_time(xml: str) -> None:
    start = time.process_time()
    assert not parse(xml).is_jielong
    assert time.process_time() - start < 1.0


def test_member_ids_decide_in_a_merge() -> None:
    """Two people of one name are two rows, and each can only take off their own."""
    first = merge(ListState(), Post(1, "wx_nong", str(Xml(items=("李强", "李强 2人", "蓝国强"))), name="农美珍"))
    text = str(Xml(items=("李强 2人", "蓝国强"), members=("wx_wei", "wx_lan")))
    second = merge(first.state, Post(2, "wx_wei", text, 1, name="李强"))
    assert not second.withdrawn
    third = merge(first.state, Post(2, "wx_zhuren", text, 1, name="韦主任"))
    assert [change.before.member_id for change in third.withdrawn if change.before] == ["wx_nong"]
