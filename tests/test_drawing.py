"""Type, markup, colours and codes: what every picture is made of."""

import struct
import zlib
from itertools import pairwise
from xml.etree import ElementTree

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from data.drawing import font, palette
from data.drawing.font import LACKING, Face, balance, clip, drawable, largest, missing, width, wrap
from data.drawing.qr import MOST, QUIET, codable, qr
from data.drawing.render import png
from data.drawing.styles import STYLES
from data.drawing.svg import Canvas


def pixels(picture: bytes) -> list[list[int]]:
    """The red part of each pixel, row by row: a small reader of the PNGs that we make (8 bits, RGBA)."""
    wide, high, depth, colour = struct.unpack(">IIBB", picture[16:26])
    assert (depth, colour) == (8, 6)
    data, at = b"", 8
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        if picture[at + 4 : at + 8] == b"IDAT":
            data += picture[at + 8 : at + 8 + length]
        at += 12 + length
    raw, rows, above = zlib.decompress(data), [], bytearray(wide * 4)
    for row in range(high):
        start = row * (wide * 4 + 1)
        line = bytearray(raw[start + 1 : start + 1 + wide * 4])
        for place in range(wide * 4):
            left = line[place - 4] if place >= 4 else 0
            corner = above[place - 4] if place >= 4 else 0
            up = above[place]
            nearest = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
            line[place] = (line[place] + (0, left, up, (left + up) // 2, nearest)[raw[start]]) & 255
        rows.append(list(line[::4]))
        above = line
    return rows


def drawn(words: str, *, size: int = 40, face: Face = Face.SANS, bold: bool = False) -> list[list[int]]:
    canvas = Canvas(width(words, size, face) + 40, title="字")
    canvas.text(20, size + 4, words, size=size, fill="#000000", face=face, bold=bold)
    return pixels(png(canvas.finish(size + 20, ground="#ffffff"), width=round(canvas.width)))


# ---- type ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", Face)
@pytest.mark.parametrize("words", ["石湾村码头文化室", "AVATo 19:30 ffi", "《反诈骗》，7点半！"])
def test_what_is_drawn_is_as_wide_as_it_was_measured(words: str, face: Face) -> None:
    dark = [column for row in drawn(words, face=face) for column, value in enumerate(row) if value < 128]
    assert min(dark) >= 19
    assert max(dark) <= 20 + width(words, 40, face) + 1
    assert max(dark) >= 20 + width(words, 40, face) * (0.9 if words.isascii() else 0.8)  # ligatures, half-blank marks


def test_each_character_is_its_own_and_no_empty_box() -> None:
    shapes = {str(drawn(each)) for each in "中国村讲座㙍䶮"}
    assert len(shapes) == 7


def test_bold_is_darker() -> None:
    plain, bold = drawn("讲座"), drawn("讲座", bold=True)
    assert sum(map(sum, bold)) < sum(map(sum, plain)) * 0.98


def test_what_the_faces_lack_is_found_before_drawing() -> None:
    assert missing("覃志刚 19:30《医保》℃①") == ""
    assert missing("㙍䶮喆堃") == ""  # rare in names, and there
    assert missing("𠮷野家😀讲座😀𡋾") == "𠮷😀𡋾"


@pytest.mark.parametrize(
    ("words", "text", "lost"),
    [
        ("𠮷祥", "吉祥", "𠮷"),
        ("梁𡋾", f"梁{LACKING}", "𡋾"),
        ("报名👍🏽啦", "报名啦", "👍"),
        ("✅已审", "✓已审", "✅"),
        ("👨\u200d👩\u200d👧一家", "一家", "👨👩👧"),
        ("a\u202eb\x00c\tд", "abc д", ""),
        ("Łódź\u0301\u0301", f"{LACKING}ódz", "Łź"),
        ("𝟏𝟗点", "19点", ""),
        ("上\u2028下", "上\n下", ""),
    ],
)
def test_the_stand_ins(words: str, text: str, lost: str) -> None:
    assert drawable(words) == font.Drawable(text, lost)


@given(st.text(max_size=80))
def test_what_can_be_drawn_stays_as_it_is(words: str) -> None:
    once = drawable(words)
    assert missing(once.text) == ""
    assert drawable(once.text).text == once.text


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    words = "今晚讲“没有什么安全账户”，（地点：石湾村码头），请带上《医保手册》；打12393问。别转账！！"
    cuts = 0
    for room in range(120, 900, 7):
        lines = wrap(words, 40, room)
        assert "".join(lines) == words
        assert all(width(line, 40) <= room for line in lines)
        for line in lines:
            assert line[0] not in "，。、；：！？）》”"
            assert line[-1] not in "（《“"
        assert sum("12393" in line for line in lines) == 1
        cuts += len(lines) - 1
    assert cuts > 300


def test_words_and_numbers_stay_whole_and_only_what_is_too_wide_is_cut() -> None:
    assert wrap("参加 WeChat 直播 2026-11-28 19:30", 40, 260) == ["参加 WeChat", "直播", "2026-11-28", "19:30"]
    assert wrap("打12393问医保", 40, 130) == ["打", "12393", "问医保"]
    address = "https://live.example.cn/" + "a" * 90
    lines = wrap(address, 40, 300)
    assert "".join(lines) == address
    assert all(width(line, 40) <= 300 for line in lines)


def test_a_paragraph_stays_one() -> None:
    assert wrap("一\n\n二", 40, 400) == ["一", "二"]


@given(st.text(max_size=60), st.integers(60, 900))
@settings(max_examples=200)
def test_lines_fit_and_lose_nothing(words: str, room: int) -> None:
    text = drawable(words).text
    for lines in (wrap(text, 48, room), balance(text, 48, room)):
        assert all(width(line, 48) <= room for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
    assert width(clip(text, 48, room), 48) <= room or clip(text, 48, room) == "…"


def test_a_title_has_lines_of_like_width() -> None:
    words = "冬季森林防火和安全用电知识讲"
    assert [len(line) for line in wrap(words, 100, 1300)] == [13, 1]
    assert [len(line) for line in balance(words, 100, 1300)] == [7, 7]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("天冷了，血压怎么管", ["天冷了，", "血压怎么管"]),
        ("别信陌生电话：守住钱袋子", ["别信陌生电话：", "守住钱袋子"]),
        ("森林防火和用电安全", ["森林防火", "和用电安全"]),
    ],
)
def test_a_title_breaks_where_a_mark_is(text: str, lines: list[str]) -> None:
    """A poster once said 天冷了，血 | 压怎么管."""
    assert balance(text, 150, 1_100) == lines
    assert all(width(each, 150) <= 1_100 for each in lines)


WORDS = {
    "冬季森林防火和用电安全知识讲座": "冬季/森林/防火/和/用电/安全/知识/讲座",
    "农村自建房的那些规矩您知道了吗": "农村/自/建房/的/那些/规矩/您/知道/了/吗",
    "今年60岁以上老人的高龄补贴怎么领": "今年/60/岁/以上/老人/的/高龄/补贴/怎么/领",
}


def cut(text: str) -> list[str]:
    return WORDS[text].split("/")


@pytest.mark.parametrize("text", WORDS)
def test_a_line_ends_between_words_where_that_takes_no_more_lines(text: str) -> None:
    """A poster once said 冬季森林防 | 火和用电安全, and another began a line with 的."""
    whole = 0
    for room in range(160, 1_000, 11):
        fewest = len(wrap(text, 40, room))
        for lay in (wrap, balance):
            lines = lay(text, 40, room, cut=cut)
            assert len(lines) == fewest or any(each in text for each in "的了吗")
            assert "".join(lines) == text and all(width(each, 40) <= room for each in lines)
            assert all(line[0] not in "的了吗" for line in lines)
        ends = {sum(map(len, cut(text)[:place])) for place in range(len(cut(text)) + 1)}
        at = [sum(map(len, lines[:place])) for place in range(len(lines) + 1)]
        whole += set(at) <= ends
    assert whole > 60


def test_a_word_is_broken_where_a_line_would_be_added() -> None:
    assert wrap("森林防火", 40, 120, cut=lambda _: ["森林防火"]) == ["森林", "防火"]
    assert wrap("讲森林防火", 40, 120, cut=lambda _: ["讲", "森林防火"]) == ["讲森林", "防火"]


def test_no_last_character_stands_alone_and_nothing_leans_over_an_end() -> None:
    said = ["电话", "12393", "，", "白天", "都", "有人", "接", "。"]
    assert wrap("".join(said), 40, 400, cut=lambda _: said) == ["电话12393，白天", "都有人接。"]


def test_a_title_gets_a_little_smaller_before_a_word_is_broken() -> None:
    def words(_: str) -> list[str]:
        return ["讲", "安全", "账户的事"]

    assert largest("讲安全账户的事", (60, 50, 30), 240, most=2) == (60, ["讲安全", "账户的事"])
    assert largest("安全账户", (60, 50, 30), 190, most=2, cut=lambda _: ["安全账户"])[0] == 60, "50 breaks it too"
    assert largest("安全账户", (60, 50, 30), 200, most=2, cut=lambda _: ["安全账户"]) == (50, ["安全账户"])
    assert largest("讲安全账户的事", (60, 50, 30), 240, most=2, cut=words) == (60, ["讲安全", "账户的事"])


def test_a_title_gets_smaller_before_it_gets_longer() -> None:
    assert largest("反诈骗", (100, 50), 400, most=1) == (100, ["反诈骗"])
    assert largest("反诈骗讲座", (100, 50), 400, most=1) == (50, ["反诈骗讲座"])
    assert largest("反诈骗" * 9, (100, 50), 400, most=1)[0] == 50


# ---- markup --------------------------------------------------------------------------------------------------------


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_words_never_become_markup(words: str) -> None:
    for hostile in (words, f'"><script>alert(1)</script><text x="{words}', f"]]>&#60;style&gt;{words}"):
        canvas = Canvas(100, title=hostile, desc=hostile)
        canvas.text(0, 20, f"字{hostile}", size=20, fill="#000000")
        root = ElementTree.fromstring(canvas.finish(40, ground="#ffffff"))
        assert [each.tag.rpartition("}")[2] for each in root] in (
            ["title", "desc", "rect", "text"],
            ["title", "rect", "text"],
        )
        assert root[-1].text == drawable(f"字{hostile}").text


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r".+"):
        png("no picture", width=10)


