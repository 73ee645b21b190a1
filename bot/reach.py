"""The things a button or a form is about, as far as this person may touch them.

A number that leads nowhere and one of an OA closed to the person end the same way: the keyboard counts as old.
"""

from __future__ import annotations

from bot.markup import OldKeyboard
from bot.turn import Turn
from models import Delivery, Follower, OfficialAccount, Rating, ZnsTemplate
from services import reach
from services.drafts import Form


async def oa_at(turn: Turn, row_id: int) -> OfficialAccount:
    """The OA of a button, as it is now. Raises OldKeyboard."""
    oa = await turn.db(reach.oa, turn.staff, row_id)
    if oa is None:
        raise OldKeyboard("oa")
    return oa


async def customer_at(turn: Turn, row_id: int) -> tuple[OfficialAccount, Follower]:
    """The person of a button and the OA they belong to. Raises OldKeyboard."""
    found = await turn.db(reach.follower, turn.staff, row_id)
    if found is None:
        raise OldKeyboard("customer")
    return found


async def delivery_at(turn: Turn, row_id: int) -> Delivery:
    """The message of a button, with its OA. Raises OldKeyboard."""
    row = await turn.db(reach.delivery, turn.staff, row_id)
    if row is None:
        raise OldKeyboard("delivery")
    return row


async def template_at(turn: Turn, row_id: int) -> ZnsTemplate:
    """The template of a button, with its OA. Raises OldKeyboard."""
    row = await turn.db(reach.template, turn.staff, row_id)
    if row is None:
        raise OldKeyboard("template")
    return row


async def rating_at(turn: Turn, row_id: int) -> tuple[OfficialAccount, Rating]:
    """The rating of a button, and the OA it was given to. Raises OldKeyboard."""
    found = await turn.db(reach.rating, turn.staff, row_id)
    if found is None:
        raise OldKeyboard("rating")
    return found


async def oa_of_form(turn: Turn, form: Form) -> OfficialAccount:
    """The OA a form is about. Raises OldKeyboard; what was kept of such a form is gone already (services.drafts)."""
    return await oa_at(turn, int(form.data["oa"]))


async def customer_of_form(turn: Turn, form: Form) -> Follower:
    """The person a form is about. Raises OldKeyboard."""
    if form.data["person"] is None:  # a button of another step
        raise OldKeyboard("customer")
    return (await customer_at(turn, int(form.data["person"])))[1]
