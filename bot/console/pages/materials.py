"""课件: the library for lecturers: what there is, a new version, its review by somebody else, and the file itself."""

from pathlib import Path

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from bot.settings import MATERIAL_FOLDER
from data import materials, tell
from data.desk import lectures as choices
from data.desk import materials as desk
from data.desk.materials import Line
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.materials import KINDS, MAX_NOTE, MAX_SIZE, STATE_NAMES, size_words
from data.names import MAX_NAME, row_id
from data.record_tables import Material, MaterialState
from data.tables import Topic

PAGE = "/materials/{number}"
MARKS = {MaterialState.APPROVED: "good", MaterialState.WAITING: "wait", MaterialState.RETURNED: "late"}
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_AROUND = 2**20  # bytes of a form around its file


def show_all(ask: Ask) -> Answer:
    """The list. Who does not coordinate sees what was approved."""
    states = (Filter("state", "审过没有", tuple((state.value, name) for state, name in STATE_NAMES.items())),)
    filters = (Filter("topic", "题目", choices.topics(ask.session)), *(states if _works(ask) else ()))
    waiting = desk.count(ask.session, state=MaterialState.WAITING) if _works(ask) else 0
    listing: Listing[Line] = Listing(
        "课件", _columns(), _find, filters, searches="标题、题目、文件名", none="还没有课件。"
    )
    return show_list(ask, listing, template="materials.html", waiting=waiting, may=_works(ask))


def show(ask: Ask) -> Answer:
    """One version: the file, its review, and the other versions."""
    material = _material(ask)
    versions = [each.id or 0 for each in materials.versions(ask.session, material) if _seen(ask, each)]
    lines = desk.lines(ask.session, versions)
    line = next(each for each in lines if each.number == material.id)
    waits = _works(ask) and line.state is MaterialState.WAITING
    values = {
        "line": line,
        "size": size_words(line.size),
        "others": [(each, STATE_NAMES[each.state]) for each in lines if each is not line],
        "state": STATE_NAMES[line.state],
        "mark": MARKS.get(line.state, ""),
        "may": _works(ask),
        "review": waits and material.uploaded_by != ask.user.member_id,
        "mine": waits and material.uploaded_by == ask.user.member_id,
        "alive": line.state in (MaterialState.WAITING, MaterialState.APPROVED),
        "note_most": MAX_NOTE,
    }
    return Html("materials_one.html", f"《{line.title}》第{line.version}版", values)


def show_new(ask: Ask) -> Answer:
    """The form of a new version; of a piece that there is, with its title filled in."""
    old = row_id(ask.query.get("of", ""))
    of = ask.session.get(Material, old) if old is not None else None
    values = {
        "topics": choices.topics(ask.session),
        "topic": of.topic_id if of is not None else "",
        "piece": of.title if of is not None else "",
        "kinds": ",".join(f".{each}" for each in (*KINDS, "jpeg")),
        "most": MAX_SIZE // 2**20,
        "longest": MAX_NAME,
    }
    return Html("materials_new.html", "再传一版" if of is not None else "传课件", values)


def add(ask: Ask) -> Done:
    """Keep a new version; it waits for somebody else."""
    topic_id = ask.form.number("topic", "题目")
    if topic_id is None or ask.session.get(Topic, topic_id) is None:
        raise BadEntry("题目", "请选一个。")
    title = ask.form.need("title", "标题", longest=MAX_NAME)
    files = ask.form.files.get("file", ())
    if not files:
        raise BadEntry("文件", "请选一个文件（选好以后又改了别的，要重新选一次）。")
    material = materials.add(
        ask.session,
        topic_id=topic_id,
        title=title,
        file_name=files[0].name,
        content=files[0].body,
        folder=_folder(ask),
        by=ask.user.member_id,
        now=ask.now,
    )
    which = f"《{material.title}》第{material.version}版"
    said = f"收到了，{which}等另一位来审。审过了，老师才拿得到。"
    if material.uploaded_at != ask.now:
        said = f"{which}的文件坏了，用您传的补好了，是同一个文件，不用另审。"
    return Done(f"/materials/{material.id}", said, about=f"课件{material.id}", detail={"字节": material.size})


def approve(ask: Ask) -> Done:
    """Lecturers may have it."""
    material = _material(ask)
    earlier = any(each.state is MaterialState.APPROVED for each in materials.versions(ask.session, material))
    materials.approve(ask.session, material, by=ask.user.member_id, now=ask.now)
    more = "以前的版本撤下了。" if earlier else ""
    return _done(material, f"审过了，老师私聊发“资料 {material.id}”就拿得到。{more}")