# ---- colours -------------------------------------------------------------------------------------------------------


def test_words_and_shapes_stand_out() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    for words in (palette.INK, palette.SOFT):
        assert palette.contrast(words, palette.PAPER) >= 4.5
    for colour in (*palette.SERIES, *palette.SHADES):
        assert palette.contrast(palette.readable_on(colour), colour) >= 4.5
    for colour in palette.SERIES:
        assert palette.contrast(colour, palette.PAPER) >= 3
    assert len(STYLES) == 3
    for style in STYLES.values():
        for ground in (style.paper, style.tint):
            for words in (style.ink, style.soft, style.accent):
                assert palette.contrast(words, ground) >= 4.5, (style.name, words, ground)
        assert palette.contrast(style.on_accent, style.accent) >= 4.5


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red**2.2, green**2.2, blue**2.2


def _as_seen_by_a_deuteranope(colour: str) -> tuple[float, ...]:
    """Viénot, Brettel and Mollon 1999, back in display values."""
    red, green, blue = _linear(colour)
    seen = (0.29275 * red + 0.70725 * green, 0.29275 * red + 0.70725 * green, -0.02234 * red + 0.02234 * green + blue)
    return tuple(max(each, 0) ** (1 / 2.2) for each in seen)


def test_the_series_keep_apart_for_who_sees_red_and_green_alike() -> None:
    seen = [_as_seen_by_a_deuteranope(colour) for colour in palette.SERIES]
    apart = [
        sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
        for place, one in enumerate(seen)
        for other in seen[place + 1 :]
    ]
    assert min(apart) > 0.12
    # Neighbours in a stacked bar are the ones that touch.
    assert all(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.2 for one, other in pairwise(seen))


