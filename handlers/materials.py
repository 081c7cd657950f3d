"""资料 反诈骗: reviewed material, for lecturers and coordinators, in their direct chat."""

import re

from data import materials
from data.materials import Piece
from data.tables import Topic
from handlers.broadcast import topic_named
from handlers.turn import Reply, Turn

_NUMBER = re.compile(r"(?:资料|课件)?\s*(?:第|#)?(\d{1,9})\s*[号份]?")
_LISTED = 8


def give(turn: Turn) -> Reply:
    """资料: what there is; 资料 反诈骗: what is reviewed on it, sent where there is one; 资料 5: that one."""
    words = turn.args.strip(" 。.!！?？的“”")
    if not turn.room.direct or not words:
        privately = "课件请私聊我要，比如“资料 反诈骗”。" if turn.heard.addressed else ""
        return Reply(_shelf(turn) if turn.room.direct else privately)
    if number := _NUMBER.fullmatch(words):
        material = materials.find_approved(turn.session, int(number[1]))
        topic = turn.session.get_one(Topic, material.topic_id).name
        return _send(turn, materials.piece(material, topic))
    return _on_topic(turn, words)


def _on_topic(turn: Turn, words: str) -> Reply:
    found, options = topic_named(turn, words)
    if found is None:
        which = f"您要哪一个：{'、'.join(options[:4])}？" if options else f"没有“{words[:12]}”这个题目。"
        return Reply(f"{which}{_shelf(turn)}")
    pieces = materials.of_topic(turn.session, found[0])
    if not pieces:
        return Reply(f"{found[1]}还没有审过的课件。{_shelf(turn)}")
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
    return f"《{piece.title}》第{piece.version}版（{piece.kind.upper()}，{_size(piece.size)}{reviewed}）"


def _size(size: int) -> str:
    return f"{size / 2**20:.1f}MB" if size >= 2**20 else f"{max(1, size // 2**10)}KB"


def _shelf(turn: Turn) -> str:
    """Which topics have any."""
    topics = "、".join(f"{name}{count}份" for name, count in materials.shelf(turn.session))
    return f"有课件的题目：{topics}。发“资料 题目”就发给您。" if topics else "资料库里还没有审过的课件。"
