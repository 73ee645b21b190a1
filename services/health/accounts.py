"""The Zalo apps and every OA: its webhook, its tokens, its package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from models import OaState, OaToken, OfficialAccount, TokenState
from services import acceptance, apps, counters, house, stop_all
from services.desk import Desk
from services.health.findings import Finding, Teller
from services.readiness import PACKAGE_SOON, SILENT_AFTER
from zalo.payload import as_date

LATELY = timedelta(days=1)
DYING = timedelta(days=14)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
RECONNECT = "connect it again: the OA's card in Telegram has the button"
NONE_YET = "no OA is registered yet"


def zalo_apps(desk: Desk) -> Iterator[Finding]:
    """Whether there is an app that renews tokens, and what proves its events."""
    tell, known = Teller("apps"), apps.known(desk)
    if not known:
        yield tell.broken("there is no Zalo app", "set ZALO_APP_ID and ZALO_APP_SECRET, or add an app in Telegram")
    for app in known:
        yield _app(desk, tell, app.app_id)


def _app(desk: Desk, tell: Teller, app_id: str) -> Finding:
    own = app_id == desk.settings.zalo_app_id
    secret = apps.keys_of_app(desk, app_id).secret
    if not secret:
        return tell.broken(f"app {app_id} has no secret: no token can be renewed", "set ZALO_APP_SECRET")
    webhook = acceptance.KeyRing(desk.settings).read().get(app_id, ())
    if not webhook:
        return tell.broken(
            f"app {app_id} has no OA Secret Key: its events are not believed",
            "copy it from the app's Webhook page at developers.zalo.me" + (" into ZALO_WEBHOOK_SECRET" if own else ""),
        )
    if secret in webhook:
        return tell.broken(
            f"app {app_id}: the app secret was given as OA Secret Key, so every event looks forged",
            "copy the OA Secret Key from the app's Webhook page; it is another value",
        )
    return tell.ok(f"app {app_id} can renew tokens and prove its events")


def webhook(desk: Desk) -> Iterator[Finding]:
    """How long each OA has been silent, and whether events come that are signed wrongly."""
    tell, now = Teller("webhook"), desk.now()
    wrong = counters.last_at(acceptance.counter(acceptance.Kind.WRONG))
    if wrong is not None and now - wrong < LATELY:
        yield tell.warning(
            f"an event with a wrong signature came {_ago(now - wrong)}",
            "compare the OA Secret Key of the app's Webhook page with the one here (Telegram: the app's screen)",
        )
    yield from _each(tell, (_heard(tell, oa, now) for oa in _oas()))


def _heard(tell: Teller, oa: OfficialAccount, now: datetime) -> Finding:
    if oa.last_event_at is None:
        return tell.warning(
            f"{oa.name}: Zalo has never sent an event",
            "enter the webhook address at developers.zalo.me, switch the events on, and write a message to the OA",
        )
    silent = now - oa.last_event_at
    if silent > SILENT_AFTER:
        return tell.warning(
            f"{oa.name}: the last event came {_ago(silent)}",
            "fine if nobody wrote; else write to the OA and look at the Webhook page: errors switch it off",
        )
    return tell.ok(f"{oa.name}: the last event came {_ago(silent)}")


def tokens(desk: Desk) -> Iterator[Finding]:
    """How each OA is connected, and for how long still."""
    tell = Teller("tokens")
    yield from _restored(tell)
    rows = {row.oa_id: row for row in OaToken.select()}
    yield from _each(tell, (_connected(tell, oa, rows.get(oa.id), desk.now()) for oa in _oas()))


def _restored(tell: Teller) -> Iterator[Finding]:
    """After a restore: refresh tokens that were used since the backup was made are spent, and only Zalo knows which."""
    at = restored_at()
    if at is None:
        return
    untried = OaToken.select().join(OfficialAccount).where(
        OfficialAccount.state == OaState.ACTIVE, OaToken.changed_at < at, OaToken.state != TokenState.NEEDS_REAUTH
    )  # fmt: skip
    if count := untried.count():
        yield tell.warning(
            f"restored from a backup: {count} OA(s) have tokens of then, which may be spent by now",
            "let the clock run: it says within the day which of them a person has to connect again",
        )


def restored_at() -> datetime | None:
    """When this database was filled from a backup; None if it never was."""
    value = house.get("restored")
    return None if not value else datetime.fromisoformat(value["at"])


def _connected(tell: Teller, oa: OfficialAccount, row: OaToken | None, now: datetime) -> Finding:
    if row is None:
        return tell.broken(f"{oa.name}: there are no tokens", RECONNECT)
    if row.state == TokenState.NEEDS_REAUTH:
        return tell.broken(f"{oa.name}: Zalo takes its tokens no more (code {row.error_code})", RECONNECT)
    text = f"{oa.name}: access {_left(row.access_expires_at, now)}, refresh {_left(row.refresh_expires_at, now)}"
    if row.access_expires_at <= now:
        return tell.broken(
            f"{text}; nothing can be sent", "look at the lines `clock` and `zalo`, then at the clock's log"
        )
    if row.attempts:
        return tell.warning(f"{text}; the last {row.attempts} renewal(s) failed ({row.error_code})", "look at `zalo`")
    if row.state == TokenState.UNPROVEN:
        return tell.warning(f"{text}; pasted, and never renewed yet", "press the OA's renewal button in Telegram")
    if row.refresh_expires_at is not None and row.refresh_expires_at - now <= DYING:
        return tell.warning(text, RECONNECT)
    return tell.ok(text)


def token_seconds(now: datetime) -> dict[tuple[str, str], float]:
    """The least time left of any access and refresh token, in seconds, by state; negative once it is over."""
    least: dict[tuple[str, str], float] = {}
    for row in OaToken.select().join(OfficialAccount).where(OfficialAccount.state != OaState.REMOVED):
        for kind, end in (("access", row.access_expires_at), ("refresh", row.refresh_expires_at)):
            if end is not None:
                place = (str(row.state), kind)
                least[place] = min(least.get(place, float("inf")), (end - now).total_seconds())
    return least


def package(desk: Desk) -> Iterator[Finding]:
    """Until when each OA's package at Zalo runs."""
    tell = Teller("package")
    yield from _each(tell, (_package(tell, oa, desk.now()) for oa in _oas()))


