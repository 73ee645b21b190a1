"""Facts and letters to judge: an ordinary OA on an ordinary Monday at 09:00, changed by each case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from models import Channel, Consent, SendClass, ZnsTemplate
from services.interaction import LastInteraction
from services.preflight import Facts, Letter, OaFacts, PersonFacts

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 09:00 in Vietnam
NIGHT = NOW + timedelta(hours=14)  # 23:00
PHONE, USER = "84912340007", "777"


def vietnam(day, hour, minute=0):
    """A moment of November 2026 by clocks in Vietnam."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


def template(tag="TRANSACTION", **more):
    usual = {
        "template_id": "300111", "name": "Xác nhận lịch hẹn", "status": "ENABLE", "tag": tag, "price_phone": 300,
        "price_uid": 210, "timeout_ms": 7_200_000, "synced_at": NOW, "buttons": [],
    }  # fmt: skip
    return ZnsTemplate(**{**usual, **more})


def moment(at):
    return LastInteraction(at, at)


def day(at):
    """A whole day in Vietnam, as a profile tells it; `at` is its beginning."""
    return LastInteraction(at, at + timedelta(days=1))


def no(scope="all", source="zalo", code="-141", recipient=PHONE, ago=timedelta(days=1), given=False):
    return Consent(
        id=1, recipient=recipient, scope=scope, given=given, at=NOW - ago, source=source, code=code, oa_id="1"
    )


PERSON = PersonFacts(
    phone=PHONE, user_id=USER, name="Bảo", is_follower=True, last=moment(NOW - timedelta(hours=1)),
    related_at=NOW - timedelta(days=3),
)  # fmt: skip
OA = OaFacts("Spa Hoa Mai")


def facts(now=NOW, oa=None, **person):
    return Facts(now, replace(OA, **(oa or {})), replace(PERSON, **person))


CS = Letter(Channel.CS, "text", SendClass.CARE)
CS_AD = Letter(Channel.CS, "text", SendClass.PROMOTION)  # it begins with [QC]
FORM = Letter(Channel.CS, "form", SendClass.CARE)
ZNS = Letter(Channel.ZNS, "template", SendClass.TRANSACTION, template())
ZNS_CARE = Letter(Channel.ZNS, "template", SendClass.CARE, template("CUSTOMER_CARE"))
ZNS_AD = Letter(Channel.ZNS, "template", SendClass.PROMOTION, template("PROMOTION"))
UID = Letter(Channel.UID, "template", SendClass.TRANSACTION, template())
UID_CARE = Letter(Channel.UID, "template", SendClass.CARE, template("CUSTOMER_CARE"))
UID_AD = Letter(Channel.UID, "template", SendClass.PROMOTION, template("PROMOTION"))
MEDIA = Letter(Channel.PROMOTION, "promotion", SendClass.PROMOTION)
ORDER = Letter(Channel.TRANSACTION, "transaction_order", SendClass.TRANSACTION)
EVERY = (CS, FORM, ZNS, ZNS_CARE, ZNS_AD, UID, UID_CARE, UID_AD, MEDIA, ORDER)


def told(verdict):
    """Everything a verdict says, comparable: exceptions are equal to themselves only."""
    refusal = verdict.refusal
    why = (refusal.key, refusal.code, refusal.values) if refusal is not None else None
    rest = (verdict.until, verdict.price, verdict.free_until, verdict.notes, verdict.rule, verdict.held)
    return verdict.answer, why, *rest
