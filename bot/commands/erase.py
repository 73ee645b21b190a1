"""[🧹 Xóa dữ liệu người này] on a customer's card: the owner's, asked twice."""

from __future__ import annotations

from bot.markup import part, whole
from bot.reach import customer_at
from bot.screens.erase import erase_begun, erase_question
from bot.turn import Turn
from db import write
from models import Follower
from services import confirmations, erasure
from services.errors import NotFound

Args = tuple[str, ...]
ERASE = "erase"  # what a yes was asked for


async def ask_erase(turn: Turn, args: Args) -> None:
    """What would go, and what stays."""
    oa, person = await customer_at(turn, whole(args, 0))
    scope = await turn.db(erasure.scope, person)
    tokens = [await turn.db(_ask, turn, person, everywhere) for everywhere in (False, True)]
    await turn.show(erase_question(turn, oa, person, scope, *tokens))


def _ask(turn: Turn, person: Follower, everywhere: bool) -> str:
    return confirmations.ask(turn.now(), turn.staff, ERASE, {"row": person.id, "everywhere": everywhere})


async def erase(turn: Turn, args: Args) -> None:
    """The yes. The long part is the clock's; this message hears of its end."""
    row = await turn.db(_erase, turn, part(args, 0))
    oa, _ = await customer_at(turn, row)
    await turn.show(erase_begun(turn, oa))


def _erase(turn: Turn, token: str) -> int:
    shown = (turn.chat_id, turn.tapped) if turn.tapped is not None else None
    with write():
        spent = confirmations.use(turn.now(), turn.staff, token, ERASE)
        person = Follower.get_or_none(Follower.id == spent.payload["row"])
        if person is None:
            raise NotFound("follower.unknown")
        if spent.payload["everywhere"] and person.phone:
            erasure.erase_phone(turn.desk, turn.actor, person.phone, shown)
        else:
            erasure.erase(turn.desk, turn.actor, person.oa_id, person.user_id, shown)
    return int(person.id)
