"""The one door: what goes on the wire, what comes back, and that no secret leaks out of it."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from zalo_wire import Handler, Request, Wire, read_request, replying, reset, serving

from zalo import oa, oauth, zns
from zalo.client import Answer, AppKeys, Call, Host, Hosts, Zalo
from zalo.errors import ErrorClass, NotSent, PerhapsSent, Refused, Table, ZaloError
from zalo.signature import appsecret_proof

TOKEN = "token-ZXCVBNM-1234567890"
SECRET = "secret-QWERTYUIOP"
PHONE = "84901234567"


def calling(handler: Handler, use: Callable[[Zalo], Awaitable[Any]], app: AppKeys | None = None) -> Any:
    async def main() -> Any:
        async with serving(handler) as wire, wire.zalo(app=app) as zalo:
            return await use(zalo), wire

    return asyncio.run(main())


def seen(use: Callable[[Zalo], Awaitable[Any]], body: Any = None, app: AppKeys | None = None) -> Request:
    _, wire = calling(replying(body or {"error": 0, "data": {}}), use, app)
    return wire.requests[0]


def get(**more: Any) -> Call:
    return Call("GET", Host.OPENAPI, "/v2.0/oa/getoa", Table.OA, token=TOKEN, **more)


def refused_with(body: Any) -> Refused:
    async def use(zalo: Zalo) -> Refused:
        with pytest.raises(Refused) as caught:
            await zalo.call(get())
        return caught.value

    found, _ = calling(replying(body), use)
    return found


def test_the_token_travels_in_a_header_named_access_token() -> None:
    """Zalo ignores Authorization, and a token in the address would end up in logs."""
    request = seen(lambda zalo: zalo.call(get()))
    assert request.headers["access_token"] == TOKEN
    assert "authorization" not in request.headers
    assert request.headers["accept-encoding"] == "identity"  # nothing that unpacks to more than it is
    assert TOKEN not in request.line


def test_the_data_parameter_is_one_compact_json() -> None:
    """Endpoints under /oa take all parameters as one JSON value."""
    request = seen(lambda zalo: zalo.call(get(data={"offset": 0, "tag_name": "khách & bạn"})))
    query = parse_qs(urlsplit(request.target).query)
    assert query == {"data": ['{"offset":0,"tag_name":"khách & bạn"}']}


def test_a_json_body_is_utf8() -> None:
    """Vietnamese text is sent as it is, not escaped."""
    call = Call("POST", Host.OPENAPI, "/x", Table.OA, token=TOKEN, json={"text": "Xin chào"})
    request = seen(lambda zalo: zalo.call(call))
    assert request.body == '{"text":"Xin chào"}'.encode()
    assert request.headers["content-type"] == "application/json"


def test_the_proof_is_sent_only_for_apps_that_ask_for_it() -> None:
    """A console switch of the app; off by default."""
    with_proof = seen(lambda zalo: zalo.call(get()), app=AppKeys("1", SECRET, use_proof=True))
    assert with_proof.headers["appsecret_proof"] == appsecret_proof(SECRET, TOKEN)
    assert "appsecret_proof" not in seen(lambda zalo: zalo.call(get()), app=AppKeys("1", SECRET)).headers


def test_apps_share_connections_but_not_proofs() -> None:
    """`for_app` is a view over the same pool."""

    async def use(zalo: Zalo) -> None:
        await zalo.for_app(AppKeys("1", SECRET, use_proof=True)).call(get())
        await zalo.call(get())

    _, wire = calling(replying({"error": 0}), use)
    assert wire.connections == 1
    assert ["appsecret_proof" in request.headers for request in wire.requests] == [True, False]


def test_an_answer_carries_data_and_zalos_clock() -> None:
    """The Date header dates facts that were pulled."""
    handler = replying({"error": 0, "data": {"a": 1}}, headers="Date: Mon, 23 Nov 2026 02:00:00 GMT\r\n")
    found, _ = calling(handler, lambda zalo: zalo.call(get()))
    assert found.data == {"a": 1}
    assert found.server_date == datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    [
        *("", "Date: yesterday\r\n", "Date: Mon, 99 Nov 2026 02:00:00 GMT\r\n"),
        "Date: Fri, 31 Dec 9999 23:59:59 -0500\r\n",
    ],
)
def test_an_answer_without_a_usable_date_is_still_an_answer(header: str) -> None:
    """The clock is a bonus."""
    found, _ = calling(replying({"error": 0}, headers=header), lambda zalo: zalo.call(get()))
    assert isinstance(found, Answer)
    assert found.server_date is None


@pytest.mark.parametrize(("error", "code"), [(-216, -216), ("-216", -216), ("404", 404), (" -32 ", -32)])
def test_an_error_is_read_as_a_number_or_as_digits_in_quotes(error: object, code: int) -> None:
    """The OAuth host quotes its codes."""
    assert refused_with({"error": error, "message": "x"}).code == code


def test_an_error_number_no_column_can_hold_is_an_unknown_outcome() -> None:
    """It cannot be one of Zalo's."""

    async def use(zalo: Zalo) -> None:
        with pytest.raises(PerhapsSent):
            await zalo.call(get())

    calling(replying({"error": 10**30}), use)


def test_an_error_with_status_200_is_a_refusal_with_its_class() -> None:
    """Zalo's business errors all come with 200."""
    refused = refused_with({"error": -216, "message": "Access token has expired"})
    assert refused.error_class is ErrorClass.TOKEN
    assert refused.message == "Access token has expired"


