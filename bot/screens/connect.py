"""Connecting by Zalo's page: the link, and every state of it on the same message."""

from __future__ import annotations

from collections.abc import Callable

from bot.codes import explain_code
from bot.errors import explain, four_parts
from bot.keyboards import back_row, home_row, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.apps import app_name
from bot.screens.late import waiting as waiting_of
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import OaState, OauthState, OauthTicket, OfficialAccount, Role
from services import apps, connect_messages, modes, staff
from services.apps import KnownApp
from services.connect_codes import APP_GONE, LOST, NOT_YOURS, OURS
from services.connect_messages import Unused
from services.connect_tickets import LIFETIME
from services.connecting import Link
from services.errors import Refusal
from services.modes import Mode
from texts import figures
from texts.html import Html, escape, lines

MINUTES = int(LIFETIME.total_seconds() // 60)
# Which page of the guide mends what Zalo complains about.
PAGES = {
    "-14002": "app", "-14003": "callback", "-14004": "secrets", "-212": "app", "-209": "app", APP_GONE: "app",
    "-14024": "oa", "-14012": "oa",
}  # fmt: skip
_UNUSED = {Unused.OVER: "connect.over", Unused.REFUSED: "connect.refused", Unused.NEWER: "connect.newer"}


def choose_app(turn: Turn, oa: OfficialAccount | None, found: list[KnownApp]) -> Screen:
    """Which Zalo app shall speak for the OA?"""
    t = turn.t
    number = oa.id if oa else 0
    buttons = [
        [Button(f"🧩 {short(app_name(t, app), 28)}{_mark(turn, oa, app)}", to("connect.by", number, app.app_id))]
        for app in found
    ]
    entries = [Html(f"• <b>{escape(app_name(t, app))}</b> · <code>{app.app_id}</code>") for app in found]
    back = to("oa", oa.id) if oa else to("oas", 0)
    return Screen(lines(_title(turn, oa), "", t("connect.which_app"), *entries), [*buttons, back_row(t, back)])


def _mark(turn: Turn, oa: OfficialAccount | None, app: KnownApp) -> str:
    return " ✅" if oa is not None and apps.app_id_of(turn.desk, oa) == app.app_id else ""


def link_screen(turn: Turn, oa: OfficialAccount | None, app: KnownApp, link: Link, several: bool) -> Screen:
    """What will happen, and the button that leads to Zalo. The address stands in the button only."""
    t = turn.t
    until = figures.clock(turn.now() + LIFETIME)
    text = lines(
        _title(turn, oa),
        t("connect.by_app", name=app_name(t, app)) if several else None,
        "",
        t("connect.how_again", name=oa.name, oa_id=oa.oa_id) if oa else t("connect.how"),
        t("connect.one_use", minutes=MINUTES, until=until),
        t("connect.then"),
    )
    number = oa.id if oa else 0
    again = Button(t.plain("button.connect_again"), to("connect.by", number, app.app_id))
    guide = Button(t.plain("button.guide"), to("guide", "connect", fresh=True))
    rows: Rows = [[Button(t.plain("button.connect_open"), url=link.url, style="primary")], [again, guide]]
    if several:
        rows.append([Button(t.plain("button.connect_app"), to("connect.away", link.ticket_id, "app"))])
    rows.append([Button(t.plain("button.connect_paste"), to("connect.away", link.ticket_id, "paste"))])
    back = Button(t.plain("button.back"), to("connect.away", link.ticket_id, "back"))
    return Screen(text, [*rows, [back, Button("🏠", to("connect.away", link.ticket_id, "home"))]])


def cannot_begin(turn: Turn, oa: OfficialAccount | None, refusal: Refusal) -> Screen:
    """No link can be made: why, the page of the guide that mends it, and the way that needs no link."""
    t = turn.t
    page = "callback" if refusal.key == "connect.no_public_url" else "app"
    rows: Rows = [[Button(t.plain("button.guide"), to("guide", page, fresh=True))]]
    if page == "app" and staff.may(turn.staff, Role.OWNER):
        rows[0].append(Button(t.plain("button.apps"), to("apps", fresh=True)))
    paste = to("oa.tokens", oa.id) if oa else to("oa.add")
    rows.append([Button(t.plain("button.connect_paste"), paste)])
    text = lines(_title(turn, oa), "", explain(turn, refusal))
    return Screen(text, [*rows, back_row(t, to("oa", oa.id) if oa else to("oas", 0))])


def _title(turn: Turn, oa: OfficialAccount | None) -> Html:
    return turn.t("connect.title_again", title=oa_title(turn.t, oa)) if oa else turn.t("connect.title")


async def ticket_screen(turn: Turn, ticket: OauthTicket) -> Screen | None:
    """The message as the ticket is now; None when there is nothing (left) to say."""
    oa, found = await turn.db(_oas, ticket)
    waiting = await turn.db(waiting_of, found) if found else 0
    return _STATES[OauthState(ticket.state)](turn, ticket, oa, found, waiting)


def _oas(ticket: OauthTicket) -> tuple[OfficialAccount | None, OfficialAccount | None]:
    """The OA that was to be connected again, and the one Zalo's page was opened for, where it is registered."""
    found = OfficialAccount.get_or_none(
        OfficialAccount.oa_id == ticket.found_oa_id, OfficialAccount.state != OaState.REMOVED
    )
    return ticket.oa, found


_OA = OfficialAccount | None


def _open(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen | None:
    why = connect_messages.unused(turn.now(), ticket)
    if why is None or why is Unused.LEFT:
        return None
    text = lines(_title(turn, oa), "", turn.t(_UNUSED[why], name=_chosen(ticket)))
    return Screen(text, [home_row(turn.t)] if why is Unused.NEWER else _again_rows(turn, ticket, oa))


def _working(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    key = "connect.slow" if ticket.error_code else "connect.working"
    return Screen(lines(_title(turn, oa), "", turn.t(key)), [home_row(turn.t)])


def _asking(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    t = turn.t
    text = lines(t("connect.title"), "", t("connect.ask", name=_chosen(ticket), oa_id=ticket.found_oa_id))
    yes = Button(t.plain("button.connect_yes"), to("connect.yes", ticket.id), style="success")
    return Screen(text, [[yes, Button(t.plain("button.connect_no"), to("connect.no", ticket.id))]])


def _connected(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    t = turn.t
    if found is None:  # removed since
        return Screen(t("connect.done", title=_chosen(ticket)), [home_row(t)])
    text = lines(t("connect.done", title=oa_title(t, found)), *next_steps(turn, found, waiting))
    return Screen(text, [[Button(t.plain("button.open_card"), to("oa", found.id), style="primary")], home_row(t)])


def next_steps(turn: Turn, oa: OfficialAccount, waiting: int) -> list[Html]:
    """What a freshly connected OA still needs from a person."""
    t = turn.t
    if modes.mode(oa) is Mode.PAUSED:
        return [t("connect.next_publish")]
    if oa.stopped_at is not None:
        return [t("connect.next_resume")]
    return [t("connect.next_waiting", count=waiting)] if waiting else [t("connect.next_nothing")]


def _wrong_oa(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    if ticket.error_code == NOT_YOURS:
        found = None  # for this person it is not here
    values = {
        "expected": oa.name if oa else "",
        "expected_id": oa.oa_id if oa else "",
        "chosen": found.name if found else _chosen(ticket),
        "chosen_id": ticket.found_oa_id,
    }
    saved = "connect.wrong_oa_kept" if ticket.error_code else "connect.wrong_oa_known"
    key = saved if found else "connect.wrong_oa"
    text = four_parts(turn.t, key, values, Html(figures.clock(turn.now())))
    return Screen(lines(_title(turn, oa), "", text), _again_rows(turn, ticket, oa))


def _denied(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    text = four_parts(turn.t, "connect.denied", {}, _support(turn, ticket))
    return Screen(lines(_title(turn, oa), "", text), _again_rows(turn, ticket, oa))


def _failed(turn: Turn, ticket: OauthTicket, oa: _OA, found: _OA, waiting: int) -> Screen:
    """By the words of the code: of the permission and the exchange, or of the question whose tokens these are."""
    t, code = turn.t, ticket.error_code
    table = "oauth" if code in OURS or code.startswith("-14") else "oa"
    what, do = explain_code(t, table, code, "unknown")
    key = "connect.answer_lost" if code == LOST else "connect.refused"
    text = four_parts(t, key, {"what": what, "do": do}, _support(turn, ticket))
    return Screen(lines(_title(turn, oa), "", text), _again_rows(turn, ticket, oa))


def _support(turn: Turn, ticket: OauthTicket) -> Html:
    code = ticket.error_code
    zalo = turn.t("error.code_zalo", code=code) if code and code not in OURS else escape(code)
    return Html(" · ".join(part for part in (zalo, figures.clock(turn.now()), f"#{ticket.id}") if part))


def _chosen(ticket: OauthTicket) -> str:
    return ticket.found_name or f"OA {ticket.found_oa_id}"


def _again_rows(turn: Turn, ticket: OauthTicket, oa: _OA) -> Rows:
    """Another try for those who may, and the page of the guide that fits."""
    t = turn.t
    again = Button(
        t.plain("button.connect_again"), to("connect.by", oa.id if oa else 0, ticket.app_id), style="primary"
    )
    guide = Button(t.plain("button.guide"), to("guide", PAGES.get(ticket.error_code, "connect"), fresh=True))
    return [[again, guide], back_row(t, to("oa", oa.id) if oa else to("oas", 0))]


_STATES: dict[OauthState, Callable[[Turn, OauthTicket, _OA, _OA, int], Screen | None]] = {
    OauthState.OPEN: _open,
    OauthState.RETURNED: _working,
    OauthState.EXCHANGED: _working,
    OauthState.ASKING: _asking,
    OauthState.CONNECTED: _connected,
    OauthState.WRONG_OA: _wrong_oa,
    OauthState.DENIED: _denied,
    OauthState.FAILED: _failed,
    OauthState.DROPPED: _open,
}
