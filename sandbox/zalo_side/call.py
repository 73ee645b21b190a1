"""One request of an OA to one of the API hosts, after it proved who it is."""

import json
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.zalo_side.answers import JsonObject, Refusal, read_object
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """A request together with the OA that its token belongs to."""

    world: World
    oa: Oa
    request: web.Request
    now: int

    async def body(self) -> JsonObject:
        """The JSON object of a POST to the OA host. Raises Refusal -201."""
        body = read_object(await self.request.read())
        if body is None:
            raise Refusal(-201, "body is invalid!")
        return body

    def data(self) -> JsonObject:
        """The parameters of a GET: JSON in the one query parameter `data`. Raises Refusal -201."""
        data = read_object(self.request.query.get("data", "").encode("utf-8", "surrogatepass"))
        if data is None:
            raise Refusal(-201, "data is invalid!")
        return data


Endpoint = Callable[[Call], Awaitable[JsonObject]]


def text_of(body: dict[str, Any], name: str) -> str:
    """A required id or text, numbers tolerated. Raises Refusal -201 naming the field."""
    value = body.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(-201, f"{name} is invalid!")
    return value


def whole(text: str) -> int | None:
    """The number that ASCII digits write, None for any other text; 18 digits are more than any limit."""
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else None


def number_of(body: dict[str, Any], name: str, most: int) -> int:
    """A required whole number from 0 to `most`. Raises Refusal -201, above the limit -210."""
    value = body.get(name)
    if isinstance(value, str):
        value = whole(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refusal(-201, f"{name} is invalid!")
    if value > most:
        raise Refusal(-210, f"{name} exceeds allowable limit, max {most}")
    return value


def block_of(body: dict[str, Any], name: str) -> JsonObject:
    """A required object. Raises Refusal -201 naming the field."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refusal(-201, f"{name} is invalid!")
    return value


def characters(text: str) -> int:
    """Length as Zalo's limits count it: characters after NFC (decomposed Vietnamese would count double)."""
    return len(unicodedata.normalize("NFC", text))


def as_text(value: Any) -> str:
    """A template value as text; numbers are tolerated as Zalo's samples show one."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