def test_a_refusals_message_is_cleaned_cut_and_without_the_token() -> None:
    """It is stored and shown, so it must be storable, short and harmless."""
    refused = refused_with({"error": -201, "message": f"bad\x00\ud800 \n {TOKEN} " + "x" * 5000})
    assert refused.message.startswith("bad\ufffd\ufffd [hidden] xxx")
    assert len(refused.message) == 300


def test_a_refusal_without_message_uses_the_oauth_field() -> None:
    """The OAuth host writes `error_name` where others write `message`."""
    assert refused_with({"error": -14003, "error_name": "Invalid redirect uri", "message": ""}).message == (
        "Invalid redirect uri"
    )


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tab\t", "smart”quote", "\ud800", "nul\0"])
def test_a_token_that_fits_in_no_header_is_refused_here(token: str) -> None:
    """A badly pasted token counts as a dead token, and nothing is sent."""

    async def use(zalo: Zalo) -> Refused:
        with pytest.raises(Refused) as caught:
            await oa.get_profile(zalo, token)
        return caught.value

    refused, wire = calling(replying({"error": 0}), use)
    assert refused.error_class is ErrorClass.TOKEN
    assert wire.connections == 0


def test_a_request_that_cannot_be_built_is_not_sent() -> None:
    """A lone surrogate fits in no JSON body."""

    async def use(zalo: Zalo) -> None:
        with pytest.raises(NotSent):
            await zalo.call(Call("POST", Host.OPENAPI, "/x", Table.OA, token=TOKEN, json={"a": "\ud800"}))

    _, wire = calling(replying({"error": 0}), use)
    assert wire.connections == 0


async def echoing_garbage(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await read_request(wire, reader)
    writer.write(f"{TOKEN} {SECRET} {PHONE}\r\n".encode() + request.body)
    await writer.drain()


async def dying(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(wire, reader)
    reset(writer)


ECHO = {"error": -201, "message": f"{TOKEN} {SECRET} {PHONE} is invalid", "error_name": SECRET}
FAILURES: dict[str, Handler] = {
    "garbage": echoing_garbage,
    "reset": dying,
    "refusal": replying(ECHO),
    "gateway": replying(f"<html>{TOKEN}{SECRET}{PHONE}</html>".encode(), status="502 Bad Gateway"),
    "no JSON": replying(f"{TOKEN}{SECRET}{PHONE}".encode()),
}
USES: dict[str, Callable[[Zalo], Awaitable[Any]]] = {
    "oauth": lambda zalo: oauth.refresh(zalo, AppKeys("1", SECRET), TOKEN),
    "zns": lambda zalo: zns.send(
        zalo, TOKEN, phone=PHONE, template_id="1", params={"otp": SECRET}, tracking_id="a1", development=False
    ),
    "oa": lambda zalo: oa.send_message(zalo, TOKEN, {"text": PHONE}),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("use", USES)
def test_no_secret_and_no_phone_in_errors_and_logs(use: str, failure: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whole tracebacks included: chained exceptions of the layers below quote what was received."""
    caplog.set_level(logging.DEBUG)

    async def attempt(zalo: Zalo) -> ZaloError:
        try:
            await USES[use](zalo)
        except ZaloError as error:
            return error
        raise AssertionError("an error was expected")

    error, _ = calling(FAILURES[failure], attempt)
    said = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert error.__cause__ is None
    assert not [word for word in (TOKEN, SECRET, PHONE) if word in said]


def test_no_secret_in_the_repr_of_any_value() -> None:
    """Values end up in logs and in debuggers."""
    values = [
        AppKeys("1", SECRET),
        get(json={"a": PHONE}, secret=SECRET, headers={"x": SECRET}),
        Answer({"access_token": TOKEN}),
        oauth.TokenPair(TOKEN, TOKEN, oauth.ACCESS_LIFETIME),
        Zalo(app=AppKeys("1", SECRET)),
    ]
    assert not [value for value in values if any(word in repr(value) for word in (TOKEN, SECRET, PHONE))]


def test_a_nested_failure_hides_its_cause_too() -> None:
    """What httpx and aiohttp say stays inside; only their class names come out."""

    async def use(zalo: Zalo) -> PerhapsSent:
        with pytest.raises(PerhapsSent) as caught:
            await zalo.call(get())
        return caught.value

    error, _ = calling(echoing_garbage, use)
    assert error.__context__ is None
    assert "BadStatusLine" in str(error)


def test_hosts_may_have_paths_and_no_double_slash() -> None:
    """The sandbox stands in for Zalo's hosts with a path prefix."""
    hosts = Hosts("http://a/oauth/", "http://a/openapi", "http://a/business")
    assert hosts.url(Host.OAUTH, "/v4/x") == "http://a/oauth/v4/x"
    assert Hosts.ZALO.url(Host.BUSINESS, "/message/template") == ("https://business.openapi.zalo.me/message/template")


def test_a_client_can_be_made_without_a_running_loop() -> None:
    """Programs wire up before they run; connections open on first use."""
    zalo = Zalo(Hosts.ZALO)
    asyncio.run(zalo.aclose())


def test_big_ids_in_bare_numbers_keep_their_digits() -> None:
    """Ids are beyond 2^53; some answers have them as numbers."""
    body = json.dumps({"error": 0, "data": {"oa_id": 1909960308246281948, "name": "A"}}).encode()
    found, _ = calling(replying(body), lambda zalo: oa.get_profile(zalo, TOKEN))
    assert found.oa_id == "1909960308246281948"