def give_back(ask: Ask) -> Done:
    """Something is to be mended."""
    material = _material(ask)
    note = ask.form.need("note", "要改什么", longest=MAX_NOTE)
    materials.give_back(ask.session, material, note, by=ask.user.member_id, now=ask.now)
    if material.uploaded_by is None:
        return _done(material, "退回了，要改什么写在这一页上。")
    words = f"您传的课件《{material.title}》第{material.version}版退回了：{note}。改好后在控制台“课件”里再传一版。"
    tell.member(ask.session, material.uploaded_by, words, now=ask.now, not_before=ask.rules.quiet.after(ask.now))
    return _done(material, "退回了，也告诉传的人了；要改什么，这一页上看得到。")


def withdraw(ask: Ask) -> Done:
    """It is given out no more."""
    material = _material(ask)
    if not materials.withdraw(ask.session, material):
        raise materials.NotWaiting(material.title, material.state)
    return _done(material, "撤下了，老师拿不到这一版了。文件还留着。")


def give(ask: Ask) -> Done:
    """The file. What was approved is counted as given out; a reviewer's look is not."""
    material = _material(ask)
    content = materials.content_of(material, _folder(ask))
    if material.state is MaterialState.APPROVED:
        materials.note_download(ask.session, material, member_id=ask.user.member_id, now=ask.now)
    kind = Path(material.path).suffix[1:]
    file = Download(material.file_name, TYPES[kind], content)
    return Done(f"/materials/{material.id}", about=f"课件{material.id}", show=file)


def _columns() -> tuple[Column[Line], ...]:
    return (
        Column("标题", lambda row: f"《{row.title}》", link=lambda row: f"/materials/{row.number}", head=True),
        Column("题目", lambda row: row.topic),
        Column("第几版", lambda row: row.version),
        Column("审过没有", lambda row: STATE_NAMES[row.state], mark=lambda row: MARKS.get(row.state, "")),
        Column("文件", lambda row: f"{row.kind.upper()}，{size_words(row.size)}"),
        Column("拿过几次", lambda row: row.downloads),
        Column("谁传的", lambda row: row.uploader),
        Column("哪天传的", lambda row: row.uploaded_at),
        Column("谁审的", lambda row: row.reviewer, wide=True),
        Column("哪天审的", lambda row: row.reviewed_at, wide=True),
        Column("说明", lambda row: row.note, wide=True),
    )


def _find(ask: Ask, wanted: Wanted) -> Found[Line]:
    chosen = wanted.chosen.get("state")
    state = (MaterialState(chosen) if chosen else None) if _works(ask) else MaterialState.APPROVED
    topic = wanted.number("topic")
    rows = desk.find(
        ask.session, words=wanted.words, topic_id=topic, state=state, offset=wanted.offset, limit=wanted.limit
    )
    return Found(rows, desk.count(ask.session, words=wanted.words, topic_id=topic, state=state))


def _material(ask: Ask) -> Material:
    """The version of the address, where this user may see it. Raises `NotThere`."""
    material = ask.session.get(Material, ask.number)
    if material is None or not _seen(ask, material):
        raise NotThere("这份课件")
    return material


def _seen(ask: Ask, material: Material) -> bool:
    return material.state is MaterialState.APPROVED or _works(ask)


def _works(ask: Ask) -> bool:
    return ask.may(ConsoleRole.COORDINATOR)


def _folder(ask: Ask) -> Path:
    return ask.house.config.file(MATERIAL_FOLDER)


def _done(material: Material, said: str) -> Done:
    return Done(f"/materials/{material.id}", said, about=f"课件{material.id}")


PAGES: tuple[Page | Deed, ...] = (
    Page("/materials", show_all, "课件：给老师的讲稿和图片，按题目", village=True, nav="课件", sheet=True),
    Page("/materials/new", show_new, "传一份课件", may=ConsoleRole.COORDINATOR),
    Page(PAGE, show, "一份课件：文件、审核、各个版本", village=True),
    Deed("/materials/add", add, "传课件", "/materials/new", largest=MAX_SIZE + _AROUND),
    Deed(f"{PAGE}/approve", approve, "审过课件", PAGE),
    Deed(f"{PAGE}/return", give_back, "退回课件", PAGE),
    Deed(f"{PAGE}/withdraw", withdraw, "撤下课件", PAGE),
    Deed(f"{PAGE}/file", give, "下载课件", PAGE, may=ConsoleRole.VIEWER, village=True),
)
