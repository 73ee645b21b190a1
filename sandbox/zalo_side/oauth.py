"""The OAuth host: the permission page and the token endpoint."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox.zalo_side.answers import JsonObject, respond
from sandbox.zalo_side.consent import error_page, permission_page
from sandbox.zalo_side.oas import App
from sandbox.zalo_side.tokens import ACCESS_S, Pair
from sandbox.zalo_side.world import World

NAMES = {
    -14002: "Invalid appId",
    -14003: "Invalid redirect uri",
    -14004: "Invalid secret key",
    -14005: "Invalid code",
    -14014: "Invalid refresh token.",
    -14018: "Invalid grant type",
}


class OauthRefusal(Exception):
    """An OAuth error number."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason

    def body(self) -> JsonObject:
        return {
            "error": self.code,
            "error_name": NAMES[self.code],
            "error_description": NAMES[self.code],
            "error_reason": self.reason,
            "ref_doc": "https://developers.zalo.me/docs/social-api/tai-lieu/ma-loi",
            "message": "",
        }


class ConsumedRefresh(Exception):
    """A refresh token came a second time and the sandbox answers that with an empty body."""


def challenge_of(verifier: str) -> str:
    """The S256 challenge: base64url without padding over the raw digest."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Oauth:
    """The request handlers of everything below /oauth."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def unknown(self, request: web.Request) -> web.Response:
        """Every other path, a well-meant /refresh_token too; this host writes the number as a string."""
        body = {"error": "404", "message": "You currently access to an empty api..."}
        return respond(body, self._world.clock.http_date())

    async def show(self, request: web.Request) -> web.Response:
        try:
            app, _ = self._check_link(request.query)
        except OauthRefusal as refusal:
            return _html(error_page(refusal.code, NAMES[refusal.code]))
        return _html(permission_page(app, list(self._world.oas.values())))

    async def grant(self, request: web.Request) -> web.Response:
        """A button was pressed: redirect to the app with code, oa_id and state, or with an error and state."""
        try:
            app, redirect_uri = self._check_link(request.query)
        except OauthRefusal as refusal:
            return _html(error_page(refusal.code, NAMES[refusal.code]))
        form = await _form(request)
        oa_id = form.get("oa_id") or next(iter(self._world.oas))
        if oa_id not in self._world.oas:
            return _html(error_page(-14002, "Unknown OA"))
        # What Zalo's own page does on a refusal is documented nowhere.
        answer = {"error": "user_denied"} if "deny" in form else self._granted(app, oa_id, request.query)
        if "state" in request.query:
            answer["state"] = request.query["state"]
        separator = "&" if urlsplit(redirect_uri).query else "?"
        location = redirect_uri + separator + urlencode(answer)
        return web.Response(status=302, headers={"Location": location})

    def _granted(self, app: App, oa_id: str, query: Mapping[str, str]) -> dict[str, str]:
        self._world.let(oa_id, app.app_id)
        challenge = query.get("code_challenge", "")
        code = self._world.tokens.grant(oa_id, app.app_id, challenge, self._world.clock.now_ms())
        return {"code": code, "oa_id": oa_id}

    def _check_link(self, query: Mapping[str, str]) -> tuple[App, str]:
        app = self._world.apps.get(query.get("app_id", ""))
        if app is None:
            raise OauthRefusal(-14002)
        redirect_uri = query.get("redirect_uri", "")
        saved = app.redirect_uri
        if not redirect_uri.startswith(("https://", "http://")) or saved not in (None, redirect_uri):
            raise OauthRefusal(-14003)
        return app, redirect_uri

    async def token(self, request: web.Request) -> web.Response:
        """Code or refresh token against a new pair."""
        date = self._world.clock.http_date()
        form = await _form(request)
        try:
            pair = self._token(request.headers.get("secret_key", ""), form)
        except OauthRefusal as refusal:
            return respond(refusal.body(), date)
        except ConsumedRefresh:
            return web.Response(headers={"Date": date})
        body = {"access_token": pair.access, "refresh_token": pair.refresh, "expires_in": str(ACCESS_S)}
        return respond(body, date)

    def _token(self, secret: str, form: Mapping[str, str]) -> Pair:
        app = self._world.apps.get(form.get("app_id", ""))
        if app is None:
            raise OauthRefusal(-14002)
        if not hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), app.secret.encode()):
            raise OauthRefusal(-14004)
        if form.get("grant_type") == "authorization_code":
            return self._exchange(app, form)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(app, form.get("refresh_token", ""))
        raise OauthRefusal(-14018)

    def _exchange(self, app: App, form: Mapping[str, str]) -> Pair:
        now = self._world.clock.now_ms()
        grant = self._world.tokens.take_code(form.get("code", ""), app.app_id, now)
        if grant is None:
            raise OauthRefusal(-14005)
        if grant.challenge and grant.challenge.rstrip("=") != challenge_of(form.get("code_verifier", "")):
            raise OauthRefusal(-14005, "code_verifier does not match")
        self._world.tokens.exchanges += 1
        return self._world.tokens.issue(grant.oa_id, app.app_id, now)

    def _refresh(self, app: App, token: str) -> Pair:
        now = self._world.clock.now_ms()
        refresh = self._world.tokens.find_refresh(token, app.app_id)
        if refresh is not None and refresh.used and self._world.options.empty_refresh:
            raise ConsumedRefresh
        if refresh is None or refresh.used or now >= refresh.expires:
            raise OauthRefusal(-14014)
        refresh.used = True
        self._world.tokens.refreshes += 1
        return self._world.tokens.issue(refresh.oa_id, app.app_id, now)


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form; a body that is none has none, as Zalo has no HTTP errors."""
    try:
        return {name: str(value) for name, value in (await request.post()).items()}
    except (ValueError, LookupError):  # broken parts, bytes or character set
        return {}


def _html(page: str) -> web.Response:
    return web.Response(text=page, content_type="text/html")
