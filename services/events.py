"""What each of Zalo's events means for our tables.

Events we have no use for say nothing and are only kept. A message makes nobody a follower; only `follow`, `unfollow`
and Zalo's own user list do. A group's messages are no chat with the OA.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import asdict

from db import to_ms
from services import opt_outs
from services.facts import Facts, Message, Person, Report, Revoked, Tagged, TagSeen, Withdrawn, as_json
from services.form_answers import Answered
from services.names import fold_name
from services.opt_outs import Said
from services.ratings import Rated
from services.template_changes import QuotaChanged, TemplateChanged
from zalo.events import FUTURE_LIMIT_MS, Event
from zalo.payload import as_dict, as_id
from zalo.ratings import read_rating
from zalo.shared_info import SharedInfo

_EARLIEST_MS = 946_684_800_000  # the year 2000
_Reader = Callable[[Event, str, int, Facts], None]


def read(event: Event, oa_id: str, received_ms: int, facts: Facts) -> None:
    """Add what `event` says about the OA `oa_id` to `facts`. Never raises on odd shapes."""
    if received_ms > facts.heard.get(oa_id, 0):
        facts.heard[oa_id] = received_ms
    reader = _READERS.get(event.name) or _by_prefix(event.name)
    if reader is not None:
        reader(event, oa_id, received_ms, facts)


def text_hash(text: str | None) -> str:
    """By which the echo of a message is recognised; the same however Zalo composed the letters or trimmed it."""
    clean = unicodedata.normalize("NFC", text or "").strip()
    return hashlib.sha256(clean.encode("utf-8", "replace")).hexdigest()[:32] if clean else ""


def _by_prefix(name: str) -> _Reader | None:
    if name.startswith("user_send_") and not name.startswith("user_send_group_"):
        return _inbound
    if name.startswith("oa_send_") and not name.startswith(("oa_send_group_", "oa_send_anonymous_", "oa_send_consent")):
        return _echo
    return None


def _inbound(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if event.user_id:
        facts.people.append(Person(oa_id, event.user_id, event.at, interaction_at=event.at))
        _message(event, oa_id, event.user_id, True, facts)
        meaning = opt_outs.meaning(event.text) if event.name == "user_send_text" else None
        if meaning is not None:
            # A message without an id is not kept; what it says about advertising holds all the same.
            msg_id = event.msg_id or str(event.at)
            facts.said.append(Said(oa_id, event.user_id, event.at, msg_id, event.text or "", meaning))


def _interaction(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if event.user_id:
        facts.people.append(Person(oa_id, event.user_id, event.at, interaction_at=event.at))


def _echo(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if not event.user_id:
        return
    facts.people.append(Person(oa_id, event.user_id, event.at))
    _message(event, oa_id, event.user_id, False, facts)
    if event.msg_id:
        facts.reports.append(
            Report(
                oa_id, event.msg_id, "echo", event.at, user_id=event.user_id, text_hash=text_hash(event.text),
                admin_id=event.admin_id or "", echoed=event.name.removeprefix("oa_send_"),
            )
        )  # fmt: skip


def _message(event: Event, oa_id: str, user_id: str, inbound: bool, facts: Facts) -> None:
    if not event.msg_id:
        return
    kind = event.name.removeprefix("user_").removeprefix("oa_").removeprefix("send_")
    attachments = _attachments(event) if event.attachments else None
    quoted, admin = event.quote_msg_id or "", event.admin_id or ""
    facts.messages.append(
        Message(oa_id, event.msg_id, user_id, inbound, kind, event.text or "", attachments, quoted, admin, event.at)
    )


def _attachments(event: Event) -> str:
    return as_json(
        [{key: value for key, value in asdict(each).items() if value is not None} for each in event.attachments]
    )


def _follow(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if not event.user_id:
        return
    follows = event.name == "follow"
    person = Person(oa_id, event.user_id, event.at, is_follower=follows, follow_at=event.at, follow_rank=event.name)
    facts.people.append(person._replace(interaction_at=event.at) if follows else person)


def _received(event: Event, oa_id: str, received_ms: int, facts: Facts) -> None:
    if not event.msg_id:
        return
    at = event.at
    # ZNS says when it arrived on the phone, which may be long before the event.
    if event.delivery_at is not None and _EARLIEST_MS < event.delivery_at <= received_ms + FUTURE_LIMIT_MS:
        at = event.delivery_at
    tracking, user = event.tracking_id or "", event.user_id or ""
    facts.reports.append(Report(oa_id, event.msg_id, "delivered", at, tracking_id=tracking, user_id=user))


def _seen(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    for msg_id in {*event.msg_ids, *filter(None, [event.msg_id])}:
        facts.reports.append(Report(oa_id, msg_id, "seen", event.at, user_id=event.user_id or ""))


def _submitted(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if not event.user_id:
        return
    person = Person(oa_id, event.user_id, event.at, interaction_at=event.at)
    facts.people.append(with_shared(person, event.info, event.at, event.name) if event.info else person)
    if event.info:
        facts.answers.append(Answered(oa_id, event.user_id, event.at))


def with_shared(person: Person, info: SharedInfo, at: int, rank: str) -> Person:
    """The person with what they told the OA about themselves at `at`."""
    values = {key: str(value) for key, value in asdict(info).items() if value is not None}
    text = as_json(values)
    # Two different forms of one millisecond need an order too; their content gives it.
    full_rank = f"{rank}:{hashlib.sha256(text.encode()).hexdigest()[:16]}" if rank else ""
    told = person._replace(
        shared_info=text, shared_at=at, shared_rank=full_rank, shared_name=fold_name(info.name or "")
    )
    return told._replace(phone=info.phone, phone_at=at, phone_rank=full_rank) if info.phone else told


def _tagged(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if event.tag_name is None:
        return
    present = event.name == "add_user_to_tag"
    if present:  # without people it says that the tag was made
        facts.tags.append(TagSeen(oa_id, event.tag_name, seen_at=event.at))
    for user_id in event.tag_user_ids:
        facts.people.append(Person(oa_id, user_id, event.at))
        facts.tagged.append(Tagged(oa_id, user_id, event.tag_name, present, event.at, event.name))


def _tag_removed(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if event.tag_name is not None:
        facts.tags.append(TagSeen(oa_id, event.tag_name, removed_at=event.at))


def _revoked(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    facts.revoked.append(Revoked(oa_id, event.app_id or "", event.at))


def _withdrew(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    if event.user_id:
        facts.withdrawn.append(Withdrawn(oa_id, event.user_id, event.at))


def _feedback(event: Event, oa_id: str, received_ms: int, facts: Facts) -> None:
    found = read_rating(as_dict(event.body.get("message")))
    if found is None:
        return
    at = to_ms(found.at) if found.at is not None else event.at
    at = at if _EARLIEST_MS < at <= received_ms + FUTURE_LIMIT_MS else event.at
    facts.rated.append(Rated(oa_id, found.msg_id, found.tracking_id, found.rate, found.note, found.feedbacks, at))


def _template_changed(event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    """Which template; everything else is asked of Zalo. Without one (not documented) it is about the OA's quota."""
    template_id = as_id(event.body.get("template_id")) or as_id(event.body.get("templateId"))
    if template_id:
        facts.templates.append(TemplateChanged(oa_id, template_id))
    else:
        facts.quotas.append(QuotaChanged(oa_id))


def _quota_changed(_event: Event, oa_id: str, _received_ms: int, facts: Facts) -> None:
    facts.quotas.append(QuotaChanged(oa_id))


_READERS: dict[str, _Reader] = {
    "follow": _follow,
    "unfollow": _follow,
    "user_submit_info": _submitted,
    "user_asking_product": _inbound,
    "user_click_chatnow": _interaction,
    "user_call_oa": _interaction,
    "user_received_message": _received,
    "user_seen_message": _seen,
    "add_user_to_tag": _tagged,
    "remove_user_from_tag": _tagged,
    "remove_tag": _tag_removed,
    "permission_revoked": _revoked,
    "user_withdraw": _withdrew,
    "user_feedback": _feedback,
    "change_template_status": _template_changed,
    "change_template_quality": _template_changed,
    "change_template_quota": _template_changed,
    "change_oa_template_tags": _quota_changed,
    "change_oa_daily_quota": _quota_changed,
}