def _package(tell: Teller, oa: OfficialAccount, now: datetime) -> Finding:
    profile = oa.profile or {}
    name, until = profile.get("package_name") or "its package", as_date(profile.get("package_valid_through_date"))
    if until is None:
        return tell.ok(f"{oa.name}: Zalo names no end of {name}")
    left = (until - now.date()).days
    if left < 0:
        return tell.broken(f"{oa.name}: {name} ended on {until:%d/%m/%Y}", "renew it at oa.zalo.me")
    if timedelta(days=left) <= PACKAGE_SOON:
        return tell.warning(f"{oa.name}: {name} ends on {until:%d/%m/%Y}, in {left} days", "renew it at oa.zalo.me")
    return tell.ok(f"{oa.name}: {name} runs until {until:%d/%m/%Y}")


def sending(desk: Desk) -> Iterator[Finding]:
    """Whether everything was stopped at one press; nothing leaves then, however well all else stands."""
    tell, standing = Teller("sending"), stop_all.in_force()
    if standing is None:
        yield tell.ok("nobody stopped everything")
        return
    text = f"everything was stopped by {standing.by}, {_ago(desk.now() - standing.since)}: nothing leaves"
    yield tell.warning(text, "let it go again when it may: manage.py start-all, or the button in Telegram")


def _oas() -> list[OfficialAccount]:
    return list(OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED).order_by(OfficialAccount.id))


def _each(tell: Teller, findings: Iterable[Finding]) -> Iterator[Finding]:
    found = list(findings)
    yield from found or [tell.ok(NONE_YET)]


def _ago(time: timedelta) -> str:
    return f"{time // HOUR} h ago" if time >= HOUR else f"{max(0, time // timedelta(minutes=1))} min ago"


def _left(end: datetime | None, now: datetime) -> str:
    if end is None:
        return "of unknown age"
    left = end - now
    if left <= timedelta(0):
        return "is over"
    return f"{left // DAY} days left" if left >= 2 * DAY else f"{left / HOUR:.1f} h left"
