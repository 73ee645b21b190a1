"""Requests counted by calendar minute, for an OA and for the app."""

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.oas import App, Oa


class Rates:
    """Every authenticated request to the openapi host counts, refused ones too."""

    def __init__(self) -> None:
        self._minute = -1
        self._counts: dict[str, int] = {}

    def count(self, minute: int, app: App, oa: Oa) -> tuple[dict[str, str], Refusal | None]:
        """Count one request in `minute`; the app-level headers, and the refusal when a limit is passed."""
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        of_app = self._counts[app.app_id] = self._counts.get(app.app_id, 0) + 1
        of_oa = self._counts[oa.oa_id] = self._counts.get(oa.oa_id, 0) + 1
        headers = {"X-RateLimit-Limit": str(app.rate), "X-RateLimit-Remain": str(max(0, app.rate - of_app))}
        if of_app > app.rate:
            return headers, Refusal(-32, "Your application reached limit call api")
        if of_oa > oa.requests_a_minute():
            return headers, Refusal(-32, "Your OA reached limit call api")
        return headers, None
