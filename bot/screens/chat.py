"""What a customer wrote, as staff see it: who, how long an answer is free, the words, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.html_cut import cut, length
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import name_of, oa_name
from bot.screens.words import words_for
from bot.turn import Turn
from db import to_ms
from models import ChatMessage, Conversation, Follower, Notice, OfficialAccount
from services import conversation_list, conversations, followers, phones, reach, telling
from services.errors import Invalid
from services.phone_finding import find_phone
from texts import figures
from texts.html import Html, escape, lines

OLD = timedelta(minutes=10)  # lines that come to light later than this show when they were written
LONGEST_LINE, LONGEST_BODY = 2200, 3000  # characters, of Telegram's 4096
TAGS_SHOWN = 3
IN_NOTICE = "n"  # marks buttons under a customer's message: it stays where it is


@dataclass(frozen=True)
class Talk:
    """A conversation with everything its screens show; `reader` sees it."""

    oa: OfficialAccount
    person: Follower
    row: Conversation | None
    tags: list[str]
    holder: int | None
    holder_name: str


def talk_of(now: datetime, oa: OfficialAccount, person: Follower) -> Talk:
    """Read it; a handful of queries."""
    row = conversations.of(oa.oa_id, person.user_id)
    tags = followers.tags_of(oa.oa_id, [person.user_id])[person.user_id]
    held = conversations.holder(now, row)
    return Talk(oa, person, row, tags, held, conversations.holder_name(now, row) if held else "")


async def customer_wrote(turn: Turn, notice: Notice) -> Screen | None:
    """The lines of a notice; None when the person is gone, erased, or closed to the reader."""
    found = await turn.db(reach.follower, turn.staff, notice.payload["row"])
    if found is None:
        return None
    said = await turn.db(telling.lines_of, notice.payload, found[1])
    if not said:
        return None
    talk = await turn.db(talk_of, turn.now(), *found)
    body = said_lines(turn, said, at=max(line.told_at for line in said))
    text = lines(head(turn, talk), *body, _hints(turn, talk, said))
    return Screen(text, _notice_rows(turn, talk, said), protect=True)


def head(turn: Turn, talk: Talk) -> Html:
    """👤 Minh Anh · vip · 🌸 Spa Hoa Mai · ⏳ miễn phí còn 47:58."""
    parts = [
        f"<b>👤 {escape(name_of(turn, talk.person))}</b>",
        *(escape(tag) for tag in talk.tags[:TAGS_SHOWN]),
        escape(oa_name(talk.oa)),
        free_left(turn, talk.row),
    ]
    return Html(" · ".join(part for part in parts if part))


def free_left(turn: Turn, row: Conversation | None) -> Html:
    """How long an answer costs nothing; "" when nothing is known."""
    until = conversation_list.free_until(row) if row is not None else None
    if until is None:
        return Html("")
    left = until - turn.now()
    if left <= timedelta(0):
        return turn.t("chat.free_over")
    hours, rest = divmod(int(left.total_seconds()), 3600)
    return turn.t("chat.free_left", left=f"{hours}:{rest // 60:02d}")


def said_lines(turn: Turn, said: list[ChatMessage], at: datetime) -> list[Html]:
    """The words, each line in its place; what is over the space is counted."""
    shown: list[Html] = []
    used = 0
    for number, line in enumerate(said):
        text = line_text(turn, line, at)
        used += length(text)
        if used > LONGEST_BODY and shown:
            return [*shown, turn.t("chat.more", count=len(said) - number)]
        shown.append(text)
    return shown


def line_text(turn: Turn, line: ChatMessage, at: datetime) -> Html:
    """One line: its time if it is old, who wrote it if it was a colleague in Zalo's tool, and what."""
    when = f"<i>{escape(turn.t.moment(line.at, turn.now()))}</i> " if at - line.at > OLD else ""
    who = "" if line.inbound else turn.t("chat.colleague") + Html(" ")
    return Html(f"{when}{who}{cut(what(turn, line), LONGEST_LINE)}")


def what(turn: Turn, line: ChatMessage) -> Html:
    """The words of a line, and a word for everything that is none."""
    parts = [attached(turn, line, each) for each in line.attachments or []]
    if not parts and line.kind != "text":
        parts = [_word(turn, line.kind)]
    if line.kind in ("location", "business_card") and parts:
        return Html(" ".join(dict.fromkeys(part for part in parts if part)))
    words = [escape(words_for(turn, line.text))] if line.text else []
    return Html(" ".join([*dict.fromkeys(part for part in parts if part), *words]))


