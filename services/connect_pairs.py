"""The pair of a ticket, between Zalo's exchange and the row of its OA."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from db import from_ms, to_ms
from models import OauthTicket
from secretbox import SecretBox
from services import connect_tickets
from services.token_hold import Held
from services.token_pairs import Pair
from zalo.oauth import TokenPair


@dataclass(frozen=True)
class Exchanged:
    """What the exchange brought. `oa_row`, `generation`: whose tokens were held then, and their number (None: none)."""

    pair: Pair
    oa_row: int | None = None
    generation: int | None = None


def as_text(answer: TokenPair, now: datetime, held: Held | None = None) -> str:
    """The answer of the exchange as the ticket keeps it, not sealed yet."""
    times = {"issued": to_ms(now), "expires": to_ms(now + answer.expires_in)}
    row = {"oa_row": held.oa.id, "generation": held.generation} if held is not None else {}
    return json.dumps({"access": answer.access, "refresh": answer.refresh, **times, **row})


def unseal(box: SecretBox, ticket: OauthTicket) -> Exchanged:
    """The pair of a ticket in the state exchanged or asking. Raises CannotOpen."""
    values = json.loads(connect_tickets.opened(box, ticket, "pair"))
    pair = Pair(values["access"], values["refresh"], from_ms(values["expires"]), from_ms(values["issued"]))
    return Exchanged(pair, values.get("oa_row"), values.get("generation"))


def as_answer(pair: Pair) -> TokenPair:
    """The pair as Zalo gave it when it was issued."""
    lifetime = pair.access_expires_at - pair.issued_at if pair.issued_at else timedelta(0)
    return TokenPair(pair.access, pair.refresh, lifetime)


def times(pair: Pair) -> dict[str, Any]:
    """The columns of OaToken that tell when a pair was issued and when it ends."""
    return {
        "access_expires_at": pair.access_expires_at,
        "refresh_expires_at": pair.refresh_expires_at,
        "access_issued_at": pair.issued_at,
        "refreshed_at": pair.issued_at,
    }
