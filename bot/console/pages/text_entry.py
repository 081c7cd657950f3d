"""A policy text written by form, and many of them from a file: with the checks of ``python -m bot texts import``."""

import hashlib
import io
import zlib
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

import yaml
from pydantic import ValidationError

from bot.console.lists import XLSX
from bot.console.pages.texts import InFile, find
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page, Upload
from data import rooms, snippets, textimport
from data.checked import faults
from data.desk.lectures import topics
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.errors import Declined, TextsError
from data.snippetfile import KINDS, SnippetEntry, cross_check
from data.snippets import Put
from data.snippetsheet import NAMES, write_template
from data.tables import Picture, Snippet, SnippetOrigin, Topic
from data.textimport import Found
from data.town import topic_ids

LARGEST = 6 * 1024 * 1024  # bytes of a file that is sent
_UNPACKED = 16 * 1024 * 1024  # … and of all that is in it
_FILES = 500  # in a zip
_HELD = 90_000  # bytes of a file that a page carries on to the next step; a larger one is chosen again
_PIECE = 30_000  # characters of a field
_TOLD = 12  # faults
_DEEP = 20  # lists in lists of a file
_KEPT = (".md", ".markdown", ".yaml", ".yml", ".xlsx", ".png")
_PNG = b"\x89PNG"
_DONE = {Put.ADDED: "新增", Put.RENEWED: "换新版", Put.CHANGED: "改了日期、问法或受众", Put.SAME: "没有变"}
_LISTS = str.maketrans(dict.fromkeys("、，,；;\n", "、"))


class BadTexts(Declined):
    """Texts with faults: all of them are told, and none was taken."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = f"\n还有{len(problems) - _TOLD}处。" if len(problems) > _TOLD else ""
        super().__init__("没有存，请改好再来：\n" + "\n".join(problems[:_TOLD]) + more)


class _DryRun(Exception):
    """Takes back what was only tried."""


# ---- one, by form --------------------------------------------------------------------------------------------------


def new(ask: Ask) -> Answer:
    """An empty form."""
    return _form(ask, None)


def edit(ask: Ask) -> Answer:
    """The form of a text's next version."""
    return _form(ask, _own(ask))


def _own(ask: Ask) -> Snippet:
    text = find(ask)
    if text.origin is SnippetOrigin.FILE and text.withdrawn_at is None:
        raise InFile(text.title)
    if snippets.archived(text):
        raise BadEntry("版本", "这是旧版，请从新版改。")
    return text


def _form(ask: Ask, text: Snippet | None) -> Answer:
    names = dict(topics(ask.session))
    also = "、".join(names.get(str(each), "") for each in text.also_topic_ids) if text is not None else ""
    values = {
        "text": text,
        "to": f"/texts/{text.id}/edit" if text is not None else "/texts/new",
        "topics": list(names.items()),
        "also": also,
        "questions": "\n".join(text.questions) if text is not None else "",
        "villages": "、".join(text.audience.get("villages", ())) if text is not None else "",
        "tags": "、".join(text.audience.get("tags", ())) if text is not None else "",
        "kinds": list(KINDS.items()),
        "chosen": text.audience.get("kinds", ()) if text is not None else (),
        "today": ask.now.astimezone(ask.rules.zone).date(),
    }
    return Html("text_edit.html", f"改《{text.title}》" if text is not None else "写一条短文", values)


def write(ask: Ask) -> Done:
    """A new text."""
    key = ask.form.get("key") or f"t{ask.now.astimezone(ask.rules.zone):%Y%m%d%H%M%S}"
    if snippets.find_key(ask.session, key) is not None:
        raise BadEntry("编号", "已经有这个编号的短文了，换一个，或去改那一条。")
    return _put(ask, key, None)


def rewrite(ask: Ask) -> Done:
    """Other words are a new version; other dates, questions or audience change the one in force."""
    text = _own(ask)
    return _put(ask, text.key, text)


def _put(ask: Ask, key: str, old: Snippet | None) -> Done:
    with TemporaryDirectory() as folder:
        fields = _fields(ask, key)
        if name := _picture(ask, old, Path(folder)):
            fields["picture"] = name
        entry = _entry(ask, fields)
        try:
            done = textimport.bring_in(
                ask.session, [Found("", entry, Path(folder), sheet=True)], topic_ids=topic_ids(ask.session), now=ask.now
            )
        except TextsError as error:
            raise BadTexts(error.problems) from error
    outcome = next(iter(done))
    kept = snippets.find_key(ask.session, key)
    number = kept.id if kept is not None else 0
    said = {Put.SAME: "没有改动。", Put.RENEWED: "换成新的一版了，旧版不再发。"}.get(outcome, "存好了。")
    return Done(f"/texts/{number}", said, about=f"短文{number}", detail={"结果": outcome.value}, reload=True)


