"""An answer to a customer: a reply to their message in Telegram, or what was typed after [Reply].

It leaves at once when it is free and nobody else looks after the customer; else the preview asks first, with everything
that was written kept.
"""

from __future__ import annotations

from typing import Any

from bot.attachments import NO_CAPTION, content_of, read_parts, something
from bot.codes import looks_like_code
from bot.forms.engine import park
from bot.forms.send import SEND, send_form
from bot.keyboards import home_row
from bot.markup import Button, Screen, to
from bot.reach import customer_at
from bot.screens.titles import name_of
from bot.turn import Turn
from models import Delivery, Follower, OfficialAccount, Role
from services import conversations, deliveries, messages, staff, telling
from services.contents import Content
from services.drafts import Form
from services.errors import Conflict, Invalid, NotAllowed, Refusal

ACT = "message.replied"


async def took_reply(turn: Turn) -> bool:
    """Whether this message answers one about a customer; it is dealt with then."""
    if turn.reply_to is None:
        return False
    row = await turn.db(telling.meant, turn.chat_id, turn.reply_to)
    if row is None:
        return await _too_old(turn)
    turn.act = ACT
    if not staff.may(turn.staff, Role.OPERATOR):
        raise NotAllowed(f"role.{Role.OPERATOR.value}")
    oa, person = await customer_at(turn, row)
    turn.about = oa.id
    await park(turn)
    await answer(turn, oa, person)
    return True


async def _too_old(turn: Turn) -> bool:
    """A reply to something this bot does not remember; what would make sense without it is taken so."""
    form, text = await turn.form(), turn.text.strip()
    is_open = form is not None and not form.data.get("parked")
    # What is typed into the form of an answer leaves at once: a reply to some other message is not meant for it.
    if form is not None and (form.message_id == turn.reply_to or (is_open and form.kind != "answer")):
        return False
    if not is_open and (looks_like_code(text) or any(char.isdigit() for char in text[:3])):
        return False
    rows = [[Button(turn.t.plain("button.in_waiting"), to("in"))], home_row(turn.t)]
    await turn.show(Screen(turn.t("answer.too_old"), rows))
    return True


async def answer(turn: Turn, oa: OfficialAccount, person: Follower, *, ask_first: bool = False) -> None:
    """Send what the person's message says, or show the preview when that needs a yes, or is asked for.

    Raises Invalid for what Zalo would not take.
    """
    parts = await read_parts(turn)
    if not something(parts):
        raise Invalid("answer.nothing")
    try:
        content = content_of(parts)
    except Invalid as error:
        if error.key != NO_CAPTION:
            raise
        await _preview(turn, oa, person, parts)  # keeps the file, and offers to send it without its words
        return
    if not await turn.db(conversations.hold_for_answer, turn.now(), turn.actor, oa.oa_id, person.user_id):
        await turn.say(Screen(await _held(turn, oa, person)))
        ask_first = True
    row = None if ask_first else await _sent(turn, oa, person, content)
    if row is None:
        await _preview(turn, oa, person, parts)
        return
    await _end_form(turn)
    await turn.db(deliveries.show, turn.now(), row.id)  # its state stands in a message of its own, from now on


async def _sent(turn: Turn, oa: OfficialAccount, person: Follower, content: Content) -> Delivery | None:
    """The answer on its way; None when the rules refuse it, or it would cost money."""
    assert turn.message_id is not None
    given = (turn.desk, turn.staff, oa, person, content, turn.chat_id, turn.message_id)
    try:
        return await turn.db(messages.reply, *given)
    except Refusal:
        return None
    except Conflict as error:
        if error.key != "reply.costs":
            raise
        return None


async def _end_form(turn: Turn) -> None:
    form = await turn.form()
    if form is not None and form.kind == "answer":
        await turn.close_form()
        if form.message_id is not None:
            await turn.sender.strip(turn.chat_id, form.message_id)


async def _held(turn: Turn, oa: OfficialAccount, person: Follower) -> Any:
    talk = await turn.db(conversations.of, oa.oa_id, person.user_id)
    name = await turn.db(conversations.holder_name, turn.now(), talk)
    return turn.t("answer.held", name=name or "?", customer=name_of(turn, person))


async def _preview(turn: Turn, oa: OfficialAccount, person: Follower, parts: dict[str, Any]) -> None:
    """The form for sending, filled in: its preview says what it costs, or why not and what else there is."""
    await _open(turn, send_form(oa, person=person.id, way="cs", **parts))


async def _open(turn: Turn, form: Form) -> None:
    before = await turn.form()
    if before is not None and before.message_id not in (None, turn.tapped):
        assert before.message_id is not None
        await turn.sender.strip(turn.chat_id, before.message_id)
    await SEND.go_on(turn, form)


async def open_kept(turn: Turn, oa: OfficialAccount, person: Follower, kept: dict[str, Any]) -> None:
    """The preview of what the form for sending held when this person was waited for."""
    given = {name: value for name, value in kept.items() if name not in ("oa", "person")}
    await _open(turn, send_form(oa, **{"way": "cs", **given, "person": person.id}))
