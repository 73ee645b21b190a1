"""A ZNS to one phone: the same form as every message, opened for this way."""

from __future__ import annotations

from bot.forms.send import SEND, send_form
from models import OfficialAccount
from services.drafts import Form

ZNS = SEND


def zns_form(oa: OfficialAccount, phone: str = "", *, typed: bool = True) -> Form:
    """A form with what is known already; `typed` says that the person has the number before their eyes."""
    form = send_form(oa, phone=phone, typed=typed, way="zns")
    form.kind, form.step = "zns", "phone"
    return form
