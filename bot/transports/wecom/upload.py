"""A picture, brought to WeCom in chunks so that it can be said by its id.

By WeCom's documentation (上传临时素材): init tells name, size, number of chunks and md5 and gets an upload_id; each
chunk is base64 of at most 512 KB; finish gives a media_id that is good for three days. Seen in practice: nothing but a
media_id is taken for a picture.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable

from bot.transports.base import NotSent
from bot.transports.wecom.link import Frame

Ask = Callable[[str, Frame], Awaitable[Frame]]  # a command and its body; gives the answer's body


async def upload(ask: Ask, picture: bytes, name: str, chunk: int) -> str:
    """The picture's media_id. Whatever fails here, nothing was said yet."""
    parts = [picture[at : at + chunk] for at in range(0, len(picture), chunk)]
    about = {
        "type": "image",
        "filename": name,
        "total_size": len(picture),
        "total_chunks": len(parts),
        "md5": hashlib.md5(picture).hexdigest(),  # noqa: S324 - what they ask for
    }
    upload_id = _told(await ask("aibot_upload_media_init", about), "upload_id")
    for number, part in enumerate(parts):
        piece = {"upload_id": upload_id, "chunk_index": number, "base64_data": base64.b64encode(part).decode()}
        await ask("aibot_upload_media_chunk", piece)
    return _told(await ask("aibot_upload_media_finish", {"upload_id": upload_id}), "media_id")


def _told(body: Frame, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise NotSent("企业微信没给图片编号")
    return value
