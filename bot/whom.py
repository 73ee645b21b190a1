"""To whom a form writes: a person of the OA, a number, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.reach import customer_of_form
from bot.turn import Turn
from models import Follower
from services import phones
from services.drafts import Form


@dataclass(frozen=True)
class Whom:
    """The reader of a message that is being written."""

    follower: Follower | None
    phone: str  # 84901234567, "" when none is known
    typed: bool  # whether the person before the screen typed the number just now

    @property
    def shown_phone(self) -> str:
        """The number as this screen may show it."""
        if not self.phone:
            return ""
        return phones.local(self.phone) if self.typed else phones.mask(self.phone)


async def whom_of(turn: Turn, form: Form) -> Whom:
    """To whom this form writes, as the rows have them now. Raises OldKeyboard."""
    data: Mapping[str, Any] = form.data
    follower = await customer_of_form(turn, form) if data.get("person") is not None else None
    phone = data.get("phone") or (follower.phone if follower is not None else "")
    return Whom(follower, phone, bool(data.get("phone")) and bool(data.get("typed")))