def _fields(ask: Ask, key: str) -> dict[str, object]:
    form = ask.form
    number = form.number("topic", NAMES["topic"])
    topic = ask.session.get(Topic, number) if number is not None else None
    if topic is None:
        raise BadEntry(NAMES["topic"], "请选一个。")
    audience = {"villages": _list(form.get("villages")), "kinds": form.all("kinds"), "tags": _list(form.get("tags"))}
    fields: dict[str, object] = {
        "key": key, "topic": topic.name, "topics": _list(form.get("topics")), "audience": audience,
        "questions": [line.strip() for line in form.get("questions").splitlines() if line.strip()],
    }  # fmt: skip
    for name in ("title", "text", "source", "issued_on", "expires_on", "ask", "link"):
        if value := form.get(name):
            fields[name] = value
    return fields


def _list(words: str) -> list[str]:
    return [each.strip() for each in words.translate(_LISTS).split("、") if each.strip()]


def _entry(ask: Ask, fields: dict[str, object]) -> SnippetEntry:
    """The entry, checked. Raises `BadTexts` with every fault."""
    try:
        entry = SnippetEntry.model_validate(fields)
    except ValidationError as error:
        raise BadTexts([f"{_called(place)}：{words}" for place, words in faults(error)]) from error
    problems = cross_check(entry, topics=topic_ids(ask.session), villages=_villages(ask))
    if wrong := [f"{_called(place)}：{words}" for place, words in problems]:
        raise BadTexts(wrong)
    return entry


def _called(place: str) -> str:
    bare = place.rstrip("0123456789").rstrip(".")
    return NAMES.get("audience.villages" if bare == "audience" else bare, place)


def _villages(ask: Ask) -> set[str]:
    return {each.name for each in rooms.villages(ask.session)}


def _picture(ask: Ask, old: Snippet | None, folder: Path) -> str:
    """Lay the picture into the folder: the one that was sent, else the one that the text has. Its name, or none."""
    sent = next(iter(ask.form.files.get("picture", ())), None)
    if sent is not None:
        if not sent.body.startswith(_PNG):
            raise BadEntry("图片", "要 PNG 格式的，请另存为 PNG。")
        (folder / "picture.png").write_bytes(sent.body)
        return "picture.png"
    if old is None or old.picture_id is None or ask.form.get("no_picture"):
        return ""
    kept = ask.session.get_one(Picture, old.picture_id)
    name = Path(kept.name).name or "picture.png"
    (folder / name).write_bytes(kept.png)
    return name


# ---- many, from a file ---------------------------------------------------------------------------------------------


def import_page(_ask: Ask) -> Answer:
    """Where a file is sent."""
    return Html("texts_import.html", "导入短文", {"lines": [], "held": [], "name": "", "same": "", "late": []})


