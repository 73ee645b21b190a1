"""Alerts about an OA's connection, each with the button that mends it. They stay in the chat: buttons open anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bot.codes import explain_code, reason
from bot.markup import Button, Screen, to
from bot.screens.late import late_buttons, waiting
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import OaState, OfficialAccount, Role
from services import apps, halts, staff
from texts.html import Html, lines

Payload = Mapping[str, Any]


async def oa_alert(turn: Turn, kind: str, payload: Payload) -> Screen | None:
    """The alert as it is now; None when the OA is not here any more."""
    oa = await turn.db(
        OfficialAccount.get_or_none,
        OfficialAccount.oa_id == str(payload.get("oa_id") or ""),
        OfficialAccount.state != OaState.REMOVED,
    )
    if oa is None:
        return None
    return ALERTS[kind](turn, oa, payload, await turn.db(waiting, oa))


def _needs_reauth(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    t, name = turn.t, oa_name(oa)
    if oa.state == OaState.ACTIVE:
        # Telegram was away, or somebody was quick: what is said is true when it is read.
        return Screen(t("alert.reconnected", name=name), [_card(turn, oa)])
    kept = t("alert.kept", count=count) if count else t("alert.nothing_waits")
    why = "alert.revoked" if payload.get("revoked") else "alert.answer_lost" if payload.get("lost") else ""
    text = lines(t("alert.lost", name=name) + Html(" · ") + kept, t(why) if why else None, t("alert.by_itself"))
    return Screen(Html(text), [_reconnect(turn, oa), _card(turn, oa)])


def _refresh_expiring(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    text = turn.t("notice.refresh_expiring", name=oa_name(oa), days=int(payload.get("days") or 0))
    return Screen(text, [_reconnect(turn, oa), _card(turn, oa)])


def _oauth_refused(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    """Trouble with the app itself: connecting again would meet it too, so the way leads to the app."""
    t, code = turn.t, str(payload.get("code") or "")
    what, do = explain_code(t, "oauth", code, "unknown")
    meaning = t("codes.entry", where=code, what=what, why=reason(t, "oauth", code), do=do)
    text = lines(t("notice.oauth_refused", name=oa_name(oa), code=code), meaning)
    rows = [_card(turn, oa)]
    if staff.may(turn.staff, Role.OWNER):
        rows.insert(0, [Button(t.plain("button.apps"), to("app", apps.app_id_of(turn.desk, oa), fresh=True))])
    return Screen(text, rows)


def _package_ending(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    until = turn.t.day(_day(payload.get("until"), turn), turn.now())
    key = "notice.package_today" if not payload.get("days") else "notice.package_ending"
    text = turn.t(key, name=oa_name(oa), days=int(payload.get("days") or 0), until=until)
    return Screen(text, [_card(turn, oa)])


def _day(text: object, turn: Turn) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return turn.now().date()


def _oa_idle(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    return Screen(turn.t("notice.oa_idle", name=oa_name(oa), days=int(payload.get("days") or 0)), [_card(turn, oa)])


def _reconnected_late(turn: Turn, oa: OfficialAccount, payload: Payload, count: int) -> Screen:
    t, name = turn.t, oa_name(oa)
    if oa.stopped_code != halts.RECONNECTED:
        return Screen(t("alert.late_answered", name=name), [_card(turn, oa)])
    text = t("notice.reconnected_late", name=name, hours=int(payload.get("hours") or 0), waiting=count)
    mend = late_buttons(turn, oa, count, fresh=True) if staff.may(turn.staff, Role.MANAGER) else []
    return Screen(text, [mend, _card(turn, oa)])


def _reconnect(turn: Turn, oa: OfficialAccount) -> list[Button]:
    if not staff.may(turn.staff, Role.MANAGER):
        return []
    return [Button(turn.t.plain("button.reconnect"), to("connect", oa.id, fresh=True), style="primary")]


def _card(turn: Turn, oa: OfficialAccount) -> list[Button]:
    return [Button(turn.t.plain("button.open_card"), to("oa", oa.id, fresh=True))]


ALERTS: dict[str, Callable[[Turn, OfficialAccount, Payload, int], Screen]] = {
    "needs_reauth": _needs_reauth,
    "refresh_expiring": _refresh_expiring,
    "oauth_refused": _oauth_refused,
    "package_ending": _package_ending,
    "oa_idle": _oa_idle,
    "reconnected_late": _reconnected_late,
}
