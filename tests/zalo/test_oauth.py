"""Granting and refreshing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from zalo_wire import Handler, Request, replying, serving

from zalo import oauth
from zalo.client import AppKeys, Hosts, Zalo
from zalo.errors import ConsumedRefreshToken, ErrorClass, PerhapsSent, Refused, Table

APP = AppKeys("4101110220330440550", "the-app-secret")


def refreshing(handler: Handler) -> tuple[Any, Request]:
    async def main() -> tuple[Any, Request]:
        async with serving(handler) as wire, wire.zalo() as zalo:
            try:
                found: Any = await oauth.refresh(zalo, APP, "old-refresh-token")
            except (Refused, PerhapsSent) as error:
                found = error
            return found, wire.requests[0]

    return asyncio.run(main())


def test_a_refresh_is_a_form_with_the_secret_in_a_header() -> None:
    """Form, header name and grant type as Zalo's SDKs send them."""
    pair, request = refreshing(replying({"access_token": "AT", "refresh_token": "RT", "expires_in": "90000"}))
    assert request.line == "POST /v4/oa/access_token HTTP/1.1"
    assert request.headers["secret_key"] == APP.secret
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.body.decode()) == {
        "refresh_token": ["old-refresh-token"],
        "app_id": [APP.app_id],
        "grant_type": ["refresh_token"],
    }
    assert pair == oauth.TokenPair("AT", "RT", timedelta(hours=25))


def test_a_code_is_exchanged_with_its_verifier() -> None:
    """The verifier travels only when the permission request had a challenge."""

    async def use(zalo: Zalo) -> None:
        await oauth.exchange(zalo, APP, "the-code", "the-verifier")
        await oauth.exchange(zalo, APP, "the-code", None)

    async def main() -> list[Request]:
        body = {"access_token": "AT", "refresh_token": "RT", "expires_in": 3600}
        async with serving(replying(body)) as wire, wire.zalo() as zalo:
            await use(zalo)
            return wire.requests

    with_verifier, without = (parse_qs(request.body.decode()) for request in asyncio.run(main()))
    assert with_verifier["code_verifier"] == ["the-verifier"]
    assert with_verifier["grant_type"] == ["authorization_code"]
    assert "code_verifier" not in without


@pytest.mark.parametrize(
    ("expires", "expected"),
    [("3600", 3600), (3600, 3600), (None, 90000), ("soon", 90000), (-5, 90000), ("9" * 30, 90000)],
)
def test_a_lifetime_is_read_from_text_or_number(expires: object, expected: int) -> None:
    """Zalo sends text; nonsense counts as the documented 25 hours."""
    pair, _ = refreshing(replying({"access_token": "AT", "refresh_token": "RT", "expires_in": expires}))
    assert pair.expires_in == timedelta(seconds=expected)


def test_an_answer_without_a_new_refresh_token_has_none() -> None:
    """The caller keeps the old one then."""
    pair, _ = refreshing(replying({"access_token": "AT", "expires_in": "90000"}))
    assert pair.refresh is None


def test_an_error_of_null_beside_tokens_is_no_error() -> None:
    """The old pair is spent by then: nothing may lose the new one."""
    pair, _ = refreshing(replying({"access_token": "AT", "refresh_token": "RT", "error": None}))
    assert (pair.access, pair.refresh) == ("AT", "RT")


def test_an_empty_answer_means_a_used_refresh_token() -> None:
    """Seen in production: 200 without a body for a token that was used before."""
    error, _ = refreshing(replying(b""))
    assert isinstance(error, ConsumedRefreshToken)
    assert (error.code, error.table, error.empty_body) == (-14014, Table.OAUTH, True)
    assert error.__context__ is None


def test_a_dead_refresh_token_is_refused() -> None:
    """Its class says that only a person can help."""
    error, _ = refreshing(replying({"error": -14014, "error_name": "Invalid refresh token."}))
    assert isinstance(error, Refused)
    assert error.error_class is ErrorClass.TOKEN


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 5}, {"error": 0}])
def test_an_answer_without_access_token_is_an_unknown_outcome(body: dict[str, object]) -> None:
    """The old token may be spent."""
    error, _ = refreshing(replying(body))
    assert isinstance(error, PerhapsSent)


def test_a_wrong_path_in_quotes_is_a_refusal() -> None:
    """The OAuth host answers unknown paths with a quoted 404 inside a 200."""
    error, _ = refreshing(replying({"error": "404", "message": "You currently access to an empty api"}))
    assert isinstance(error, Refused)
    assert error.code == 404


def test_the_permission_address_has_the_four_parameters() -> None:
    """Nothing else is read by Zalo."""
    url = urlsplit(oauth.permission_url(Hosts.ZALO, "41", "https://x.vn/cb?a=1", "st/ate", "chal"))
    assert url.netloc + url.path == "oauth.zaloapp.com/v4/oa/permission"
    assert parse_qs(url.query) == {
        "app_id": ["41"],
        "redirect_uri": ["https://x.vn/cb?a=1"],
        "code_challenge": ["chal"],
        "state": ["st/ate"],
    }


def test_pkce_can_be_left_out() -> None:
    """Many live integrations send no challenge."""
    assert "code_challenge" not in oauth.permission_url(Hosts.ZALO, "41", "https://x.vn", "s", None)


def test_a_verifier_gives_the_same_challenge_in_both_base64_alphabets() -> None:
    """Zalo's pages and SDKs disagree on the alphabet, so neither + nor / may occur."""
    for verifier in {oauth.new_verifier() for _ in range(50)}:
        assert len(verifier) == 43
        assert verifier.isalnum()
        assert oauth.challenge(verifier).isalnum()


def test_the_challenge_is_the_one_of_the_pkce_standard() -> None:
    """The example of RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