def template(ask: Ask) -> Answer:
    """An Excel file to fill in."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "短文.xlsx"
        write_template(path, tuple(ask.knowledge.topic_ids))
        return Download("短文空表.xlsx", XLSX, path.read_bytes())


def bring(ask: Ask) -> Done:
    """Tried first, and shown; then done. All or none."""
    sent = _sent(ask)
    digest = hashlib.sha256(sent.body).hexdigest()
    for_good = ask.form.get("what") == "apply"
    if for_good and ask.form.get("same") != digest:
        raise BadEntry("文件", "不是刚才试过的那个文件，请先试一遍。")
    with TemporaryDirectory() as folder:
        try:
            found = textimport.read_texts(
                _lay_out(sent, Path(folder)), topics=topic_ids(ask.session), villages=_villages(ask)
            )
            lines = _taken(ask, found) if for_good else _tried(ask, found)
        except TextsError as error:
            raise BadTexts(
                [each.replace(f"{folder}/", "").replace(folder, sent.name) for each in error.problems]
            ) from error
    if for_good:
        many = sum(map(len, lines.values()))
        return Done("/texts", f"导入了：{_summary(lines)}。", about=f"{many}条短文", detail=_counts(lines), reload=True)
    small = len(sent.body) <= _HELD
    body = b64encode(sent.body).decode()
    values = {
        "lines": [(_DONE[outcome], keys) for outcome, keys in sorted(lines.items())],
        "late": textimport.expired(found, ask.now.astimezone(ask.rules.zone).date()),
        "held": [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)] if small else [],
        "name": sent.name,
        "same": digest,
    }
    return Done("/texts/import", about="试", detail=_counts(lines), show=Html("texts_import.html", "导入短文", values))


def _sent(ask: Ask) -> Upload:
    """The file: sent now, or carried on by the page. Raises `BadEntry`."""
    sent = next(iter(ask.form.files.get("file", ())), None)
    if sent is not None:
        return sent
    held = "".join(ask.form.all("held"))
    if not held:
        raise BadEntry("文件", "请选一个 .xlsx 或 .zip 文件。")
    try:
        return Upload(Path(ask.form.get("name")).name or "短文.xlsx", b64decode(held, validate=True))
    except BadBase64 as error:
        raise BadEntry("文件", "没有收完整，请重新选。") from error


def _lay_out(sent: Upload, folder: Path) -> Path:
    """The file, or what is in it, in a folder of its own. Raises `BadEntry` for what is too large, or no such file."""
    suffix = Path(sent.name).suffix.lower()
    if suffix in (".xlsx", ".zip"):
        _check_size(sent.body)
    if suffix == ".zip":
        try:
            _unpack(sent.body, folder)
        except OSError as error:  # names that no folder takes
            raise BadEntry("文件", "里面的文件名不对，请改短一点再压缩。") from error
        _check_yaml(folder.rglob("*"))
        return folder
    if suffix not in _KEPT or suffix == ".png":
        raise BadEntry("文件", "要 .xlsx、.zip、.md 或 .yaml 文件。")
    path = folder / f"短文{suffix}"
    path.write_bytes(sent.body)
    _check_yaml([path])
    return path


def _unpack(body: bytes, folder: Path) -> None:
    """What is of use in a zip, and nothing outside of the folder."""
    with ZipFile(io.BytesIO(body)) as archive:
        for each in archive.infolist()[:_FILES]:
            name = Path(each.filename.replace("\\", "/"))
            inside = not name.is_absolute() and ".." not in name.parts and "__MACOSX" not in name.parts
            if inside and not each.is_dir() and name.suffix.lower() in _KEPT:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(archive.read(each))


def _check_size(body: bytes) -> None:
    try:
        with ZipFile(io.BytesIO(body)) as archive:
            if sum(each.file_size for each in archive.infolist()) > _UNPACKED:
                raise BadEntry("文件", "解开来太大了，请分几次导入。")
            if archive.testzip() is not None:
                raise BadEntry("文件", "坏了，请重新存一次。")
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise BadEntry("文件", "打不开，请重新存一次。") from error


def _check_yaml(paths: Iterable[Path]) -> None:
    """No aliases: a few lines with them unfold into more than there is memory for."""
    for path in paths:
        if path.suffix.lower() in (".yaml", ".yml", ".md", ".markdown") and path.is_file():
            words = path.read_text("utf-8-sig", errors="replace").strip()
            _check_events(path.name, words.split("\n---", 1)[0] if words.startswith("---") else words)


def _check_events(name: str, words: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(words, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > _DEEP:
                raise BadEntry("文件", f"{name}里用了引用（*）或套得太深，请写全、写平。")
    except yaml.YAMLError:
        return  # which the import itself tells, with its line


def _taken(ask: Ask, found: list[Found]) -> dict[Put, list[str]]:
    return textimport.bring_in(ask.session, found, topic_ids=topic_ids(ask.session), now=ask.now)


def _tried(ask: Ask, found: list[Found]) -> dict[Put, list[str]]:
    """What would become of them: done, and undone."""
    done: dict[Put, list[str]] = {}
    try:
        with ask.session.begin_nested():
            done = _taken(ask, found)
            raise _DryRun
    except _DryRun:
        ask.session.expire_all()
    return done


def _summary(lines: dict[Put, list[str]]) -> str:
    return "，".join(f"{_DONE[outcome]}{len(keys)}条" for outcome, keys in sorted(lines.items()))


def _counts(lines: dict[Put, list[str]]) -> dict[str, object]:
    return {outcome.value: len(keys) for outcome, keys in lines.items()}


PAGES: tuple[Page | Deed, ...] = (
    Page("/texts/new", new, "写一条短文", may=ConsoleRole.COORDINATOR),
    Deed("/texts/new", write, "写短文", "/texts/new", largest=LARGEST),
    Page("/texts/import", import_page, "从表格或压缩包导入短文", may=ConsoleRole.COORDINATOR),
    Page("/texts/template", template, "导入用的空表", may=ConsoleRole.COORDINATOR, heavy=True),
    Deed("/texts/import", bring, "导入短文", "/texts/import", largest=LARGEST),
    Page("/texts/{number}/edit", edit, "改一条短文", may=ConsoleRole.COORDINATOR),
    Deed("/texts/{number}/edit", rewrite, "改短文", "/texts/{number}/edit", largest=LARGEST),
)
