"""The buttons under a rating: write to the customer, show the number, handled."""

from __future__ import annotations

from bot.commands.customers import NUMBER_SHOWN_FOR
from bot.forms.engine import open_form
from bot.forms.send import SEND, send_form
from bot.forms.zns import zns_form
from bot.markup import whole
from bot.reach import rating_at
from bot.screens.ratings import rating_screen
from bot.turn import Turn
from db import write
from models import OfficialAccount, Rating
from services import audit, notices, phones, ratings
from services.errors import NotAllowed, NotFound

Args = tuple[str, ...]


async def show(turn: Turn, args: Args) -> None:
    """One rating."""
    await turn.show(await rating_screen(turn, *await rating_at(turn, whole(args, 0))))


async def write_to(turn: Turn, args: Args) -> None:
    """A message to this customer: to the follower if they are one, else a ZNS to the number."""
    oa, row = await rating_at(turn, whole(args, 0))
    person, phone = await turn.db(ratings.person_of, row)
    if person is not None:
        form = send_form(oa)
        form.data["person"], form.step = person.id, "way"
        await open_form(SEND, turn, form)
    elif phone:
        await SEND.go_on(turn, zns_form(oa, phone, typed=False))
    else:
        raise NotFound("rating.nobody")


async def show_number(turn: Turn, args: Args) -> None:
    """The full number for ten minutes; who looked is written down."""
    oa, row = await rating_at(turn, whole(args, 0))
    if not turn.staff.sees_numbers:
        raise NotAllowed("role.numbers")
    _, phone = await turn.db(ratings.person_of, row)
    if not phone:
        raise NotFound("rating.nobody")
    assert turn.tapped is not None
    # Before it is shown: whatever breaks from here on, the look is written down and the number goes away again.
    tapped = turn.tapped
    await turn.db(_note_shown, turn, oa, row, phone, tapped)
    shown = await turn.show(await rating_screen(turn, oa, row, full_number=True))
    if shown != tapped:
        await turn.db(_hide_later, turn, row, shown)


async def done(turn: Turn, args: Args) -> None:
    """Somebody looks after it; whoever taps later sees who."""
    oa, row = await rating_at(turn, whole(args, 0))
    if not await turn.db(ratings.handle, turn.desk, turn.actor, row.id):
        await turn.toast(turn.t.plain("rating.handled_before"))
    await turn.show(await rating_screen(turn, oa, await turn.db(ratings.get, row.id)))


def _note_shown(turn: Turn, oa: OfficialAccount, row: Rating, phone: str, message_id: int) -> None:
    detail = {"rating": row.id}
    with write():
        audit.record(
            turn.now(), turn.actor, "customer.number_shown", oa_id=oa.oa_id, target=phones.mask(phone), detail=detail
        )
        _hide_later(turn, row, message_id)


def _hide_later(turn: Turn, row: Rating, message_id: int) -> None:
    at = turn.now() + NUMBER_SHOWN_FOR
    notices.post(turn.now(), turn.chat_id, "hide_number", str(message_id), {"rating": row.id}, message_id, at=at)
