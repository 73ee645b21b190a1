"""The three upload calls: one multipart part named `file`."""

from aiohttp import web

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call


async def _take(call: Call, kind: str) -> str:
    try:
        form = await call.request.post()
    except ValueError:
        raise Refusal(-201, "file is invalid!") from None
    part = form.get("file")
    if not isinstance(part, web.FileField):
        raise Refusal(-201, "file is invalid!")
    call.world.uploads.count(call.oa.oa_id, kind, call.world.today()[:7], call.oa.upload_total)
    return call.world.uploads.add(call.oa.oa_id, kind, part.filename, part.file.read(), call.now)


async def image(call: Call) -> JsonObject:
    """jpg or png up to 1 MB."""
    return success({"attachment_id": await _take(call, "image")})


async def gif(call: Call) -> JsonObject:
    """gif up to 5 MB."""
    return success({"attachment_id": await _take(call, "gif")})


async def file(call: Call) -> JsonObject:
    """pdf, doc, docx or csv up to 5 MB; the answer calls the id a token."""
    return success({"token": await _take(call, "file")})
