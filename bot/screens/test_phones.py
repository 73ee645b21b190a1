"""The test numbers of an OA."""

from __future__ import annotations

from bot.keyboards import back_row, pairs
from bot.markup import Button, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import OfficialAccount
from services import phones, test_phones
from texts.html import Html, escape, lines


def phones_screen(turn: Turn, oa: OfficialAccount) -> Screen:
    """The numbers, masked, each with the button that takes it out."""
    t, known = turn.t, test_phones.of(oa)
    body = [Html(f"• {escape(phones.mask(phone))}") for phone in known] or [t("test_phones.none")]
    drops = [
        Button(t.plain("button.drop_phone", phone=phones.mask(phone)), to("oa.phone_drop", oa.id, at, phone[-4:]))
        for at, phone in enumerate(known)
    ]
    room = len(known) < test_phones.MOST
    add = [Button(t.plain("button.add_phone"), to("oa.phone_add", oa.id), style="primary")] if room else []
    text = lines(oa_title(t, oa), t("test_phones.title"), *body, "", t("test_phones.rules"))
    return Screen(text, [*pairs(drops), add, back_row(t, to("oa", oa.id))], protect=True)
