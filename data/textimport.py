"""Policy texts brought in from outside the town's folder: Markdown and YAML files of a folder, or one Excel file.

All or nothing: every fault is told with its file and place, and then nothing is taken. Bringing in the same again
changes nothing. A key that the town's own files have is theirs.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import yaml
from pydantic import ValidationError
from sqlmodel import Session

from data import snippets
from data.checked import faults
from data.errors import TextsError
from data.snippetfile import SnippetEntry, cross_check
from data.snippets import Put
from data.snippetsheet import NAMES, BadSheet, read_sheet
from data.tables import SnippetOrigin
from data.town import keep_picture

_MARK = "---"
_PNG = b"\x89PNG"
_YAML, _MARKDOWN, _EXCEL = (".yaml", ".yml"), (".md", ".markdown"), (".xlsx",)


@dataclass(frozen=True, slots=True)
class Found:
    """One text of a file: where it stands there, and where its pictures are looked for."""

    where: str
    entry: SnippetEntry
    folder: Path
    sheet: bool = False


@dataclass(slots=True)
class Texts:
    """What was read, and what is wrong with it."""

    found: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_texts(path: Path, *, topics: Collection[str], villages: Collection[str]) -> list[Found]:
    """All texts of a file or a folder. Raises `TextsError` with every fault."""
    texts = Texts()
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    files = [each for each in files if each.suffix.lower() in (*_YAML, *_MARKDOWN, *_EXCEL)]
    if not path.exists():
        raise TextsError([f"{path}：找不到这个文件或资料夹，看看名字和路径对不对"])
    if not files:
        raise TextsError([f"{path}：没有可以导入的文件（.md、.yaml、.xlsx）"])
    for each in files:
        _read_file(texts, each, each.relative_to(path).as_posix() if path.is_dir() else each.name)
    seen: dict[str, str] = {}
    for found in texts.found:
        texts.problems += _wrong_with(found, topics, villages)
        if found.entry.key in seen:
            texts.problems.append(f"{_at(found, 'key')}：“{found.entry.key}”在 {seen[found.entry.key]} 已有")
        seen.setdefault(found.entry.key, found.where)
    if texts.problems:
        raise TextsError(texts.problems)
    return texts.found


def bring_in(
    session: Session, found: Collection[Found], *, topic_ids: Mapping[str, int], now: datetime
) -> dict[Put, list[str]]:
    """Put all of them in place; what became of each, by key. Raises `TextsError` before anything is written."""
    problems = []
    for each in found:
        row = snippets.find_key(session, each.entry.key)
        if row is None:
            continue
        if row.origin == SnippetOrigin.FILE and row.withdrawn_at is None:
            problems.append(f"{_at(each, 'key')}：“{each.entry.key}”在镇的 snippets.yaml 里，请到那里改")
        elif each.entry.version is not None and each.entry.version < row.version:
            problems.append(f"{_at(each, 'version')}：比现有的第{row.version}版还低")
    if problems:
        raise TextsError(problems)
    done: dict[Put, list[str]] = {}
    for each in found:
        picture = each.entry.picture
        outcome = snippets.put(
            session,
            each.entry,
            origin=SnippetOrigin.IMPORT,
            topic_ids=topic_ids,
            picture_id=keep_picture(session, each.folder / picture) if picture else None,
            now=now,
        )
        done.setdefault(outcome, []).append(each.entry.key)
    return done


def expired(found: Collection[Found], today: date) -> list[str]:
    """The keys of those that are past their day already, and will not be sent."""
    return [each.entry.key for each in found if each.entry.expires_on < today]


def _read_file(texts: Texts, path: Path, name: str) -> None:
    if path.suffix.lower() in _EXCEL:
        try:
            for number, row in read_sheet(path):
                _take(texts, row, f"{name} 第{number}行", path.parent, sheet=True)
        except BadSheet as error:
            texts.problems.append(f"{name} {error}")
        return
    try:
        words = path.read_text("utf-8-sig")
        for where, fields in _markdown(words) if path.suffix.lower() in _MARKDOWN else _yaml(words):
            _take(texts, fields, f"{name}{where}", path.parent)
    except UnicodeDecodeError:
        texts.problems.append(f"{name}：不是 UTF-8 文本，请另存为 UTF-8")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        texts.problems.append(f"{name} 第{line}行：写法不对（{error.problem}）")


def _take(texts: Texts, fields: object, where: str, folder: Path, *, sheet: bool = False) -> None:
    try:
        texts.found.append(Found(where, SnippetEntry.model_validate(fields), folder, sheet))
    except ValidationError as error:
        for place, words in faults(error):
            column = NAMES.get(_bare(place), place) if sheet else place
            texts.problems.append(f"{where} {column}：{words}" if column else f"{where}：{words}")


def _yaml(words: str) -> Iterator[tuple[str, object]]:
    """A list of texts, or one."""
    read = yaml.safe_load(words)
    if isinstance(read, list):
        for position, each in enumerate(read, 1):
            yield f" 第{position}条", each
    elif read is not None:
        yield "", read


def _markdown(words: str) -> Iterator[tuple[str, object]]:
    """Front matter between two lines of ---, then the text; a first heading is the title."""
    lines = words.strip().splitlines()
    if not lines or lines[0].strip() != _MARK or _MARK not in [line.strip() for line in lines[1:]]:
        yield " 第1行", "没有 --- 夹着的开头"
        return
    end = [line.strip() for line in lines[1:]].index(_MARK) + 1
    # The lines above are kept as empty ones, so that a fault is told by the line of the file.
    fields = yaml.safe_load("\n".join(["", *lines[1:end]]))
    body = [line.strip() for line in lines[end + 1 :] if line.strip()]
    if not isinstance(fields, dict):
        yield " 第2行", fields
        return
    if body and body[0].startswith("#"):
        fields.setdefault("title", body.pop(0).lstrip("# "))
    if body:
        fields.setdefault("text", "\n".join(body))
    yield "", fields


def _wrong_with(found: Found, topics: Collection[str], villages: Collection[str]) -> Iterator[str]:
    for place, words in cross_check(found.entry, topics=topics, villages=villages):
        yield f"{_at(found, place)}：{words}"
    picture = found.entry.picture
    if picture and not (found.folder / picture).is_file():
        yield f"{_at(found, 'picture')}：图片 {picture} 找不到"
    elif picture and not (found.folder / picture).read_bytes().startswith(_PNG):
        yield f"{_at(found, 'picture')}：图片 {picture} 不是 PNG，请另存为 PNG"


def _at(found: Found, place: str) -> str:
    names = NAMES | {"audience": NAMES["audience.villages"]}
    return f"{found.where} {names.get(place, place) if found.sheet else place}"


def _bare(place: str) -> str:
    """A place without the position in a list: audience.kinds.1 is audience.kinds."""
    return place.rstrip("0123456789").rstrip(".")
