"""Write ``pinyin.tsv``, the readings of the GB2312 characters: ``python -m tools.make_pinyin``.

The readings are those of pypinyin (MIT licence, © mozillazg; from pinyin-data, MIT). Loading pypinyin itself at run
time costs 57 MB; this table costs 2 MB. Only this command needs pypinyin.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from data.lexicon import PINYIN

TONES = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}
HEADER = """\
# 汉字读音表,由 python -m tools.make_pinyin 生成,不要手改。读音取自 pypinyin(MIT 许可,数据来自 pinyin-data)。
# 音节和声调\t常读此音的字\t也读此音的字
"""


def main(path: Path = PINYIN) -> None:
    """Write the table to ``path``."""
    from pypinyin.pinyin_dict import pinyin_dict

    rows: dict[str, tuple[list[str], list[str]]] = {}
    for char in _gb2312():
        readings = list(dict.fromkeys(_plain(mark) for mark in pinyin_dict.get(ord(char), "").split(",") if mark))
        for rank, reading in enumerate(readings[:3]):
            rows.setdefault(reading, ([], []))[min(rank, 1)].append(char)
    lines = [f"{reading}\t{''.join(usual)}\t{''.join(also)}" for reading, (usual, also) in sorted(rows.items())]
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def _gb2312() -> Iterator[str]:
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                yield bytes((high, low)).decode("gb2312")
            except UnicodeDecodeError:
                continue  # the last row of level 1 is not full


def _plain(marked: str) -> str:
    """``lǜ`` → ``lv4``; the neutral tone is 5."""
    tone = 5
    letters = []
    for mark in unicodedata.normalize("NFD", marked):
        tone = TONES.get(mark, tone)
        if mark not in TONES:
            letters.append(mark)
    spelled = unicodedata.normalize("NFC", "".join(letters)).replace("ü", "v").replace("ê", "e")
    return re.sub(r"[^a-z]", "", spelled) + str(tone)


if __name__ == "__main__":
    main()