def test_shades_grow_darker() -> None:
    light = [palette.luminance(colour) for colour in palette.SHADES]
    assert light == sorted(light, reverse=True)


# ---- codes ---------------------------------------------------------------------------------------------------------


def test_a_code_shows_its_address_module_by_module() -> None:
    address = "https://live.example.cn/room/8812345?from=qr"
    rows = [list(row) for row in segno.make_qr(address, error="m").matrix]
    side = (len(rows) + 2 * QUIET) * 6
    canvas = Canvas(side, title="码")
    canvas.path(qr(address, x=0, y=0, side=side), fill="#000000")
    seen = pixels(png(canvas.finish(side, ground="#ffffff"), width=side))
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            assert (seen[(down + QUIET) * 6 + 3][(across + QUIET) * 6 + 3] < 128) == bool(dark)
    assert all(value == 255 for row in seen[: QUIET * 6] for value in row)


def test_a_code_that_would_be_too_fine_is_none() -> None:
    assert qr("", x=0, y=0, side=300) == ""
    assert qr("a" * (MOST + 1), x=0, y=0, side=300) == ""
    assert qr("a" * MOST, x=0, y=0, side=300) != ""
    assert codable("a" * MOST) and not codable("讲" * (MOST // 2))  # a Chinese letter takes three bytes


def test_the_modules_of_a_long_address_s_code_are_large_enough_for_an_old_phone() -> None:
    """One of 300 characters could not be read from a picture of half its width."""
    first = qr("a" * MOST, x=0, y=0, side=420).split("M")[1]
    step = float(first.split("v")[1].split("h")[0])
    assert step >= 6
