"""What became of one message, rendered from its row by one function: after the yes, and at every receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot import errors
from bot.codes import explain_code
from bot.html_cut import cut
from bot.markup import Button, Rows, Screen, to
from bot.screens.letter import letter
from bot.screens.titles import oa_name
from models import Channel, Delivery, DeliveryState, OfficialAccount, Rating
from services import deliveries, forgetting
from services.phone_finding import mask_phones
from texts import Texts, figures
from texts.html import Html, escape, lines, quote

S = DeliveryState
ICONS = {
    S.QUEUED: "🕘", S.SENDING: "🕘", S.SENT: "✅", S.DELIVERED: "📬", S.SEEN: "👁", S.FAILED: "❌",
    S.SKIPPED: "⏭", S.EXPIRED: "⌛", S.UNCERTAIN: "❔", S.CANCELLED: "✖️",
}  # fmt: skip
LONGEST_CONTENT = 600
LONGEST_ANSWER = 200  # characters of what Zalo said
CAN_BE_RESENT = {S.FAILED, S.EXPIRED, S.UNCERTAIN}


@dataclass(frozen=True)
class Eyes:
    """For whom it is rendered: the words, the moment, and whether this person sees money and numbers."""

    t: Texts
    now: datetime
    money: bool = True
    numbers: bool = True


def render_delivery(eyes: Eyes, row: Delivery, rating: Rating | None = None) -> Screen:
    """The result message: OA and mode, to whom, what, how far it got, what it cost, what to do if it did not."""
    t = eyes.t
    text = lines(
        _title(eyes, row),
        _to(eyes, row),
        _content(t, row),
        _progress(eyes, row),
        _rated(eyes, rating) if rating is not None else None,
        *_trouble(eyes, row),
    )
    return Screen(text, _rows(t, row), protect=True)


def _title(eyes: Eyes, row: Delivery) -> Html:
    oa: OfficialAccount = row.oa
    mode = eyes.t("mode.test" if row.development else "mode.live")
    what = eyes.t(f"delivery.title_{'form' if row.kind == 'form' else row.channel}")
    return Html(f"<b>{ICONS[S(row.state)]} {what}</b> · {escape(oa_name(oa))} · {mode}")


def _to(eyes: Eyes, row: Delivery) -> Html:
    template = row.content.get("template_name") or row.content.get("template_id")
    if row.channel == Channel.ZNS:
        return eyes.t("delivery.to_zns", phone=forgetting.shown_recipient(row), template=template)
    name = row.recipient_name or forgetting.shown_recipient(row)
    if row.channel == Channel.UID:
        return eyes.t("delivery.to_uid", name=name, template=template)
    return eyes.t("delivery.to_cs", name=name)


def _content(t: Texts, row: Delivery) -> Html | None:
    if forgetting.is_forgotten(row):
        return None
    if row.kind == "template" and not row.content.get("params"):
        return None
    return letter(t, row.kind, row.content, limit=LONGEST_CONTENT)


def _rated(eyes: Eyes, rating: Rating) -> Html:
    """⭐⭐⭐⭐ «phục vụ tốt»."""
    t, told = eyes.t, " · ".join(filter(None, [rating.note, *(rating.feedbacks or [])]))
    words = told if eyes.numbers else mask_phones(told)
    said = t("delivery.rated_words", words=cut(escape(words), 200)) if words else Html("")
    return t("delivery.rated", stars="⭐" * max(1, min(5, rating.rate))) + said


def _progress(eyes: Eyes, row: Delivery) -> Html:
    """✅ 09:12 đã gửi → 📬 09:12 đã nhận · 324đ."""
    steps = [
        f"{ICONS[state]} {figures.brief(eyes.t.language, at, eyes.now)} {eyes.t(f'state.{state.value}')}"
        for state, at in ((S.SENT, row.sent_at), (S.DELIVERED, row.delivered_at), (S.SEEN, row.seen_at))
        if at is not None
    ]
    state = S(row.state)
    if state not in (S.SENT, S.DELIVERED, S.SEEN):
        steps.append(f"{ICONS[state]} {eyes.t(f'state.{state.value}')}")
    if state == S.CANCELLED:
        return Html(f"{' → '.join(steps)} · {eyes.t('delivery.taken_back')}")
    return Html(" → ".join(steps) + _held(eyes, row) + _cost(eyes, row))


def _held(eyes: Eyes, row: Delivery) -> str:
    key = f"held.{row.held_reason}"
    if row.state != S.QUEUED or not row.held_reason or key not in eyes.t:
        return ""
    until = eyes.t("held.until", when=eyes.t.moment(row.next_attempt_at, eyes.now)) if row.next_attempt_at else ""
    return f": {eyes.t(key)}{until}"


def _cost(eyes: Eyes, row: Delivery) -> str:
    """What it cost, once that is known; before, nothing: a queued or failed message has cost nothing yet."""
    if row.development and row.channel == Channel.ZNS:  # by user id Zalo knows no free tests
        return f" · {eyes.t('delivery.free_test')}"
    cost = deliveries.cost(row)
    if cost is None or row.state not in (S.SENT, S.DELIVERED, S.SEEN, S.EXPIRED):
        return ""
    if cost == 0 and row.state != S.EXPIRED:
        return f" · {eyes.t('delivery.free')}" if row.channel != Channel.ZNS else ""
    return f" · {eyes.t.money(cost)}" if eyes.money else ""


def _trouble(eyes: Eyes, row: Delivery) -> list[Html]:
    """The four parts for what did not arrive, or may not have."""
    t, state = eyes.t, S(row.state)
    if state == S.UNCERTAIN:
        return [Html(""), errors.four_parts(t, "delivery.uncertain", {}, _support(eyes, row))]
    if state == S.SKIPPED:
        key = f"delivery.skipped_{row.error_code}"
        known = key if f"error.{key}.what" in t else "delivery.skipped"
        return [Html(""), errors.four_parts(t, known, {}, _support(eyes, row))]
    if state == S.EXPIRED:
        return [Html(""), errors.four_parts(t, "delivery.expired", {}, _support(eyes, row))]
    return [Html(""), *_failure(eyes, row)] if state == S.FAILED else []


def _failure(eyes: Eyes, row: Delivery) -> list[Html]:
    t = eyes.t
    what, do = explain_code(t, row.channel, row.error_code, row.error_class)
    return [
        t("error.head_what", text=what),
        t("error.head_lost", text=t("delivery.nothing_charged")),
        t("error.head_do", text=do),
        quote(_support(eyes, row)),
    ]


def _support(eyes: Eyes, row: Delivery) -> Html:
    # Zalo's own words name the field it means, and are all there is to a code nobody knows.
    said = f' "{row.error_message[:LONGEST_ANSWER]}"' if row.error_message else ""
    code = f"Zalo {row.error_code}{said}" if row.error_code.lstrip("-").isdigit() else row.error_code
    at = row.ended_at or row.attempted_at or row.created_at
    parts = [code, figures.brief(eyes.t.language, at, eyes.now), f"#{row.id}", row.tracking_id]
    return Html(" · ".join(escape(part) for part in parts if part))


def _rows(t: Texts, row: Delivery) -> Rows:
    """Buttons open a new message: this one stays the message's own. One that waits can be taken back on it."""
    first = []
    if row.state == S.QUEUED:
        first.append(Button(t.plain("button.take_back"), to("d.stop", row.id)))
    if row.state in CAN_BE_RESENT and not forgetting.is_forgotten(row):
        first.append(Button(t.plain("button.resend"), to("again", row.id, fresh=True)))
    if row.state not in (S.QUEUED, S.SENDING):
        again = "zns" if row.channel == Channel.ZNS else "send"
        first.append(Button(t.plain("button.another"), to(again, fresh=True)))
    return [first, [Button(t.plain("button.home"), to("home", fresh=True))]]
