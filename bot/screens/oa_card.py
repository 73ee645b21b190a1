"""The OA card: a line for everything that can stop sending, and the buttons to mend it."""

from __future__ import annotations

from bot.keyboards import back_row, pairs
from bot.markup import Button, Rows, Screen, Style, to
from bot.screens.customers import ALL, of_oa
from bot.screens.late import late_buttons
from bot.screens.titles import mode_name, oa_title, readiness_line
from bot.turn import Turn
from models import Follower, OaState, OfficialAccount, Role, TokenState, UidMessageApi
from services import accounts, halts, modes, readiness, staff, stop_all, tokens
from services.modes import Mode
from services.readiness import Level, Line
from texts.html import Html, escape, lines

MODES = (Mode.PAUSED, Mode.TEST, Mode.LIVE)
STYLES: dict[Mode, Style] = {Mode.PAUSED: "danger", Mode.TEST: "", Mode.LIVE: "success"}


async def oa_card(turn: Turn, oa: OfficialAccount) -> Screen:
    """The card as the rows have it now."""
    found, followers, unproven = await turn.db(_facts, turn, oa)
    t = turn.t
    title = Html(f"{oa_title(t, oa)} · {t('oa.followers', count=followers)}")
    about = t("oa.about", oa_id=oa.oa_id)
    # The title says the mode already.
    # That it sends stands in the title already; what keeps it from sending needs its line.
    shown = [line for line in found if not (line.key.startswith("mode.") and line.level is Level.OK)]
    text = lines(title, *(readiness_line(turn, line) for line in shown), *_description(oa), about)
    waiting = next((line.values["count"] for line in found if line.key == "late"), 0)
    return Screen(text, _rows(turn, oa, unproven, waiting))


def _facts(turn: Turn, oa: OfficialAccount) -> tuple[list[Line], int, bool]:
    count = Follower.select().where(Follower.oa_id == oa.oa_id, Follower.is_follower == True).count()  # noqa: E712
    pair = tokens.current(oa)
    return readiness.lines(turn.desk, oa), count, pair is not None and pair.state == TokenState.UNPROVEN


def _description(oa: OfficialAccount) -> list[Html]:
    return [Html(f"<i>{escape(oa.description)}</i>")] if oa.description else []


def _rows(turn: Turn, oa: OfficialAccount, unproven: bool, waiting: int) -> Rows:
    t = turn.t
    work = [
        Button(t.plain("button.send"), to("send")),
        Button(t.plain("button.zns"), to("zns")),
        Button(t.plain("button.customers"), to("kh", of_oa(ALL, oa), 0)),
        Button(t.plain("button.sync"), to("oa.sync", oa.id)),
    ]
    looks = [
        Button(t.plain("button.templates"), to("tpl", oa.id, 0)),
        Button(t.plain("button.quota"), to("quota", oa.id)),
    ]
    back = back_row(t, to("oas", 0))
    if not staff.may(turn.staff, Role.OPERATOR):
        return [looks, back]
    return [*pairs(work), looks, _modes(turn, oa), *pairs(_mending(turn, oa, unproven, waiting)), back]


def _modes(turn: Turn, oa: OfficialAccount) -> list[Button]:
    """The two modes the OA is not in; those that let more leave are for managers."""
    now = modes.mode(oa)
    manager = staff.may(turn.staff, Role.MANAGER)
    return [
        Button(
            turn.t.plain(f"button.set_{mode.value}"), to("oa.mode", oa.id, oa.revision, mode.value), style=STYLES[mode]
        )
        for mode in MODES
        if mode != now and (manager or not accounts.towards_sending(now, mode))
    ]


def _mending(turn: Turn, oa: OfficialAccount, unproven: bool, waiting: int) -> list[Button]:
    t = turn.t
    buttons = [Button(t.plain("button.check"), to("oa.check", oa.id))]
    if not staff.may(turn.staff, Role.MANAGER):
        return buttons
    lost = oa.state == OaState.NEEDS_REAUTH
    buttons.append(Button(t.plain("button.reconnect_card"), to("connect", oa.id), style="primary" if lost else ""))
    if oa.stopped_code == halts.RECONNECTED:
        buttons += late_buttons(turn, oa, waiting)
    elif oa.stopped_at is not None and oa.stopped_code != stop_all.CODE:
        buttons.append(Button(t.plain("button.resume"), to("oa.resume", oa.id, oa.revision), style="success"))
    if unproven:
        buttons.append(Button(t.plain("button.prove"), to("oa.prove", oa.id)))
    buttons.append(Button(t.plain("button.test_phones"), to("oa.phones", oa.id)))
    return [*buttons, Button(t.plain("button.edit"), to("oa.edit", oa.id))]


def added(turn: Turn, oa: OfficialAccount) -> Screen:
    """Right after registering: what is still unproven, and the offer to prove it."""
    t = turn.t
    text = lines(t("add_oa.done", title=oa_title(t, oa)), "", t("oa.prove_offer"))
    prove = Button(t.plain("button.prove"), to("oa.proved", oa.id))
    return Screen(text, [[prove], [Button(t.plain("button.later_card"), to("oa", oa.id))]])


def prove_question(turn: Turn, oa: OfficialAccount) -> Screen:
    """The warning before a refresh token is spent."""
    t = turn.t
    yes = Button(t.plain("button.prove_yes"), to("oa.proved", oa.id))
    return Screen(lines(oa_title(t, oa), "", t("oa.prove_offer")), [[yes], back_row(t, to("oa", oa.id))])


def live_question(turn: Turn, oa: OfficialAccount, mode: Mode, token: str) -> Screen:
    """The confirmation before more may leave than before."""
    t = turn.t
    text = lines(oa_title(t, oa), "", t(f"oa.ask_{mode.value}", name=oa.name, mode=mode_name(t, mode)))
    yes = Button(t.plain("button.mode_yes", mode=t.plain(f"mode.{mode.value}")), to("oa.live", token), style="success")
    return Screen(text, [[yes], back_row(t, to("oa", oa.id))])


def edit_screen(turn: Turn, oa: OfficialAccount) -> Screen:
    """What can be changed about an OA besides its mode."""
    t = turn.t
    legacy = oa.uid_message_api == UidMessageApi.LEGACY
    other = UidMessageApi.TEMPLATE.value if legacy else UidMessageApi.LEGACY.value
    buttons = [
        Button(t.plain("button.rename"), to("oa.rename", oa.id)),
        Button(t.plain("button.describe"), to("oa.describe", oa.id)),
        Button(t.plain("button.tokens"), to("oa.tokens", oa.id)),
        Button(t.plain("button.form_image"), to("oa.form_image", oa.id)),
        Button(t.plain(f"button.uid_api_{other}"), to("oa.uid_api", oa.id, oa.revision, other)),
        Button(t.plain("button.remove"), to("oa.remove", oa.id), style="danger"),
    ]
    return Screen(
        lines(oa_title(t, oa), *_description(oa), t(f"oa.uid_api_{oa.uid_message_api}"), "", t("oa.edit_what")),
        [*pairs(buttons), back_row(t, to("oa", oa.id))],
    )


def remove_question(turn: Turn, oa: OfficialAccount, token: str) -> Screen:
    """The confirmation before an OA's tokens are erased."""
    t = turn.t
    yes = Button(t.plain("button.remove_yes", name=oa.name), to("oa.gone", token), style="danger")
    return Screen(lines(oa_title(t, oa), "", t("oa.ask_remove")), [[yes], back_row(t, to("oa", oa.id))])
