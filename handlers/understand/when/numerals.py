"""Whole numbers as they are written in messages: Arabic, Chinese, and the two-digit "about" forms (七八, 十一二)."""

DIGITS = {
    "零": 0, "〇": 0, "一": 1, "壹": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "仨": 3, "四": 4,
    "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
}  # fmt: skip
NUM = r"(?:\d{1,4}|[零〇一二两三四五六七八九十廿卅百]{1,6})"


def to_int(words: str) -> int | None:
    """Return the number that ``words`` writes (0..9999), or None when they write none."""
    if words.isascii():
        return int(words) if words.isdigit() else None
    words = words.replace("廿", "二十").replace("卅", "三十")
    if all(char in DIGITS for char in words):  # read out digit by digit: 二零二七
        return int("".join(str(DIGITS[char]) for char in words))
    hundreds, _, rest = words.rpartition("百")
    tens, ten, ones = rest.rpartition("十")
    total = 0
    if "百" in words:
        total += 100 * DIGITS.get(hundreds or "一", -1000)
    if ten:
        total += 10 * DIGITS.get(tens.lstrip("零") or "一", -1000)
    total += DIGITS.get(ones.lstrip("零") or "零", -1000)
    return total if total >= 0 else None


def about(words: str) -> tuple[int, int] | None:
    """Return (low, high) of a number: 七八 is (7, 8), 十一二 is (11, 12), 七 is (7, 7); None when it is none."""
    if len(words) >= 2 and words[-1] in DIGITS and words[-2] in DIGITS and words[0] not in "零〇":
        low, high = DIGITS[words[-2]], DIGITS[words[-1]]
        if low and high == low + 1 and (len(words) == 2 or words[-3] == "十"):
            base = 0 if len(words) == 2 else to_int(words[:-2]) or 0
            return base + low, base + high
    number = to_int(words)
    return None if number is None else (number, number)
