"""Who first, how second: the questions and the preview of a message to a follower."""

from __future__ import annotations

from bot.errors import spoken
from bot.keyboards import cancel_row, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.customers import choose_line, name_of
from bot.screens.refusal import way_line
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Follower, OfficialAccount
from services import followers, phones
from services.accounts import Mode
from services.drafts import Form
from services.interaction import last_interaction
from services.messages import CsPreview
from services.preflight import Way
from texts import figures
from texts.html import Html, escape, lines


def ask_who(turn: Turn, oa: OfficialAccount, form: Form) -> Screen:
    """Name, number or id?"""
    t = turn.t
    key = "send.ask_who_image" if form.data["image"] else "send.ask_who"
    return Screen(lines(t("send.title", title=oa_title(t, oa)), "", t(key)), [cancel_row(t)])


def ask_choice(turn: Turn, oa: OfficialAccount, rows: list[Follower]) -> Screen:
    """Several people fit."""
    t = turn.t
    buttons = [[Button(choose_label(turn, row), to("f", "choose", row.id))] for row in rows]
    text = lines(t("send.title", title=oa_title(t, oa)), "", t("send.which"), *(choose_line(turn, row) for row in rows))
    return Screen(text, [*buttons, cancel_row(t)], protect=True)


def choose_label(turn: Turn, person: Follower) -> str:
    """A name and the masked number, for a button."""
    phone = f" · {phones.mask(person.phone)}" if person.phone else ""
    return short(name_of(turn, person), 24) + phone


async def ways_screen(turn: Turn, oa: OfficialAccount, person: Follower, ways: list[Way]) -> Screen:
    """What reaches this person now, and why the rest does not."""
    t = turn.t
    open_ways = [way for way in ways if way.open]
    closed = [_closed(turn, way) for way in ways if not way.open]
    body: list[Html] = []
    if open_ways:
        body += [t("send.possible"), *(way_line(turn, at, way) for at, way in enumerate(open_ways, 1))]
    if closed:
        body += [t("send.not_now"), *closed]
    facts = await _facts(turn, oa, person)
    return Screen(lines(to_title(turn, oa, person), facts, *body), _way_rows(turn, person, open_ways), protect=True)


def to_title(turn: Turn, oa: OfficialAccount, person: Follower) -> Html:
    """Gửi cho Minh Anh · 090***8812 · OA and mode."""
    phone = f" · {phones.mask(person.phone)}" if person.phone else ""
    return turn.t("send.to", name=name_of(turn, person), phone=phone, title=oa_title(turn.t, oa))


async def _facts(turn: Turn, oa: OfficialAccount, person: Follower) -> Html:
    t = turn.t
    parts = []
    if person.is_follower and person.follow_at:
        parts.append(t("send.follows_since", month=figures.month(person.follow_at)))
    last = last_interaction(person)
    if last is not None:
        parts.append(t("send.last_wrote", when=spoken(turn, last.shown)))
    tags = (await turn.db(followers.tags_of, oa.oa_id, [person.user_id]))[person.user_id]
    if tags:
        parts.append(t("send.tags", tags=", ".join(tags)))
    return Html(" · ".join(parts)) if parts else t("send.nothing_known")


def _closed(turn: Turn, way: Way) -> Html:
    t = turn.t
    key = f"error.{way.key}.what"
    values = {name: spoken(turn, value) for name, value in way.values.items()}
    reason = t.lenient(key if key in t else "error.other.what", values)
    return Html(f"{t(f'delivery.title_{way.channel}')}: {reason}")


def _way_rows(turn: Turn, person: Follower, open_ways: list[Way]) -> Rows:
    t = turn.t
    buttons = [
        Button(
            f"{at} {t.plain(f'button.way_{way.channel}')}",
            to("f", "way", way.channel),
            style="primary" if at == 1 else "",
        )
        for at, way in enumerate(open_ways, 1)
    ]
    return [*pairs(buttons), [Button(t.plain("button.profile"), to("k", person.id)), *cancel_row(t)]]


def ask_content(turn: Turn, oa: OfficialAccount, person: Follower) -> Screen:
    """What is to be sent?"""
    t = turn.t
    return Screen(lines(to_title(turn, oa, person), "", t("send.ask_content")), [cancel_row(t)], protect=True)


def preview(turn: Turn, found: CsPreview, token: str) -> Screen:
    """Exactly what will leave, to whom, in which mode."""
    t = turn.t
    person = found.follower
    phone = f" · {phones.mask(person.phone)}" if person.phone else ""
    test = found.mode == Mode.TEST
    text = lines(
        t("send.preview_title", title=oa_title(t, found.oa)),
        t("send.preview_to", name=name_of(turn, person), phone=phone),
        content_block(turn, found.text, found.image),
        t("preview.test_cs") if test else None,
        _free(turn, found),
    )
    name = short(found.oa.name, 24)
    label = t.plain("button.yes_test" if test else "button.yes", name=name)
    rows = [
        [Button(label, to("yes", token), style="success")],
        [Button(t.plain("button.edit_text"), to("text.edit")), *cancel_row(t)],
    ]
    return Screen(text, rows, protect=True)


def content_block(turn: Turn, text: str, image: dict[str, str] | None) -> Html:
    """The message itself."""
    parts = []
    if image:
        address = image.get("url")
        parts.append(turn.t("send.image_url", url=address) if address else turn.t("send.image"))
    if text:
        parts.append(escape(text))
    return Html(f"<blockquote>{lines(*parts)}</blockquote>")


def _free(turn: Turn, found: CsPreview) -> Html:
    t = turn.t
    if found.free and found.free_until:
        return t("send.free_until", when=t.moment(found.free_until, turn.now()))
    return t("send.free") if found.free else t("send.free_unknown")
