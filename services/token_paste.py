"""New tokens for an OA that is registered already, pasted by a manager."""

from __future__ import annotations

from db import write
from models import OfficialAccount
from services import audit, tokens
from services.audit import Actor
from services.desk import Desk


def replace(desk: Desk, actor: Actor, oa: OfficialAccount, access: str, refresh: str) -> None:
    """Store the pair in place of the old one, audited. Raises Conflict `token.busy` while a renewal is under way."""
    with write():
        tokens.save_pair(desk, oa, access, refresh)
        audit.record(desk.now(), actor, "oa.tokens_pasted", oa_id=oa.oa_id, target=oa.name)
