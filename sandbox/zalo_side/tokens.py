"""Authorization codes, access tokens and refresh tokens."""

import secrets
from dataclasses import dataclass

CODE_MS = 10 * 60_000
ACCESS_S = 90_000
REFRESH_MS = 90 * 86_400_000


@dataclass(slots=True)
class Code:
    """A permission granted on the consent page: single use, ten minutes."""

    oa_id: str
    challenge: str
    expires: int


@dataclass(slots=True)
class Access:
    oa_id: str
    expires: int


@dataclass(slots=True)
class Refresh:
    oa_id: str
    expires: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str


class TokenStore:
    """Only the newest access token of an OA lives; a refresh token works once."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Refresh] = {}
        self._current: dict[str, Pair] = {}
        self.refreshes = 0

    def access_expires(self, oa_id: str) -> int:
        """When the OA's current access token ends, epoch ms."""
        return self._access[self._current[oa_id].access].expires

    def issue(self, oa_id: str, now_ms: int) -> Pair:
        """A new pair; the OA's previous access token dies with this call."""
        old = self._current.get(oa_id)
        if old is not None:
            self._access.pop(old.access, None)
        pair = Pair("AT" + secrets.token_urlsafe(60), "RT" + secrets.token_urlsafe(60))
        self._access[pair.access] = Access(oa_id, now_ms + ACCESS_S * 1000)
        self._refresh[pair.refresh] = Refresh(oa_id, now_ms + REFRESH_MS)
        self._current[oa_id] = pair
        return pair

    def grant(self, oa_id: str, challenge: str, now_ms: int) -> str:
        """A new authorization code for this OA."""
        code = secrets.token_urlsafe(48)
        self._codes[code] = Code(oa_id, challenge, now_ms + CODE_MS)
        return code

    def take_code(self, code: str, now_ms: int) -> Code | None:
        """The code's grant, once; None when unknown, used or older than ten minutes."""
        grant = self._codes.pop(code, None)
        return grant if grant is not None and now_ms < grant.expires else None

    def find_refresh(self, token: str) -> Refresh | None:
        return self._refresh.get(token)

    def find_access(self, token: str) -> Access | None:
        """The access token, expired or not; None when it never existed or was replaced."""
        return self._access.get(token)

    def current(self, oa_id: str) -> Pair | None:
        return self._current.get(oa_id)

    def expire(self, oa_id: str, now_ms: int, *, kill_refresh: bool) -> None:
        """End the OA's access token now, and its refresh token too when asked."""
        pair = self._current[oa_id]
        self._access[pair.access].expires = now_ms
        if kill_refresh:
            self._refresh[pair.refresh].expires = now_ms