def attached(turn: Turn, line: ChatMessage, each: dict[str, Any]) -> Html:
    """One attachment in words."""
    if line.kind == "business_card":
        return turn.t("chat.card", name=line.text or "?", phone=_card_phone(turn, each))
    kind = str(each.get("kind") or "")
    if kind == "location":
        return _place(turn, line, each)
    if kind == "file":
        return turn.t("chat.named_file", name=str(each.get("name") or "?"))
    if kind == "link":
        address = str(each.get("url") or "")
        return Html("") if not address or address in line.text else escape(words_for(turn, address))
    return _word(turn, kind)


def _word(turn: Turn, kind: str) -> Html:
    key = f"chat.kind_{kind}"
    return turn.t(key) if key in turn.t else turn.t("chat.kind_other", kind=kind)


def _place(turn: Turn, line: ChatMessage, each: dict[str, Any]) -> Html:
    try:
        north, east = float(str(each["latitude"])), float(str(each["longitude"]))
    except (KeyError, ValueError):
        return _word(turn, "location")
    if not (abs(north) <= 90 and abs(east) <= 180):
        return _word(turn, "location")
    link = f"https://www.google.com/maps?q={north:.6f},{east:.6f}"
    return Html(f'📍 <a href="{link}">{escape(words_for(turn, line.text) or link)}</a>')


def _card_phone(turn: Turn, each: dict[str, Any]) -> str:
    # The description of a contact card is JSON in a text (webhooks.md §3.2, three sources).
    try:
        told = json.loads(str(each.get("description") or "{}"))
        number = phones.normalise(str(told["phone"]))
    except (ValueError, KeyError, TypeError, Invalid):
        return "–"
    return phones.local(number) if turn.staff.sees_numbers else phones.mask(number)


def number_in(said: list[ChatMessage]) -> str | None:
    """A phone number in these lines."""
    return next((found for line in said if line.inbound and (found := find_phone(line.text))), None)


def _hints(turn: Turn, talk: Talk, said: list[ChatMessage]) -> Html | None:
    t = turn.t
    if not any(line.inbound for line in said):
        return None
    parts = [state(turn, talk)]
    if number_in(said):
        parts.append(t("chat.has_number"))
    if parts == [None]:
        parts = [t("chat.how_to_answer")]
    return Html(f"<i>{' · '.join(part for part in parts if part)}</i>")


def state(turn: Turn, talk: Talk) -> Html | None:
    """Who looks after it, or that it was answered or done."""
    t, row = turn.t, talk.row
    if row is None:
        return None
    if row.waiting_since is None and _answered(row):
        when = figures.brief(t.language, row.last_outbound_at, turn.now())
        return t("chat.answered_by", when=when, name=talk.holder_name) if talk.holder else t("chat.answered", when=when)
    if row.waiting_since is None:
        return t("chat.done")
    if talk.holder == turn.staff.telegram_id:
        return t("chat.yours")
    return t("chat.taken", name=talk.holder_name) if talk.holder else None


def _answered(row: Conversation) -> bool:
    """Whether a person answered the last line; else somebody called it done without a word."""
    answer, asked = row.last_outbound_at, row.last_inbound_at
    return answer is not None and (asked is None or answer >= asked)


def _notice_rows(turn: Turn, talk: Talk, said: list[ChatMessage]) -> Rows:
    """They leave the message where it is: what they open comes as a new one."""
    t, person = turn.t, talk.person
    if not any(line.inbound for line in said):
        return [[Button(t.plain("button.in_open"), to("in.c", person.id, fresh=True))]]
    first = []
    if talk.holder is None and talk.row is not None and talk.row.waiting_since is not None:
        first.append(Button(t.plain("button.in_take"), to("in.take", person.id, IN_NOTICE), style="success"))
    number = number_in(said)
    if number and number != person.phone:
        first.append(Button(t.plain("button.in_number"), to("in.phone", person.id, fresh=True)))
    zns = Button(t.plain("button.in_zns"), to("send.to", person.id, fresh=True))
    card = Button(t.plain("button.in_card"), to("k", person.id, fresh=True))
    last = [Button(t.plain("button.in_open"), to("in.c", person.id, fresh=True))]
    if talk.row is not None and talk.row.waiting_since is not None:
        last.append(done_button(turn, talk, IN_NOTICE))
    return [first, [zns, card], last]


def done_button(turn: Turn, talk: Talk, *more: str) -> Button:
    """[Done], with the last line this screen knows of: a later one is not swept away."""
    assert talk.row is not None
    seen = to_ms(talk.row.last_inbound_at) if talk.row.last_inbound_at else 0
    return Button(turn.t.plain("button.in_done"), to("in.done", talk.person.id, seen, *more))
