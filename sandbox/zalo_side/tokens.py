"""Authorization codes, access tokens and refresh tokens: each belongs to an OA and the app it granted."""

import secrets
from dataclasses import dataclass

CODE_MS = 10 * 60_000
ACCESS_S = 90_000
REFRESH_MS = 90 * 86_400_000


@dataclass(slots=True)
class Code:
    """A permission granted on the consent page: single use, ten minutes."""

    oa_id: str
    app_id: str
    challenge: str
    expires: int


@dataclass(slots=True)
class Access:
    oa_id: str
    app_id: str
    expires: int


@dataclass(slots=True)
class Refresh:
    oa_id: str
    app_id: str
    expires: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str


class TokenStore:
    """Only the newest access token of an OA and app lives; a refresh token works once."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Refresh] = {}
        self._current: dict[tuple[str, str], Pair] = {}
        self.given: list[str] = []  # every token and code there ever was, for those who look for leaks
        self.refreshes = 0
        self.exchanges = 0

    def access_expires(self, oa_id: str, app_id: str) -> int:
        """When the current access token ends, epoch ms."""
        return self._access[self._current[oa_id, app_id].access].expires

    def issue(self, oa_id: str, app_id: str, now_ms: int) -> Pair:
        """A new pair; the previous access token of this OA and app dies with this call."""
        old = self._current.get((oa_id, app_id))
        if old is not None:
            self._access.pop(old.access, None)
        pair = Pair("AT" + secrets.token_urlsafe(60), "RT" + secrets.token_urlsafe(60))
        self.given += [pair.access, pair.refresh]
        self._access[pair.access] = Access(oa_id, app_id, now_ms + ACCESS_S * 1000)
        self._refresh[pair.refresh] = Refresh(oa_id, app_id, now_ms + REFRESH_MS)
        self._current[oa_id, app_id] = pair
        return pair

    def grant(self, oa_id: str, app_id: str, challenge: str, now_ms: int) -> str:
        """A new authorization code for this OA and app."""
        code = secrets.token_urlsafe(48)
        self.given.append(code)
        self._codes[code] = Code(oa_id, app_id, challenge, now_ms + CODE_MS)
        return code

    def take_code(self, code: str, app_id: str, now_ms: int) -> Code | None:
        """The code's grant, once; None when unknown, used, of another app, or older than ten minutes."""
        grant = self._codes.get(code)
        if grant is None or grant.app_id != app_id:
            return None
        del self._codes[code]
        return grant if now_ms < grant.expires else None

    def find_refresh(self, token: str, app_id: str) -> Refresh | None:
        """The refresh token, used, expired or good; None for an unknown one or another app's."""
        found = self._refresh.get(token)
        return found if found is not None and found.app_id == app_id else None

    def find_access(self, token: str) -> Access | None:
        """The access token, expired or not; None when it never existed or was replaced."""
        return self._access.get(token)

    def current(self, oa_id: str, app_id: str) -> Pair | None:
        return self._current.get((oa_id, app_id))

    def expire(self, oa_id: str, app_id: str, now_ms: int, *, kill_refresh: bool) -> None:
        """End the access token now, and its refresh token too when asked."""
        pair = self._current[oa_id, app_id]
        self._access[pair.access].expires = now_ms
        if kill_refresh:
            self._refresh[pair.refresh].expires = now_ms

    def revoke(self, oa_id: str, app_id: str) -> None:
        """The OA took the permission back: neither its access token nor any refresh token works any more."""
        pair = self._current.pop((oa_id, app_id), None)
        if pair is not None:
            del self._access[pair.access]
        for refresh in self._refresh.values():
            if (refresh.oa_id, refresh.app_id) == (oa_id, app_id):
                refresh.used = True
