"""What staff enter about a person's wish not to be written to, and take back when it was not meant so.

A phone's refusal holds over all OAs of the business, a user id's at its OA. Everything here is audited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import from_ms, write
from models import Consent, ConsentSource, Follower, OfficialAccount, Scope
from services import audit, consents, opt_outs, staff
from services.audit import Actor
from services.consents import EVERYWHERE, Statement
from services.desk import Desk
from services.errors import Conflict, NotAllowed


@dataclass(frozen=True)
class Person:
    """Whom it is about: everybody behind a phone, or one follower with the phone they shared."""

    phone: str  # 84901234567; "" when nobody knows it
    people: tuple[Follower, ...]
    said: tuple[Consent, ...]  # what stands, newest first

    def no(self, scope: Scope) -> Consent | None:
        """The newest refusal of `scope`, or of everything."""
        return consents.objection(self.said, {scope})


def known(oas: Iterable[OfficialAccount], phone: str, follower: Follower | None = None) -> Person:
    """What stands about a phone (84...), or a follower and their phone, at these OAs; two queries."""
    ids = [oa.oa_id for oa in oas]
    number = follower.phone if follower is not None else phone
    same = Follower.oa_id.in_(ids) & (Follower.phone == number)
    people = list(Follower.select().where(same).order_by(Follower.id).limit(20)) if number else []
    if follower is not None and follower.id not in {row.id for row in people}:
        people = [follower, *people]
    said = consents.everywhere(number, [(row.oa_id, row.user_id) for row in people], ids)
    return Person(number, tuple(people), tuple(said))


def refuse(
    desk: Desk, actor: Actor, phone: str, scope: Scope, follower: Follower | None = None, msg_id: str = ""
) -> None:
    """Nothing of `scope` (promotion, or all) goes to this phone from any OA, nor to this follower. Audited.

    `msg_id` is the customer's message it was entered about: undoing that one takes it back too.
    """
    evidence = {"msg_id": msg_id} if msg_id else None
    now = desk.now()
    number = follower.phone if follower is not None else phone
    who = [(EVERYWHERE, number)] if number else []
    who += [(follower.oa_id, follower.user_id)] if follower is not None else []
    with write():
        for oa_id, recipient in sorted(who):
            by = ConsentSource.STAFF
            consents.record(Statement(recipient, scope, False, now, by, oa_id, "", evidence, _number(actor)))
        _note(now, actor, "customer.opted_out", number, follower, {"scope": scope.value})


def check_reopen(actor: Actor, person: Person) -> None:
    """Raises NotAllowed `consent.every_oa`: a refusal over all OAs is not for whoever may use some only to end.

    Their own entry is.
    """
    if actor.staff is None or staff.has_every_oa(actor.staff):
        return
    others = (word for word in person.said if word.oa_id == EVERYWHERE and word.given is False)
    if any(word.staff_id != actor.staff.telegram_id for word in others):
        raise NotAllowed("consent.every_oa")


def reopen(
    desk: Desk, actor: Actor, person: Person, follower: Follower | None = None, asked_at: datetime | None = None
) -> int:
    """Take back every refusal of `person`; returns how many. Audited.

    One that came after the question (`asked_at`), or in this moment, stays. Raises NotAllowed `consent.every_oa`.
    """
    now = desk.now()
    check_reopen(actor, person)
    no = [word for word in person.said if word.given is False and (asked_at is None or word.at <= asked_at)]
    with write():
        taken = sum(consents.take_back(word, now, _number(actor)) for word in sorted(no, key=_place))
        _note(now, actor, "customer.reopened", person.phone, follower, {"count": taken})
    return taken


def stop_all(desk: Desk, actor: Actor, follower: Follower, msg_id: str) -> None:
    """[Stop all]: after the customer's own word nothing else goes to them either; every chat's notice says so."""
    with write():
        refuse(desk, actor, follower.phone, Scope.ALL, follower, msg_id)
        changes = {"done": "all", "by": actor.name}
        opt_outs.retell(desk.now(), opt_outs.NOTICES, follower.oa_id, msg_id, changes)


def stop_promotion(desk: Desk, actor: Actor, follower: Follower, msg_id: str) -> None:
    """[No more messages]: staff read the customer's unclear word as a refusal of advertising."""
    with write():
        refuse(desk, actor, follower.phone, Scope.PROMOTION, follower, msg_id)
        changes = {"done": "promotion", "by": actor.name}
        opt_outs.retell(desk.now(), opt_outs.NOTICES, follower.oa_id, msg_id, changes)


def undo(desk: Desk, actor: Actor, follower: Follower, msg_id: str, at: int) -> None:
    """[Not meant so]: the word of this message (`at`, epoch ms), and a [Stop all] after it, are taken back. Audited.

    Raises Conflict `consent.newer` when the customer said so again since.
    """
    now, said_at = desk.now(), from_ms(at)
    with write():
        who = [(follower.oa_id, follower.user_id)]
        said = consents.everywhere(follower.phone, who, [follower.oa_id])
        no = [word for word in said if word.given is False]
        if any(word.source == ConsentSource.CUSTOMER and word.at > said_at for word in no):
            raise Conflict("consent.newer")
        about = (word for word in no if (word.evidence or {}).get("msg_id") == msg_id)
        for word in sorted(about, key=_place):
            consents.take_back(word, now, _number(actor))
        _note(now, actor, "customer.reopened", follower.phone, follower, None)
        opt_outs.retell(now, opt_outs.NOTICES, follower.oa_id, msg_id, {"done": "undone", "by": actor.name})


def _place(word: Consent) -> tuple[str, str, str]:
    return (word.oa_id, word.recipient, word.scope)


def _number(actor: Actor) -> int | None:
    return actor.staff.telegram_id if actor.staff is not None else None


def _note(
    now: datetime, actor: Actor, action: str, phone: str, follower: Follower | None, detail: dict[str, Any] | None
) -> None:
    target = f"follower {follower.id}" if follower is not None else phone
    oa_id = follower.oa_id if follower is not None else ""
    audit.record(now, actor, action, oa_id=oa_id, target=target, detail=detail)
