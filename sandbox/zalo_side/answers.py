"""Zalo's answers: an envelope in JSON, an error number inside it, and HTTP 200 around both."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

JsonObject = dict[str, Any]


class Refusal(Exception):
    """Zalo says no: `code` and `message` become the answer's `error` and `message`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message

    def body(self) -> JsonObject:
        return {"error": self.code, "message": self.message}


def success(data: Any) -> JsonObject:
    """The envelope of the OA host."""
    return {"data": data, "error": 0, "message": "Success"}


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(body: Any, *, readable: bool = False) -> bytes:
    """Compact JSON in raw UTF-8; a lone surrogate passes through, as wild input must be possible.

    `readable` escapes it, so that every JSON reader takes the answer.
    """
    return _ENCODER.encode(body).encode("utf-8", "backslashreplace" if readable else "surrogatepass")


def respond(body: Mapping[str, Any], date: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """HTTP 200 with JSON and the sandbox clock's `Date`."""
    response = web.Response(body=dumps(body), content_type="application/json", charset="utf-8")
    response.headers["Date"] = date
    if headers:
        response.headers.update(headers)
    return response


def read_object(raw: bytes) -> JsonObject | None:
    """The JSON object in `raw`, or None when it is anything else."""
    try:
        body = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _no_number(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which Python reads and JSON does not have
