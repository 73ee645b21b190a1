"""What an answer of Zalo, or its absence, means for the delivery that was to leave."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any

from db import write
from models import Channel, ConsentSource, Delivery, DeliveryState, OfficialAccount, Scope, ZnsTemplate
from services import consents, deliveries, pacing, receipts
from services.calendar import next_month, next_time
from services.errors import Refusal
from services.preflight import NIGHT_END, Verdict
from zalo.errors import ErrorClass, Refused, ResumeAt

# Tries over about ten minutes; who cannot be reached for longer is a matter for a person.
UNREACHABLE_AFTER, TRANSIENT_AFTER, LATER_AFTER, TOKEN_AFTER = 8, 4, 12, 5
_LONGEST_PAUSE = timedelta(minutes=5)
_OF_THIS_KIND = {-139, -244}
# Said by our own checks at the last moment: what a person decided meanwhile ends the message quietly.
_SKIPPED = {
    "send.paused": "paused",
    "send.not_tester": "not_tester",
    "send.said_no_customer": "said_no",
    "send.said_no_staff": "said_no",
}
_HELD = {
    "oa.needs_reauth": "token",
    "oa.no_tokens": "token",
    "oa.tokens_unreadable": "token",
    "oa.stopped": "stopped",
    "oa.late": "stopped",
    "send.stop_all": "stopped",
}
# What stood against it on our side, with words of its own.
_OURS = {"send.not_free", "send.older_way", "send.template_way", "send.under_age", "way.no_phone", "way.no_user"}
# How an address that was closed answers: nobody recorded it; both are assumed (oa-api.md 6, 14).
_OLDER_CHANNELS, _CLOSED = {Channel.PROMOTION, Channel.TRANSACTION}, {-233, 404}
_NIGHT, _NOT_BY_UID = -133, -249
_WRONG_APP = {"app.unknown", "app.unreadable"}  # no event tells when the owner mends it: looked at again and again


def accepted(now: datetime, row: Delivery, msg_id: str, sent_at: datetime | None, quota_type: str = "") -> None:
    """Zalo took it. Commits, then looks for receipts that came before the answer."""
    deliveries.answered(now, row.id, msg_id, sent_at, quota_type)
    receipts.settle(now, [(row.oa.oa_id, msg_id)])


def lost(now: datetime, row: Delivery) -> None:
    """No answer, or none that tells: nobody knows whether Zalo took it."""
    deliveries.unknown(now, row.id, _still_ours(row))


def surely_not_sent(now: datetime, row: Delivery) -> None:
    """It never reached Zalo: again after a pause, a few times, then it has failed as unreachable."""
    _count_upload(row)
    if row.attempt >= UNREACHABLE_AFTER:
        _fail(now, row, "desk", "unreachable")
    else:
        back(now, row, now + _pause(row.attempt), "retry")


def refused(now: datetime, row: Delivery, answer: Refused) -> None:
    """Zalo said no, so it did not act; what follows depends on the class of the code."""
    _count_upload(row)
    found = answer.error_class
    if found is ErrorClass.GLOBAL:
        back(now, row, None, "stopped", answer)
    elif found is ErrorClass.LATER and row.attempt < LATER_AFTER:
        resume = answer.info.resume or ResumeAt.NEXT_DAY
        _remember_of_template(now, row, answer.code)
        back(now, row, resumes_at(now, resume), _WAITS_FOR[resume], answer)
    elif found is ErrorClass.TRANSIENT and row.attempt < TRANSIENT_AFTER:
        back(now, row, now + _pause(row.attempt), "retry", answer)
    elif found is ErrorClass.TOKEN and row.attempt < TOKEN_AFTER:
        back(now, row, now + timedelta(minutes=1), "token", answer)
    elif row.channel in _OLDER_CHANNELS and answer.code in _CLOSED:
        _fail(now, row, "desk", "older_way_closed", f"{answer.code} {answer.message}".strip())
    else:
        with write():
            _fail(now, row, found.value, str(answer.code), answer.message)
            _remember(now, row, answer)


def objected(now: datetime, row: Delivery, refusal: Refusal) -> None:
    """One of our own rules spoke up between the yes and the sending."""
    if refusal.key in _SKIPPED:
        code = _SKIPPED[refusal.key]
        deliveries.move(now, row.id, DeliveryState.SKIPPED, _still_ours(row), error_class="desk", error_code=code)
    elif refusal.key in _HELD:
        back(now, row, None, _HELD[refusal.key])
    elif refusal.key in _WRONG_APP:
        back(now, row, now + _LONGEST_PAUSE, "app")
    elif refusal.key in _OURS:
        _fail(now, row, "desk", refusal.key)
    else:
        found = "template" if refusal.key.startswith("template.") else "recipient"
        _fail(now, row, found, refusal.code or refusal.key)


def waits(now: datetime, row: Delivery, verdict: Verdict) -> None:
    """Our own rules let it go later: the row says what it waits for, and until when."""
    until = verdict.until or next_time(now, time(0))
    back(now, row, until + _jitter(), verdict.held.value if verdict.held else "quota")


def unusable(now: datetime, row: Delivery, code: str) -> None:
    """What was to be sent is not there any more."""
    _fail(now, row, "desk", code)


def back(now: datetime, row: Delivery, at: datetime | None, reason: str, answer: Refused | None = None) -> None:
    """Into the queue again until `at`; None: until what holds it is gone (see sending.release_held)."""
    values: dict[str, Any] = {
        "next_attempt_at": at,
        "held_reason": reason,
        "error_code": str(answer.code) if answer else "",
        "error_message": answer.message if answer else "",
        "error_class": answer.error_class.value if answer else "",
    }
    with write():
        if deliveries.move(now, row.id, DeliveryState.QUEUED, _still_ours(row), **values):
            return
        # It had not left yet, so it never went out of the queue.
        still = Delivery.update(**values, lease_owner="", lease_until=None).where(
            Delivery.id == row.id, Delivery.state == DeliveryState.QUEUED, _still_ours(row)
        )
        if still.execute() and reason != row.held_reason:
            deliveries.show(now, row.id)


def resumes_at(now: datetime, resume: ResumeAt) -> datetime:
    """When a "later" code stops applying, and a little after it, not everybody in the same second."""
    if resume is ResumeAt.NEXT_MINUTE:
        return pacing.next_minute(now) + timedelta(seconds=random.uniform(0.2, 2))
    if resume is ResumeAt.NIGHT_END:
        return next_time(now, NIGHT_END) + _jitter()
    if resume is ResumeAt.NEXT_DAY:
        return next_time(now, time(0)) + _jitter()
    return next_month(now) + _jitter()


_WAITS_FOR = {
    ResumeAt.NEXT_MINUTE: "minute",
    ResumeAt.NIGHT_END: "night",
    ResumeAt.NEXT_DAY: "quota",
    ResumeAt.NEXT_MONTH: "quota",
}


def _count_upload(row: Delivery) -> None:
    """A picture or file could not be uploaded: the message has not left, and yet this try must count."""
    if row.state == DeliveryState.QUEUED:
        row.attempt += 1
        Delivery.update(attempt=row.attempt).where(Delivery.id == row.id, _still_ours(row)).execute()


def _still_ours(row: Delivery) -> Any:
    # Whoever waited longer than the lease may find the row under way with somebody else: putting it back into the
    # queue then would send it twice.
    return Delivery.lease_owner == row.lease_owner


def _fail(now: datetime, row: Delivery, error_class: str, code: str, message: str = "") -> None:
    deliveries.move(
        now,
        row.id,
        DeliveryState.FAILED,
        _still_ours(row) | (Delivery.state == DeliveryState.UNCERTAIN),
        error_class=error_class,
        error_code=code,
        error_message=message,
        held_reason="",
    )


def _remember(now: datetime, row: Delivery, answer: Refused) -> None:
    """What the refusal says about the person or the template, for the next time."""
    if answer.info.remember_optout:
        oa = OfficialAccount.get_by_id(row.oa_id)
        consents.record(
            consents.Statement(
                row.recipient,
                # -139 and -244 refuse "this kind of message", the others all of the OA's.
                Scope(row.send_class) if answer.code in _OF_THIS_KIND else Scope.ALL,
                given=False,
                at=now,
                source=ConsentSource.ZALO,
                oa_id=oa.oa_id,
                code=str(answer.code),
                evidence={"delivery": row.id},
            )
        )
    _remember_of_template(now, row, answer.code, stale=answer.error_class is ErrorClass.TEMPLATE)


def _remember_of_template(now: datetime, row: Delivery, code: int, *, stale: bool = False) -> None:
    """What Zalo lists nowhere and tells by refusing: not at night, not to a user id. `stale`: to be read again."""
    changes: dict[str, Any] = {"synced_at": 0} if stale else {}
    if code == _NIGHT:
        changes["night_refused_at"] = now
    elif code == _NOT_BY_UID:
        changes["uid_refused_at"] = now
    if changes and row.kind == "template":
        mine = (ZnsTemplate.oa == row.oa_id, ZnsTemplate.template_id == row.content["template_id"])
        ZnsTemplate.update(**changes).where(*mine).execute()


def _pause(attempt: int) -> timedelta:
    whole = min(timedelta(seconds=2 ** max(1, attempt)), _LONGEST_PAUSE)
    return whole * random.uniform(0.8, 1.3)


def _jitter() -> timedelta:
    return timedelta(seconds=random.uniform(5, 90))
