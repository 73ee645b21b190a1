"""One Bot API request's parameters, whichever of Telegram's encodings they came in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

from sandbox.telegram.errors import ApiError, bad_request

MAX_UPLOAD = 50 * 1024 * 1024
MAX_FIELD = 1024 * 1024
TRUE_WORDS = frozenset({"true", "yes", "1"})


@dataclass(frozen=True)
class Upload:
    """A file that came inside a request."""

    file_name: str
    data: bytes
    content_type: str


@dataclass(frozen=True)
class Args:
    """Parameters by name, read as leniently as Telegram reads them."""

    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the parameter was sent and is not empty."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """The parameter as text, "" when it was not sent."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str, default: int = 0) -> int:
        """The parameter as a number; what is no number counts as the default."""
        try:
            return int(self.text(name).strip())
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """True for true, yes and 1."""
        return self.text(name).strip().lower() in TRUE_WORDS

    def json(self, name: str, kind: str) -> Any:
        """The decoded parameter, None when it was not sent; `kind` names it in the error."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {kind} JSON object") from None


async def read_args(request: web.Request) -> Args:
    """Query string and body together; the body wins. 413 for a file above 50 MB."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        if request.content_type.startswith("multipart/"):
            await _read_multipart(request, values, uploads)
        else:
            values.update(_decode_body(request.content_type, await read_body(request, MAX_FIELD)))
    return Args(values, uploads)


def _decode_body(content_type: str, raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    if content_type != "application/json":
        return dict(parse_qsl(text, keep_blank_values=True))
    try:
        body = json.loads(text or "{}")
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("can't parse JSON object")
    return body


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body, however small the application's own limit is; 413 above `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size <= limit:
            parts.append(chunk)
    # Read to the end first: a client that is still writing would see a broken pipe instead of 413.
    if size > limit:
        raise ApiError(413, "Request Entity Too Large")
    return b"".join(parts)


async def _read_multipart(request: web.Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    too_large = False
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        limit = MAX_FIELD if part.filename is None else MAX_UPLOAD
        data = await _read_part(part, limit)
        if data is None:
            too_large = True
        elif part.filename is None:
            values[part.name] = data.decode("utf-8", "replace")
        else:
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename, data, content_type)
    if too_large:
        raise ApiError(413, "Request Entity Too Large")


async def _read_part(part: BodyPartReader, limit: int) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    while chunk := await part.read_chunk(256 * 1024):
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
    return b"".join(chunks) if size <= limit else None
