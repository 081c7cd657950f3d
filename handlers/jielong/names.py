"""One item of a list: whose line it is, and what the rest of it says."""

import re
from dataclasses import replace

from .counts import Habits, People, is_kin, read_people
from .fold import SURNAMES, fold
from .patterns import MASKS, NUM
from .values import Entry

HEAD = 120  # characters of an item in which its name is looked for
_OPEN, _CLOSE = "([{【〔「《<", ")]}】〕」》>"
_LABEL = re.compile(r"^(?:姓名|名字|称呼|参加人员?|报名人|联系人|name) ?[: ] ?", re.I)
_BREAK = re.compile(
    r"[ ,;。/|、~:…!?(\[{【〔「<《]|-(?=\d|[一二两三四五六七八九十]+[个人位口家]|[^\w-])|(?<=\s)-"
    r"|--+|→|->"
)
_HEAD_BRACKET = re.compile(r"^[(\[【〔「{][^)\]】〕」}]{0,30}[)\]】〕」}] *(?=\S)")
_PLACE = re.compile(
    r"^(?:[a-z]?\d+(?:-\d+)*|.{0,8}?(?:栋|幢|座|号楼|单元|楼|室|房|号|组|队|屯|村|寨|庄|镇|乡|社区|班|年级|片区"
    r"|小区|村委会?|大队|坡|坪|冲|垌|街|巷)\d*)$",
    re.I,
)
_FILLER = re.compile(
    r"^(?:我|本人|报名|我报名|参加|我参加|报|接龙|我是|代|代报|代接|帮报?|替|已报|收到|户主|学员"
    r"|村民|群众|\W+)$"
)
_BY_PROXY = re.compile(r"^(?:帮|替|代|给)(?P<name>[\u4e00-\u9fff]{2,4}?)(?:报名?|接龙?|参加|登记|接)(?:一?[个下名])?$")
_LATIN = re.compile(
    r"[A-Za-z][A-Za-z.'’\-]*(?: +(?!(?:with|and|plus|not|no|x|adults?|kids?|can|cancel\w*|pax"
    r"|people|maybe|will|won|i|bring\w*|only|me)\b)[A-Za-z][A-Za-z.'’\-]*)*(?![A-Za-z\d])"
)
_AND = r"(?:[、/&]|和|跟|与)"
_TOGETHER = re.compile(
    rf"[\u4e00-\u9fff]{{2,4}}{_AND}(?:[\u4e00-\u9fff]{{2,4}}{_AND})*?[\u4e00-\u9fff]{{2,4}}(?=$"
    rf"|[ ,(])"
)
_PERSON = re.compile(r"[\u4e00-\u9fff]{2,4}")
_TITLES = re.compile(
    r"^(?:[\u4e00-\u9fff]?(?:大|二|三|四|五|六|七|八|九|小|老|阿)?[\u4e00-\u9fff]?(?:姐|哥|叔|婶"
    r"|伯|嫂|爷|奶|妈|姨|姑|舅|公|婆|师傅|主任|书记|老师|医生|支书|队长|组长)|[老小阿][\u4e00-\u9fff]{1,2})$"
)
_NOT_NAMES = re.compile(
    r"[的了吗呢吧去来带报名参加晚早点到会请不没]|方便|高兴|时间|安全|明天|今天"
    r"|周[一二三四五六日天]"
)
_PLACEHOLDER = re.compile(
    r"(?:用户|测试|成员|员工|同学|学生|学员|家长|群友|网友|选手|队员|名字|姓名|昵称|某某"
    r"|村民|居民|客户|会员|群众|村|组|队|班|号|user|test|name|member)\d*$",
    re.I,
)

