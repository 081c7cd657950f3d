"""A form as it came over HTTP, read within limits."""

from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.console.values import Form, Upload, clean_field
from data.names import clean_name

BODY = 512 * 1024  # bytes of a form without files
FIELDS = 3000  # of one form


async def read_form(request: web.Request, largest: int) -> Form:
    """What was sent, as far as it may weigh. Raises aiohttp's own errors for what is too large or no form."""
    if (request.content_length or 0) > (largest or BODY):
        raise web.HTTPRequestEntityTooLarge(largest or BODY, request.content_length or 0)
    if request.content_type == "multipart/form-data":
        return await _multipart(request, largest)
    if request.content_type != "application/x-www-form-urlencoded" and request.can_read_body:
        raise web.HTTPUnsupportedMediaType
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY:
            raise web.HTTPRequestEntityTooLarge(BODY, len(body))
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=FIELDS)
    except ValueError as error:
        raise web.HTTPBadRequest from error
    fields: dict[str, list[str]] = {}
    for key, value in pairs:
        fields.setdefault(key, []).append(clean_field(value))
    return Form({key: tuple(values) for key, values in fields.items()})


async def _multipart(request: web.Request, largest: int) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[Upload]] = {}
    weight = count = 0
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            count += 1
            if not isinstance(part, BodyPartReader) or not part.name or count > FIELDS:
                raise web.HTTPBadRequest
            body = bytearray()
            while chunk := await part.read_chunk():
                weight += len(chunk)
                if weight > (largest or BODY):
                    raise web.HTTPRequestEntityTooLarge(largest or BODY, weight)
                body += chunk
            if part.filename is None:
                fields.setdefault(part.name, []).append(clean_field(body.decode("utf-8", "replace")))
            elif body and largest:
                files.setdefault(part.name, []).append(Upload(_file_name(part.filename), bytes(body)))
    except (ValueError, AssertionError, RuntimeError, Warning, HttpProcessingError) as error:
        raise web.HTTPBadRequest from error
    return Form({key: tuple(each) for key, each in fields.items()}, {key: tuple(each) for key, each in files.items()})


def _file_name(raw: str) -> str:
    """The last part of a name, whatever slashes it came with."""
    return clean_name(raw.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".")) or "文件"
