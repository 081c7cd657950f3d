"""照片: the pictures of a lecture, kept with it and shown."""

from collections.abc import Sequence

from bot.console.pages.lecture import lecture_of
from bot.console.values import Answer, Ask, Deed, Done, Download, Page, Upload
from data import photos
from data.desk_errors import BadEntry, NotThere
from data.errors import NoPicture, PhotosFull
from data.loop import Lecture, Photo
from data.photos import Kept, PictureCut

UPLOAD = 3 * photos.MAX_SIZE  # bytes of one form


def add_photos(ask: Ask) -> Done:
    """Keep pictures with it; those that it has already are not kept twice."""
    lecture = lecture_of(ask)
    sent = ask.form.files.get("photos", ())
    if not sent:
        raise BadEntry("照片", "请选照片（JPG、PNG、WebP、GIF）。")
    kept, refused = _keep_each(ask, lecture, sent)
    if refused and not kept:
        raise BadEntry("照片", "没有存：" + "；".join(refused))
    new = sum(each.new for each in kept)
    known = len(kept) - new
    said = [f"存了{new}张照片。", f"{known}张已经有了。" if known else ""]
    said += [f"没有存{each}" for each in refused]
    return Done(f"/lectures/{lecture.id}#photos", "".join(said), about=f"课{lecture.id}", detail={"照片": new})


def _keep_each(ask: Ask, lecture: Lecture, sent: Sequence[Upload]) -> tuple[list[Kept], list[str]]:
    """What became of each picture, and the names of those that were refused, with why."""
    kept, refused = [], []
    for each in sent:
        try:
            kept.append(
                photos.keep(
                    ask.session, lecture, each.body, folder=ask.knowledge.photos, member_id=ask.user.member_id,
                    now=ask.now, rules=ask.rules,
                )
            )  # fmt: skip
        except (NoPicture, PictureCut, PhotosFull) as declined:
            refused.append(f"“{each.name[:30]}”：{declined.at_desk}")
    return kept, refused


def photo(ask: Ask) -> Answer:
    """A picture of it, as it was sent."""
    lecture = lecture_of(ask)
    row = ask.session.get(Photo, ask.id("id"))
    if row is None or row.lecture_id != lecture.id:
        raise NotThere("这张照片")
    folder = ask.knowledge.photos.resolve()
    path = (folder / row.path).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotThere("这张照片")
    body = path.read_bytes()
    kind = photos.kind_of(body)
    if kind is None:
        raise NotThere("这张照片")
    name = f"课{lecture.id}-{row.id}.{kind}"
    return Download(name, f"image/{'jpeg' if kind == 'jpg' else kind}", body, inline=True)


_ONE = "/lectures/{number}"
PAGES: tuple[Page | Deed, ...] = (
    Page(f"{_ONE}/photos/{{id}}", photo, "一张照片", village=True),
    Deed(f"{_ONE}/photos", add_photos, "存照片", _ONE, village=True, largest=UPLOAD),
)
