"""Dialogues, as a coordinator could read them: who says what where, and all that the bot says to it.

A file in ``transcripts/`` is a scene. ``[群] 人: 话`` is said, ``[群] 小门: 话`` must be answered (``…`` stands for any
words, a line that begins with spaces goes on), ``>> 11分钟`` lets time pass, and what stands below it is said by the
clock; ``>> 推送`` goes to the next push. What is not written must not be said.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.town import DemoTown, Talk

SCENES = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))
BOT = "小门"
_LINE = re.compile(r"\[(?P<where>[^\]]+)\] (?P<who>[^:：]+)[:：] ?(?P<text>.*)")
_LATER = re.compile(r">> (\d+)(秒|分钟|小时|天)")
_UNITS = {"秒": "seconds", "分钟": "minutes", "小时": "hours", "天": "days"}


@dataclass(slots=True)
class Beat:
    """One thing said, or time that passes (``wait``), and the answers that must follow, no more and no fewer."""

    where: str = ""
    who: str = ""
    text: str = ""
    wait: dict[str, float] = field(default_factory=dict)
    push: bool = False
    answers: list[str] = field(default_factory=list)


def read_scene(path: Path) -> list[Beat]:
    beats: list[Beat] = []
    last_is_answer = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if later := _LATER.fullmatch(line.strip()):
            beats.append(Beat(wait={_UNITS[later[2]]: float(later[1])}))
        elif line.strip() == ">> 推送":
            beats.append(Beat(push=True))
        elif line.startswith("  "):
            if last_is_answer:
                beats[-1].answers[-1] += "\n" + line.strip()
            else:
                beats[-1].text += "\n" + line.strip()
        else:
            match = _LINE.fullmatch(line)
            assert match, f"{path.name}:{number} cannot be read: {line}"
            last_is_answer = match["who"] == BOT
            if last_is_answer:
                beats[-1].answers.append(f"[{match['where']}] {match['text']}")
            else:
                beats.append(Beat(match["where"], match["who"], match["text"]))
    return beats


def matches(pattern: str, said: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), said, re.DOTALL) is not None


def test_there_are_scenes_and_each_has_answers() -> None:
    assert len(SCENES) >= 12
    for scene in SCENES:
        assert any(beat.answers for beat in read_scene(scene)), scene.name


@pytest.mark.parametrize("scene", SCENES, ids=lambda path: path.stem)
def test_scene(scene: Path, town: DemoTown) -> None:
    talk = Talk(town)
    for beat in read_scene(scene):
        if beat.push:
            said = talk.push()
        elif beat.wait:
            said = talk.pass_time(**beat.wait)
        else:
            said = talk.say(beat.who, None if beat.where.startswith("私聊") else beat.where, beat.text)
        assert len(said) == len(beat.answers), f"{beat.who}: {beat.text or beat.wait}\n→ {said}"
        for pattern, actual in zip(beat.answers, said, strict=True):
            assert matches(pattern, actual), f"{beat.who}: {beat.text}\nwanted {pattern}\ngot    {actual}"
