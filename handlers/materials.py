"""资料 反诈骗: reviewed material, for lecturers and coordinators, in their direct chat.

Whoever says it in their own words (把反诈骗的课件发给我) is understood too; residents are told what there is for them.
"""

import re

from data import materials
from data.materials import Piece
from data.tables import Topic
from handlers.broadcast import topic_named
from handlers.turn import Reply, Turn

_ALL = re.compile(  # who asks for 课件 and no topic
    r"(?:有没有|有|发|给|我|要|找|看|下|一?[份些个点]|什么|哪些|的|宣传|宣讲|课件|资料|材料|讲义|讲稿|教案|幻灯片?|ppt|料|[吗没呢吧啊呀么])*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:资料|课件)?\s*(?:第|#)?(\d{1,9})\s*[号份]?")
_AROUND = re.compile(
    r"^(?:有没有|有|发|给|我|要|想|找|把|帮|请|来|看|下|一?[份些个点])+|"
    r"(?:的|宣传|宣讲|备课|课件|资料|材料|讲义|讲稿|教案|幻灯片?|ppt|料|发|给|我|看看?|一下|[吗没呢吧啊呀么])+$",
    re.IGNORECASE,
)
_LISTED = 8


def give(turn: Turn) -> Reply:
    """资料: what there is; 资料 反诈骗: what is reviewed on it, sent where there is one; 资料 5: that one."""
    words = turn.args.strip(" 。.!！?？的“”")
    if not turn.room.direct:
        meant = turn.heard.addressed or (words and topic_named(turn, words)[0])  # 资料 我放桌上了 is said to neighbours
        return Reply("课件请私聊我要，比如“资料 反诈骗”。" if meant else "")
    if _ALL.fullmatch(words):
        return Reply(_shelf(turn))
    if number := _NUMBER.fullmatch(words):
        material = materials.find_approved(turn.session, int(number[1]))
        topic = turn.session.get_one(Topic, material.topic_id).name
        return _send(turn, materials.piece(material, topic))
    return _on_topic(turn, words)


def not_for_you(turn: Turn) -> Reply:
    """A resident asks: what lecturers use is not for them, a lecture is."""
    found, _ = topic_named(turn, turn.text)
    wish = f"点课 {found[1]}" if found is not None else "点课 反诈骗"
    return Reply(
        f"课件是讲课的老师备课用的，只发给老师和镇里干事。您想听，发“{wish}”，请老师来讲；想问政策，直接问我就行。"
    )


def _on_topic(turn: Turn, words: str) -> Reply:
    found, options = topic_named(turn, words)
    bare = _AROUND.sub("", words)
    if found is None:
        which = f"您要哪一个：{'、'.join(options[:4])}？" if options else f"没有“{bare[:12]}”这个题目。"
        return Reply(f"{which}{_shelf(turn)}")
    pieces = materials.of_topic(turn.session, found[0])
    if not pieces:
        return Reply(f"{found[1]}还没有审过的课件。{_others(turn)}")
    named = [each for each in pieces if bare and bare in each.title]
    pieces = named or pieces
    if len(pieces) == 1:
        return _send(turn, pieces[0])
    lines = "\n".join(f"{each.number} {_line(turn, each)}" for each in pieces[:_LISTED])
    return Reply(f"{found[1]}的课件：\n{lines}\n要哪一份，回“资料 {pieces[0].number}”。")


def _send(turn: Turn, piece: Piece) -> Reply:
    if piece.size > materials.CARRIERS.get(turn.room.transport, 0):
        return Reply(f"{piece.topic}：{_line(turn, piece)}。这个文件在这里发不了，请到控制台的“课件”里下载。")
    material = materials.find_approved(turn.session, piece.number)
    words = f"{piece.topic}：{_line(turn, piece)}"
    materials.send(turn.session, material, words, room_id=turn.room_id, member_id=turn.member_id, now=turn.now)
    return Reply("")


def _line(turn: Turn, piece: Piece) -> str:
    reviewed = f"，{piece.reviewed_at.astimezone(turn.knowledge.zone):%Y年%-m月%-d日}审过" if piece.reviewed_at else ""
    return f"《{piece.title}》第{piece.version}版（{piece.kind.upper()}，{materials.size_words(piece.size)}{reviewed}）"


def _shelf(turn: Turn) -> str:
    """Which topics have any."""
    return _others(turn) or "资料库里还没有审过的课件。"


def _others(turn: Turn) -> str:
    topics = "、".join(f"{name}{count}份" for name, count in materials.shelf(turn.session))
    return f"有课件的题目：{topics}。发“资料 题目”就发给您。" if topics else ""
