"""Who stands at the door: open invitations, strangers, and the groups the bot may stay in."""

from __future__ import annotations

from bot.keyboards import back_row, pager, short
from bot.markup import Button, Screen, to
from bot.screens.staff import names_of, yes_no
from bot.turn import Turn
from models import Invitation, OfficialAccount, Stranger, TelegramGroup
from services import groups, invitations, strangers
from texts import figures
from texts.html import Html, lines

PAGE = 6


async def invitation_list(turn: Turn, offset: int = 0) -> Screen:
    """Every link somebody could still use. The link itself was shown once and is kept nowhere."""
    rows, total = await turn.db(invitations.open_ones, turn.now(), offset, PAGE)
    t = turn.t
    body = [await _invitation(turn, row) for row in rows] or [t("links.none")]
    buttons = [[Button(t.plain("button.revoke", number=row.id), to("st.revoke", row.id))] for row in rows]
    invite = [Button(t.plain("button.invite"), to("st.invite"), style="primary")]
    turned = pager(offset, PAGE, total, "st.links")
    text = lines(t("links.title"), *body, "", t("links.hint"))
    return Screen(text, [*buttons, turned, invite, back_row(t, to("st", 0))])


async def _invitation(turn: Turn, row: Invitation) -> Html:
    t = turn.t
    oas = await turn.db(_oas_of, row)
    return t(
        "links.entry",
        number=row.id,
        role=t(f"role.{row.role}"),
        note=f" · {row.name}" if row.name else "",
        oas=t.plain("staff.every_oa") if row.every_oa else names_of(t, oas) or t.plain("staff.no_oa"),
        numbers=yes_no(t, row.sees_numbers),
        money=yes_no(t, row.sees_money),
        until=t.moment(row.expires_at, turn.now()),
    )


def _oas_of(row: Invitation) -> list[OfficialAccount]:
    return list(OfficialAccount.select().where(OfficialAccount.id.in_(row.oas or [])))


async def stranger_list(turn: Turn, offset: int = 0) -> Screen:
    """Who opened the bot uninvited, those who are ignored included."""
    rows, total = await turn.db(strangers.page, offset, PAGE)
    t = turn.t
    body = [_stranger(turn, row) for row in rows] or [t("strangers.none")]
    buttons = [_stranger_buttons(turn, row) for row in rows]
    turned = pager(offset, PAGE, total, "st.strangers")
    text = lines(t("strangers.title", count=total), *body, "", t("strangers.hint"))
    return Screen(text, [*buttons, turned, back_row(t, to("st", 0))])


def _stranger(turn: Turn, row: Stranger) -> Html:
    seen = figures.ago(turn.t.language, row.last_seen_at, turn.now())
    state = turn.t("strangers.ignored") if row.ignored_at else Html("")
    return turn.t("strangers.entry", name=row.name or "?", number=str(row.telegram_id), seen=seen, state=state)


def _stranger_buttons(turn: Turn, row: Stranger) -> list[Button]:
    t, name = turn.t, short(row.name or str(row.telegram_id), 12)
    word, action = ("heed", "st.heed") if row.ignored_at else ("ignore", "st.ignore")
    return [
        Button(t.plain("button.admit", name=name), to("st.admit", row.telegram_id)),
        Button(t.plain(f"button.{word}", name=name), to(action, row.telegram_id)),
    ]


async def group_list(turn: Turn, offset: int = 0) -> Screen:
    """Where the bot may stay."""
    rows, total = await turn.db(groups.allowed, offset, PAGE)
    t = turn.t
    body = [_group(turn, row) for row in rows] or [t("groups.none")]
    buttons = [[Button(t.plain("button.forbid", name=short(row.title, 24)), to("st.forbid", row.id))] for row in rows]
    turned = pager(offset, PAGE, total, "st.groups")
    text = lines(t("groups.title"), *body, "", t("groups.hint"))
    return Screen(text, [*buttons, turned, back_row(t, to("st", 0))])


def _group(turn: Turn, row: TelegramGroup) -> Html:
    inside = turn.t("groups.inside" if row.left_at is None else "groups.outside")
    return turn.t("groups.entry", name=row.title, state=inside)
