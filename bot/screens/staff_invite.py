"""The questions of an invitation, and the link at their end."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.keyboards import back_row, cancel_row, pager, pairs, short
from bot.markup import Button, Screen, to
from bot.screens.staff import ROLES, names_of, yes_no
from bot.turn import Turn
from models import OfficialAccount, Role
from texts.html import Html, lines

PAGE = 8
STEP_ROLE, STEP_OAS, STEP_RIGHTS = "role", "oas", "rights"


def ask_role(turn: Turn) -> Screen:
    """As what?"""
    t = turn.t
    buttons = [Button(t.plain(f"button.role_{role.value}"), to("f", STEP_ROLE, role.value)) for role in ROLES]
    told = [t(f"staff.role_{role.value}") for role in ROLES]
    return Screen(lines(t("invite.ask_role"), "", *told), [*pairs(buttons), cancel_row(t)])


def ask_oas(turn: Turn, data: dict[str, Any], every: list[OfficialAccount]) -> Screen:
    """For which OAs? All, or those that are ticked."""
    t, at = turn.t, int(data.get("page", 0))
    buttons = [_tick(oa, oa.id in data["oas"]) for oa in every[at : at + PAGE]]
    turned = [Button(b.label, _paged(b.data)) for b in pager(at, PAGE, len(every), "f", STEP_OAS)]
    chosen = [oa for oa in every if oa.id in data["oas"]]
    go_on = [Button(t.plain("button.invite_all_oas"), to("f", STEP_OAS, "all"))]
    if chosen:
        go_on.append(Button(t.plain("button.invite_chosen", count=len(chosen)), to("f", STEP_OAS, "chosen")))
    text = lines(t("invite.title", role=t(f"role.{data['role']}")), "", t("invite.ask_oas"), names_of(t, chosen))
    return Screen(text, [*pairs(buttons), turned, go_on, cancel_row(t)])


def _tick(oa: OfficialAccount, ticked: bool) -> Button:
    return Button(f"{'✅' if ticked else '▫️'} {short(oa.name, 18)}", to("f", STEP_OAS, f"oa{oa.id}"))


def _paged(data: str) -> str:
    head, _, offset = data.rpartition(":")
    return f"{head}:page{offset}"


def ask_rights(turn: Turn, data: dict[str, Any], chosen: list[OfficialAccount]) -> Screen:
    """What they may see, their language, how long the link lives; every answer is shown and can be turned."""
    t = turn.t
    owner = data["role"] == Role.OWNER
    oas = t.plain("staff.every_oa") if data["every"] else names_of(t, chosen)
    text = lines(
        t("invite.title", role=t(f"role.{data['role']}")),
        t("invite.owner_warning") if owner else t("staff.oas", oas=oas),
        None if owner else t("staff.numbers", answer=yes_no(t, data["numbers"])),
        None if owner else t("staff.money", answer=yes_no(t, data["money"])),
        None if owner else t(f"invite.usual_{data['role']}"),
        t("staff.language", language=t.plain(f"language.{data['language']}")),
        t("invite.lasts", lasts=t(f"invite.lasts_{data['lasts']}")),
        t("invite.for_whom", name=data["name"]) if data["name"] else t("invite.name_hint"),
    )
    sight = [] if owner else [_turned(turn, "numbers", data["numbers"]), _turned(turn, "money", data["money"])]
    other = Button(t.plain("button.change_language"), to("f", STEP_RIGHTS, "language"))
    lasts = Button(t.plain(f"button.lasts_{data['lasts']}"), to("f", STEP_RIGHTS, "lasts"))
    make = [Button(t.plain("button.make_link"), to("f", STEP_RIGHTS, "make"), style="success")]
    return Screen(text, [sight, [other, lasts], make, cancel_row(t)])


def _turned(turn: Turn, what: str, now: bool) -> Button:
    return Button(turn.t.plain(f"button.{what}_{'hide' if now else 'show'}"), to("f", STEP_RIGHTS, what))


def link_screen(turn: Turn, role: Role, link: str, until: datetime) -> Screen:
    """The link as a message that can be forwarded as it is; shown once."""
    t = turn.t
    text = lines(
        t("invite.link_title", role=t(f"as.{role.value}")),
        Html(link),
        "",
        t("invite.link_how", until=t.moment(until, turn.now())),
        "",
        t("invite.link_once"),
    )
    share = f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(t.plain('invite.share'), safe='')}"
    rows = [
        [Button(t.plain("button.share"), url=share), Button(t.plain("button.copy_link"), copy=link)],
        back_row(t, to("st", 0, fresh=True)),
    ]
    return Screen(text, rows)
