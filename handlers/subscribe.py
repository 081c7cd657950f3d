"""订阅, 退订: who wants a topic's texts in their direct chat, and who does not any more."""

from data import subscriptions
from handlers.broadcast import topic_named
from handlers.turn import Reply, Turn

_USAGE = "想收哪方面的？比如“订阅 农业补贴”，有新消息就私信您；不想收了回“退订”。发“菜单”看有哪些题目。"
_EVERYTHING = frozenset({"全部", "所有", "都退", "全退", "一切"})


def subscribe(turn: Turn) -> Reply:
    """订阅 农业补贴."""
    words = _words(turn)
    if not words:
        return Reply(_with_mine(turn, _USAGE))
    topic, options = topic_named(turn, words)
    if topic is None:
        if not turn.heard.addressed:
            return Reply("")  # 订阅 of something else, said between neighbours
        which = (
            f"您要订哪一个：{'、'.join(options[:4])}？回“订阅 {options[0]}”这样。"
            if options
            else f"没有“{words[:12]}”这个题目。{_USAGE}"
        )
        return Reply(which)
    new = subscriptions.subscribe(turn.session, member_id=turn.member_id, topic_id=topic[0], now=turn.now)
    return Reply(f"{'订好了' if new else '您订过了'}：{topic[1]}。有新消息就私信您，不想收了回“退订”。")


def leave(turn: Turn) -> Reply:
    """退订 农业补贴, or 退订 alone: all of it."""
    words = _words(turn)
    topic_id = None
    if words and words not in _EVERYTHING:
        topic, _ = topic_named(turn, words)
        if topic is None:
            return Reply(f"没有“{words[:12]}”这个题目。只回“退订”，就全部退掉。{_with_mine(turn, '')}")
        topic_id = topic[0]
    ended = subscriptions.leave(turn.session, member_id=turn.member_id, topic_id=topic_id)
    if not ended:
        return Reply(f"您没有订这个，不用退。{_with_mine(turn, '')}")
    return Reply(f"好，{'、'.join(ended)}退订了，不再私信您。想再收就说“订阅 {ended[0]}”。")


def mine(turn: Turn) -> Reply:
    """我的订阅."""
    return Reply(_with_mine(turn, _USAGE))


def _with_mine(turn: Turn, otherwise: str) -> str:
    topics = subscriptions.topics_of(turn.session, turn.member_id)
    if not topics:
        return otherwise
    return f"您订了：{'、'.join(topics)}。退一个回“退订 {topics[0]}”，全退回“退订”。"


def _words(turn: Turn) -> str:
    return turn.args.strip(" 。.!！?？的“”")
