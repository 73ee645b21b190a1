"""The one door to Zalo: every request of the library goes through `Zalo.call`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

import httpx

from zalo.errors import NotSent, PerhapsSent, Refused, Table
from zalo.payload import NotJson, as_text, clean, decode_object
from zalo.signature import appsecret_proof
from zalo.transport import AnswerTooLarge, exchange, failure_name, new_client, surely_not_sent

File = tuple[str, bytes, str]  # name, content, content type
_LONGEST_MESSAGE = 300
_LARGEST_CODE = 10**9  # what a database column and `_QUOTED_NUMBER` take
_QUOTED_NUMBER = re.compile(r"\s*-?[0-9]{1,9}\s*")


class Host(StrEnum):
    """Zalo's three API hosts."""

    OAUTH = "oauth"
    OPENAPI = "openapi"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Base URLs without trailing slash; `Hosts.ZALO` are the real ones."""

    oauth: str
    openapi: str
    business: str
    ZALO: ClassVar["Hosts"]

    def url(self, host: Host, path: str) -> str:
        """The full address of `path` on `host`."""
        return str(getattr(self, host.value)).rstrip("/") + path


Hosts.ZALO = Hosts("https://oauth.zaloapp.com", "https://openapi.zalo.me", "https://business.openapi.zalo.me")


@dataclass(frozen=True, slots=True)
class AppKeys:
    """A Zalo app. `use_proof` adds `appsecret_proof` to calls, for apps with that console switch on."""

    app_id: str
    secret: str = field(repr=False)
    use_proof: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `data` becomes Zalo's single `data=` JSON query parameter, `query` plain parameters."""

    method: str
    host: Host
    path: str
    table: Table
    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    data: Mapping[str, Any] | None = field(default=None, repr=False)
    query: Mapping[str, str | int] | None = field(default=None, repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    files: Mapping[str, File] | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Zalo's answer with `error` 0. `server_date` is the HTTP Date header, aware UTC."""

    body: dict[str, Any] = field(repr=False)
    server_date: datetime | None = None

    @property
    def data(self) -> Any:
        """The `data` member: an object, an array or None."""
        return self.body.get("data")


class Zalo:
    """A connection pool to Zalo. Make one per event loop and close it; safe for many tasks at once."""

    def __init__(
        self,
        hosts: Hosts = Hosts.ZALO,
        *,
        total_limit: float = 15.0,
        client: httpx.AsyncClient | None = None,
        app: AppKeys | None = None,
    ) -> None:
        self.hosts = hosts
        self.total_limit = total_limit
        self._client = client or new_client(total_limit=total_limit)
        self._app = app

    def for_app(self, app: AppKeys) -> "Zalo":
        """The same connections, with `appsecret_proof` of `app` on every call when the app asks for it."""
        return Zalo(self.hosts, total_limit=self.total_limit, client=self._client, app=app)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def call(self, call: Call) -> Answer:
        """Send one request, once. Returns when Zalo said `error` 0 within `total_limit` seconds.

        Raises NotSent, PerhapsSent or Refused and nothing else, none of them with a secret in its text.
        """
        outcome = await self._attempt(call)
        # Raised here, outside any except block, so that no lower exception hangs on it as context: those
        # may quote headers or bodies.
        if isinstance(outcome, Answer):
            return outcome
        raise outcome

    async def _attempt(self, call: Call) -> Answer | NotSent | PerhapsSent | Refused:
        refusal = _unusable_credential(call)
        if refusal is not None:
            return refusal
        try:
            request = self._request(call)
        except Exception as failure:
            return NotSent(f"request to {call.path} could not be built: {failure_name(failure)}")
        try:
            response, content = await exchange(self._client, request, total_limit=self.total_limit)
        except TimeoutError:
            return PerhapsSent(f"no complete answer from {call.path} within {self.total_limit:g} s")
        except AnswerTooLarge:
            return PerhapsSent(f"answer of {call.path} is too large")
        except Exception as failure:
            kind = NotSent if surely_not_sent(failure) else PerhapsSent
            return kind(f"{call.path}: {failure_name(failure)}")
        return _read_answer(call, response, content)

    def _request(self, call: Call) -> httpx.Request:
        query = dict(call.query or {})
        if call.data is not None:
            query["data"] = json.dumps(call.data, ensure_ascii=False, separators=(",", ":"))
        return self._client.build_request(
            call.method,
            self.hosts.url(call.host, call.path),
            params=query or None,
            json=call.json,
            data=call.form,
            files=call.files,
            headers=self._headers(call),
        )

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {"accept": "application/json", "accept-encoding": "identity", **(call.headers or {})}
        if call.token is not None:
            headers["access_token"] = call.token
            if self._app is not None and self._app.use_proof:
                headers["appsecret_proof"] = appsecret_proof(self._app.secret, call.token)
        if call.secret is not None:
            headers["secret_key"] = call.secret
        return headers


def _unusable_credential(call: Call) -> Refused | None:
    # A pasted token with a line break or a smart quote fits in no header: Zalo would have to refuse it too.
    if call.token is not None and not _fits_header(call.token):
        return Refused(call.table, -216, "the access token holds characters that no token has")
    if call.secret is not None and not _fits_header(call.secret):
        return Refused(Table.OAUTH, -14004, "the app secret holds characters that no secret has")
    return None


def _fits_header(text: str) -> bool:
    return text != "" and all("!" <= character <= "~" for character in text)


def _read_answer(call: Call, response: httpx.Response, content: bytes) -> Answer | PerhapsSent | Refused:
    status = response.status_code
    if status != 200:  # business errors come with 200, so this is a proxy or gateway talking
        return PerhapsSent(f"{call.path}: HTTP status {status}", status=status)
    if not content.strip():
        return PerhapsSent(f"{call.path}: empty answer", status=status, empty_body=_has_end(response))
    try:
        body = decode_object(content)
    except NotJson:
        return PerhapsSent(f"{call.path}: the answer is no JSON object", status=status)
    code = _error_code(body, call.table)
    if code is None:
        return PerhapsSent(f"{call.path}: the answer has no error code", status=status)
    if code != 0:
        return Refused(call.table, code, _message(call, body))
    return Answer(body, server_date(response))


def _has_end(response: httpx.Response) -> bool:
    """Whether the answer said where it ends; else an empty one may be a connection that died after its headers."""
    return "content-length" in response.headers or "transfer-encoding" in response.headers


def _error_code(body: Mapping[str, Any], table: Table) -> int | None:
    """Zalo's `error`; the OAuth host quotes it, and leaves it out (or null) on success."""
    error = body.get("error")
    if error is None and table is Table.OAUTH:
        return 0
    if isinstance(error, str) and _QUOTED_NUMBER.fullmatch(error):
        return int(error)
    if not isinstance(error, int) or isinstance(error, bool):
        return None
    return error if abs(error) < _LARGEST_CODE else None


def _message(call: Call, body: Mapping[str, Any]) -> str:
    keys = ("message", "error_name", "error_description")
    text = next((found for key in keys if (found := as_text(body.get(key)))), "")
    for secret in (call.token, call.secret, *(call.form or {}).values()):
        if secret and len(secret) >= 8:
            text = text.replace(secret, "[hidden]")
    return clean(" ".join(text.split()))[:_LONGEST_MESSAGE]


def server_date(response: httpx.Response) -> datetime | None:
    """The Date header of an answer, aware UTC; None without one that can be read."""
    try:
        moment = parsedate_to_datetime(response.headers["date"])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (KeyError, ValueError, OverflowError):
        return None