# What ends a name that is written in one go with its remark: 张三2人, 张三+1, 张三和老婆, 张三不去了.
_PEEL = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{NUM} ?(?:个|名|位)?(?:大人?|小孩?|成人|老人)(?:{NUM}|$|\W|\+)",
        rf"(?:大人?|小孩?){NUM}(?:大人?|小孩?){NUM}",
        rf"{NUM} ?(?:个名额|个位|个大人|个小孩|人|位|名|口|个)(?!楼|栋)",
        r"\+|加(?=[\d一两])|等(?=[\d两二三四五六七八九十]+[人个位])|[x*]\d{1,2}$|=\d",
        r"一家|全家|两口子|小两口|老两口|夫妻|夫妇|两公婆|母子|母女|父子|父女|姐妹俩?|兄弟俩|俩$|(?:我们|我)俩",
        r"(?:带着?|携|领着|还有|外加|加上)(?=[\u4e00-\u9fff\d])",
        r"(?:和|跟|同|与)(?=我|他|她|老|爱人|爸|妈|孩|女儿|儿子|朋友|家|媳|小孩|两|一个|\d)",
        r"取消|退出|请假|(?:不|唔|没法|无法|不能)(?:能)?(?:去|来|参加|嚟|到)|[来去]不了|参加不了|待定",
        r"1[3-9]\d{9}",
        r"报名|参加(?!$)",
        r"\[[^\]]{1,4}\]",
    )
)
_MEASURES = tuple(pattern for name, pattern in MASKS if name in ("money", "goods", "clock", "age", "date"))
_TAIL_DIGIT = re.compile(r"^(?P<name>[\u4e00-\u9fff]{2,4})(?P<n>[1-9])$")


def looks_like_name(text: str) -> bool:
    """Whether the folded words could be a person's name or how a neighbour is called (周六叔, 阿强, A)."""
    if _LATIN.fullmatch(text):
        return len(text) <= 30
    if not _PERSON.fullmatch(text) or _NOT_NAMES.search(text[1:]):
        return False
    return text[0] in SURNAMES or bool(_TITLES.match(text))


def _peel_at(token: str) -> int:
    """Where the name inside one written word ends (its length when it is all name)."""
    tail = _TAIL_DIGIT.match(token)
    if tail and looks_like_name(tail["name"]) and not _PLACEHOLDER.search(tail["name"]):
        return tail.start("n")
    ends = [len(token)]
    for pattern in (*_PEEL, *_MEASURES):
        match = pattern.search(token, 1)
        while match:
            start = match.start()
            if start >= 2 or not "\u4e00" <= token[0] <= "\u9fff":
                ends.append(start)
                break
            match = pattern.search(token, match.start() + 1)
    return min(ends)


def _spaced_name(text: str, end: int) -> int:
    """End of a name whose characters are set apart (张 三), else ``end``."""
    spaced = re.match(r"([\u4e00-\u9fff]) +([\u4e00-\u9fff])(?![\u4e00-\u9fff])", text)
    if spaced and end == 1 and spaced[1] in SURNAMES and spaced[2] not in "一二两":
        return spaced.end()
    return end


def _token_end(text: str) -> int:
    latin = _LATIN.match(text)
    if latin and (latin.end() == len(text) or not re.match(r"[\w\u4e00-\u9fff]", text[latin.end()])):
        return latin.end()
    stop = _BREAK.search(text, 1)
    end = stop.start() if stop else len(text)
    return _spaced_name(text, end)


def _tokens(text: str) -> list[tuple[int, int]]:
    """Spans of the words of a folded line, between spaces, punctuation and brackets."""
    spans: list[tuple[int, int]] = []
    at = 0
    while at < len(text) and len(spans) < 8:
        if text[at] in " ,;。/|、~:-" + _OPEN + _CLOSE:
            at += 1
            continue
        end = at + max(_token_end(text[at:]), 1)
        spans.append((at, end))
        at = end
    return spans


def _several(text: str) -> int:
    """How many people share the line as 张三、李四 or 张三和李四; 0 when it is not so written. The names come first."""
    match = _TOGETHER.match(text)
    if match is None:
        return 0
    names = re.split(_AND, match[0])
    return len(names) if all(looks_like_name(name) and not is_kin(name) for name in names) else 0


