"""Acts that were refused, for the audit: the one place that writes them, once each.

A wrong answer to a question and a second tap are no refusals: nobody was kept from anything.
"""

from __future__ import annotations

from bot.acts import LEADS_TO
from bot.markup import LONGEST_NUMBER
from bot.turn import Turn
from models import Confirmation, Follower, OfficialAccount
from services import audit
from services.errors import Conflict, DeskError, NotAllowed, Refusal

_NO_MATTER = {"confirm.used", "confirm.expired"}


async def note(turn: Turn, error: DeskError) -> None:
    """Write that the act of this turn was refused, and why; nothing for looking, nor a second time."""
    act, turn.act = turn.act, ""
    if not act or not isinstance(error, NotAllowed | Refusal | Conflict) or error.key in _NO_MATTER:
        return
    if turn.button[0] in LEADS_TO and not isinstance(error, NotAllowed):
        return  # a question that could not be asked; the act itself was not tried
    await turn.db(_write, turn, act, error.key)


def _write(turn: Turn, act: str, key: str) -> None:
    oa = _oa_of(turn)
    audit.record(turn.now(), turn.actor, act, oa_id=oa.oa_id if oa else "", result=key)


def _oa_of(turn: Turn) -> OfficialAccount | None:
    """The OA the act was about, when the button says so; a guess would be worse than none."""
    if turn.about is not None:
        return OfficialAccount.get_or_none(OfficialAccount.id == turn.about)
    action, args = turn.button
    if not args:
        return None
    numbered = args[0].isascii() and args[0].isdigit() and len(args[0]) <= LONGEST_NUMBER
    if action.startswith("oa.") and numbered:
        return OfficialAccount.get_or_none(OfficialAccount.id == int(args[0]))
    if action.startswith("k.") and numbered:
        person = Follower.get_or_none(Follower.id == int(args[0]))
        return OfficialAccount.get_or_none(OfficialAccount.oa_id == person.oa_id) if person is not None else None
    asked = Confirmation.get_or_none(Confirmation.token == args[0], Confirmation.staff == turn.staff)
    return asked.oa if asked is not None else None
