"""What people are told about staff: the welcome, who came in, who stands at the door."""

from __future__ import annotations

from bot.markup import Button, Rows, Screen, to
from bot.screens.staff import oas_line
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import Notice, Role, Stranger, TelegramGroup
from services import reach, staff
from texts.html import Html, lines


async def welcome(turn: Turn, notice: Notice) -> Screen:
    """The first message of the bot to somebody new, with three things to try."""
    theirs = await turn.db(reach.oas, turn.staff)
    t, role = turn.t, turn.t(f"as.{turn.staff.role}")
    oas = oa_name(theirs[0]) if len(theirs) == 1 else oas_line(t, turn.staff, theirs)
    hello = t("welcome.hello", name=turn.staff.name, role=role, oas=oas)
    return Screen(lines(hello, t("welcome.try")), _three(turn))


def _three(turn: Turn) -> Rows:
    t = turn.t
    if staff.may(turn.staff, Role.OPERATOR):
        data = {"find": to("kh", "a", 0, fresh=True), "test": to("zns", fresh=True), "home": to("home", fresh=True)}
    else:
        data = {"oa": to("oas", 0, fresh=True), "home": to("home", fresh=True), "help": to("help", fresh=True)}
    return [
        [Button(t.plain(f"button.welcome_{label}", number=at), where)]
        for at, (label, where) in enumerate(data.items(), 1)
    ]


async def stranger(turn: Turn, notice: Notice) -> Screen | None:
    """Somebody opened the bot uninvited. Nothing is said once they are staff, ignored or forgotten."""
    row = await turn.db(Stranger.get_or_none, Stranger.telegram_id == notice.payload["stranger"])
    if row is None or (row.ignored_at is not None and notice.message_id is None):
        return None
    t, others = turn.t, int(notice.payload.get("others") or 0)
    text = lines(
        t("notice.stranger", name=row.name or "?", number=str(row.telegram_id)),
        t("strangers.others", count=others) if others else None,
    )
    rows: Rows = [
        [
            Button(t.plain("button.admit_new"), to("st.admit", row.telegram_id), style="primary"),
            Button(t.plain("button.ignore_new"), to("st.ignore", row.telegram_id)),
        ]
    ]
    return Screen(text, rows)


async def group_added(turn: Turn, notice: Notice) -> Screen | None:
    """Somebody added the bot to a group, which it left."""
    row = await turn.db(TelegramGroup.get_or_none, TelegramGroup.id == notice.payload["group"])
    if row is None:
        return None
    t = turn.t
    by = row.added_name or t.plain("groups.somebody")
    allow: Rows = [] if row.allowed else [[Button(t.plain("button.allow_group"), to("st.allow", row.id))]]
    return Screen(t("notice.group_added", name=row.title, by=by), allow)


async def staff_joined(turn: Turn, notice: Notice) -> Screen:
    """An invitation was used."""
    t, payload = turn.t, notice.payload
    person = await turn.db(staff.with_number, int(payload["number"]))
    note = t("invite.note", note=payload["note"]) if payload.get("note") else Html("")
    role = t(f"role.{payload['role']}")
    text = t("notice.staff_joined", name=payload["name"], role=role, number=payload["number"], note=note)
    rows: Rows = [[Button(t.plain("button.open_staff"), to("st.card", person.id, fresh=True))]] if person else []
    return Screen(text, rows)


STAFF_NOTICES = {"welcome": welcome, "stranger": stranger, "group_added": group_added, "staff_joined": staff_joined}