def _name_span(line: str) -> tuple[int, int]:
    """Where the name stands in a folded, stripped line."""
    label = _LABEL.match(line)
    start = label.end() if label else 0
    if _several(line[start:]):
        stop = re.search(r"[ ,(]", line[start:])
        return start, start + stop.start() if stop else len(line)
    bracket = _HEAD_BRACKET.match(line[start:])
    if bracket:
        start += bracket.end()
    spans = [(a + start, b + start) for a, b in _tokens(line[start:])]
    if not spans:
        return 0, len(line)
    first, rest = spans[0], spans[1:]
    words = line[first[0] : first[1]]
    prose = len(words) >= 6 and not _LATIN.fullmatch(words) and _peel_at(words) >= 6
    if rest and (prose or _PLACE.match(words) or _FILLER.match(words)):
        for span in rest[:3]:
            end = span[0] + _peel_at(line[span[0] : span[1]])
            if looks_like_name(line[span[0] : end]):
                return span[0], end
        if _FILLER.match(words) and re.match(r"[^\W\d]", line[rest[0][0] :]):
            first = rest[0]
    return first[0], first[0] + _peel_at(line[first[0] : first[1]])


def split_item(head: str) -> tuple[str, str, str]:
    """The name and the remarks before and after it, as written, of an item's first line."""
    head = head.strip()
    line = fold(head[:HEAD])
    at = re.match(r"@ *(?=\S)", line)
    offset = at.end() if at else 0
    proxy = _BY_PROXY.match(line[offset:].split(" ")[0])
    if proxy and looks_like_name(proxy["name"]):
        start, end = (offset + i for i in proxy.span("name"))
        return head[start:end], head, ""
    start, end = (offset + i for i in _name_span(line[offset:]))
    name = head[start:end]
    if re.fullmatch(r"[\u4e00-\u9fff] +[\u4e00-\u9fff]", fold(name)):
        name = name[0] + name[-1]
    label = _LABEL.match(line)
    before = "" if label and label.end() == start else head[offset:start]
    return name, before, head[end:]


def _tidy(note: str) -> str:
    note = re.sub(r"[(（\[【]\s*[)）\]】]", "", note).strip(" \n\t\u3000,，;；、。/|:：-—~")
    note = re.sub(r"([(（\[【])\s*[，,、;；]\s*", r"\1", note)
    whole = re.fullmatch(r"[(（【]([^()（）【】]*)[)）】]", note)
    return whole[1].strip() if whole else note


def _note(before: str, after: str, extra: str, plain: tuple[int, int] | None) -> str:
    """The remark as it is shown; ``plain`` is the span of a plain count in ``after`` and what follows."""
    rest = f"{after}\n{extra}" if extra else after
    if plain:
        left, right = rest[: plain[0]].rstrip(" x×*X"), rest[plain[1] :].lstrip()
        rest = f"{left} {right}" if right[:1] not in ("", ")", "）", "]", "】") else left + right
    pieces = (_tidy(before), _tidy(rest))
    return " ".join(piece for piece in pieces if piece)


def read_item(raw: str, number: int, habits: Habits, member_id: str | None = None) -> Entry:
    """An item as written (without its number; continuation lines after the first) as an ``Entry``."""
    head, _, extra = raw.partition("\n")
    name, before, after = split_item(head)
    remark = f"{after}\n{extra}" if extra else after
    people = read_people(remark, habits)
    if before and people.why == "self" and before != head.strip():
        people = _from_prefix(before, people, habits)
    alone = read_people(head, Habits(bare=False)) if name == head else people
    if alone.plain == (0, len(head)):  # no name, only "两个人"
        people = replace(alone, plain=None, sure=False)
    several = _several(fold(name[:HEAD]))
    if several and people.why == "self":
        people = People(several, "several names")
    name = name.strip().strip("，。！,!;；:：~～")
    whole = fold(head.strip())
    if re.match(r"\+|(?:我|俺)(?:和|跟|同|带)", whole) and name in (head.strip(), ""):
        people = (
            read_people(head, habits) if not whole.startswith("+") else People(1, "a plus without a name", sure=False)
        )
    return Entry(
        name=name or head.strip(),
        count=people.count,
        note=_note(before, after, extra, people.plain if people.why != "several names" else None),
        number=number,
        member_id=member_id,
        raw=raw,
        sure=people.sure,
    )


def _from_prefix(before: str, people: People, habits: Habits) -> People:
    """A withdrawal or a count may stand before the name: （取消）张三."""
    found = read_people(before, Habits(bare=False, plus_is_self=habits.plus_is_self))
    return People(found.count, found.why, found.sure) if found.why != "self" else people
