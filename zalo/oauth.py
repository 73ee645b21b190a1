"""How an OA grants an app access, and how its tokens stay alive."""

import base64
import hashlib
import secrets
import string
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from zalo.client import Answer, AppKeys, Call, Host, Hosts, Zalo
from zalo.errors import ConsumedRefreshToken, PerhapsSent, Table
from zalo.payload import as_int

ACCESS_LIFETIME = timedelta(hours=25)
REFRESH_LIFETIME = timedelta(days=90)
_PATH = "/v4/oa/access_token"
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class TokenPair:
    """New tokens. `refresh` is None when Zalo sent none: keep the old one then."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_in: timedelta


def permission_url(hosts: Hosts, app_id: str, redirect_uri: str, state: str, challenge: str | None) -> str:
    """Where an OA's admin grants the app access.

    `redirect_uri` must be the console's saved callback byte for byte. `challenge` None leaves PKCE out,
    as many live integrations do.
    """
    query = {"app_id": app_id, "redirect_uri": redirect_uri}
    if challenge is not None:
        query["code_challenge"] = challenge
    query["state"] = state
    return hosts.url(Host.OAUTH, "/v4/oa/permission") + "?" + urlencode(query)


def new_verifier() -> str:
    """A PKCE verifier of 43 letters and digits.

    Zalo's pages say base64, its SDKs use base64url: verifiers are drawn until both give the same challenge.
    """
    while True:
        verifier = "".join(secrets.choice(_ALPHABET) for _ in range(43))
        if not set(challenge(verifier)) & {"-", "_"}:
            return verifier


def challenge(verifier: str) -> str:
    """The PKCE challenge: base64url without padding of the verifier's SHA-256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


async def exchange(zalo: Zalo, app: AppKeys, code: str, verifier: str | None) -> TokenPair:
    """Trade an authorisation code (single use, 10 minutes) for tokens. Raises ZaloError."""
    form = {"code": code, "app_id": app.app_id, "grant_type": "authorization_code"}
    if verifier is not None:
        form["code_verifier"] = verifier
    return _pair(await zalo.call(_call(app, form)))


async def refresh(zalo: Zalo, app: AppKeys, refresh_token: str) -> TokenPair:
    """Trade the single-use refresh token for a new pair; the old access token dies at once.

    Raises ConsumedRefreshToken for a 200 answer without a body, and ZaloError otherwise. After PerhapsSent
    the token may or may not be spent.
    """
    form = {"refresh_token": refresh_token, "app_id": app.app_id, "grant_type": "refresh_token"}
    consumed = False
    try:
        answer = await zalo.call(_call(app, form))
    except PerhapsSent as unknown:
        if not unknown.empty_body:
            raise
        consumed = True
    if consumed:
        raise ConsumedRefreshToken
    return _pair(answer)


def _call(app: AppKeys, form: dict[str, str]) -> Call:
    return Call("POST", Host.OAUTH, _PATH, Table.OAUTH, secret=app.secret, form=form)


def _pair(answer: Answer) -> TokenPair:
    access, renewed = answer.body.get("access_token"), answer.body.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise PerhapsSent(f"{_PATH}: the answer holds no access token", status=200)
    seconds = as_int(answer.body.get("expires_in"))  # a string on the wire: "90000"
    lifetime = timedelta(seconds=seconds) if seconds and 0 < seconds < 10**9 else ACCESS_LIFETIME
    return TokenPair(access, renewed if isinstance(renewed, str) and renewed else None, lifetime)
