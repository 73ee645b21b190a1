"""/zns, /send, and the buttons of their previews and results."""

from __future__ import annotations

import re

from bot import errors, refusals
from bot.forms.engine import ask, open_form
from bot.forms.kinds import KINDS
from bot.forms.send import SEND, open_send, send_form
from bot.forms.zns import ZNS, zns_form
from bot.markup import OldKeyboard, part, whole
from bot.notices import eyes_of
from bot.reach import customer_at, delivery_at
from bot.render_delivery import render_delivery
from bot.screens.need_oa import need_oa
from bot.screens.resend import resend_question
from bot.turn import Turn
from models import Channel, DeliveryState
from services import followers, forgetting, messages, phones
from services.drafts import Form
from services.errors import Conflict, Invalid, NotFound

Args = tuple[str, ...]
# A number as people type it, before what follows it.
PHONE = re.compile(r"\+?\d[\d.\-() ]{7,}\d(?=\s|$)|\+?\d{9,}(?=\s|$)")
USER_ID = re.compile(r"\d{15,22}(?=\s|$)")
QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "«": "»"}
PAIR = re.compile(r'([A-Za-z0-9_]+)\s*=\s*("[^"]*"|\'[^\']*\'|[“”][^“”]*[“”]|«[^»]*»|\S+)')


async def zns_command(turn: Turn, rest: str) -> None:
    """`/zns`, or all in one line: `/zns 0901234567 300111 customer_name="Lan" order_code=DH1`."""
    oa = await need_oa(turn)
    if oa is None:
        return
    form = zns_form(oa)
    if rest:
        phone, template, params = read_zns_line(rest)
        form.data |= {"phone": phone, "template": template, "params": params, "strict": bool(params)}
    await ZNS.go_on(turn, form)


def read_zns_line(rest: str) -> tuple[str, str, dict[str, str]]:
    """Phone, template and fields of one line. Values may stand in quotes, also in those a phone's keyboard makes."""
    params = {name: value[1:-1] if value[0] in QUOTES else value for name, value in PAIR.findall(rest)}
    words = PAIR.sub(" ", rest).split()
    # A number may be written in groups: only when the words are not one number together is the last one the template.
    if len(words) < 2 or _is_phone("".join(words)):
        return "".join(words), "", params
    return "".join(words[:-1]), words[-1], params


def _is_phone(text: str) -> bool:
    try:
        phones.normalise(text)
    except Invalid:
        return False
    return True


async def send_command(turn: Turn, rest: str) -> None:
    """`/gui`, `/gui lan`, or all in one line: `/gui 0901234567 Chào chị`."""
    oa = await need_oa(turn)
    if oa is None:
        return
    if not rest:
        await open_send(turn, oa)
        return
    who, text = read_send_line(rest)
    form = send_form(oa, text=text)
    try:
        await SEND.find(turn, form, who)
    except (Invalid, NotFound) as error:
        await ask(SEND, turn, form, errors.explain(turn, error))


def read_send_line(rest: str) -> tuple[str, str]:
    """Whom and what: a number, an id or a name in quotes may be followed by the text; anything else is a name."""
    closing = QUOTES.get(rest[0])
    if closing and closing in rest[1:]:
        end = rest.index(closing, 1)
        return rest[1:end], rest[end + 1 :].strip()
    found = USER_ID.match(rest) or PHONE.match(rest)
    return (found.group().strip(), rest[found.end() :].strip()) if found else (rest, "")


async def begin_send(turn: Turn, args: Args) -> None:
    """The button for sending to a follower."""
    oa = await need_oa(turn)
    if oa is not None:
        await open_send(turn, oa)


async def send_to(turn: Turn, args: Args) -> None:
    """The button on a customer's card."""
    oa, person = await customer_at(turn, whole(args, 0))
    form = send_form(oa)
    form.data["person"], form.step = person.id, "way"
    await open_form(SEND, turn, form)


async def begin_zns(turn: Turn, args: Args) -> None:
    """The button for a ZNS."""
    oa = await need_oa(turn)
    if oa is not None:
        await open_form(ZNS, turn, zns_form(oa))


async def zns_to(turn: Turn, args: Args) -> None:
    """A ZNS to a number that was pasted."""
    oa = await need_oa(turn)
    if oa is not None:
        await ZNS.go_on(turn, zns_form(oa, part(args, 0)))


async def choose_way(turn: Turn, args: Args) -> None:
    """Another way, chosen under a refusal."""
    form, way = await _form(turn, "send"), part(args, 0)
    if way not in (Channel.CS, Channel.ZNS) or form.data["person"] is None:
        raise OldKeyboard("way")
    await SEND.by(turn, form, way)


async def edit_text(turn: Turn, args: Args) -> None:
    """Back from the preview to the text."""
    await _back(turn, "send", "content")


async def again_text(turn: Turn, args: Args) -> None:
    """The same message once more, after what stood against it was mended."""
    await _back(turn, "send", "preview")


async def edit_fields(turn: Turn, args: Args) -> None:
    """Back from the preview to the fields."""
    await _back(turn, "zns", "edit")


async def again_zns(turn: Turn, args: Args) -> None:
    """The preview once more, after what stood against it was mended."""
    await ZNS.go_on(turn, await _form(turn, "zns"))


async def _back(turn: Turn, kind: str, step: str) -> None:
    form = await _form(turn, kind)
    form.step = step
    await ask(KINDS[kind], turn, form)


async def _form(turn: Turn, kind: str) -> Form:
    form = await turn.form()
    if form is None or form.kind != kind or form.message_id != turn.tapped:
        raise OldKeyboard(kind)
    return form


async def confirm(turn: Turn, args: Args) -> None:
    """The yes under a preview. The preview's message becomes the result; a second tap shows the same one."""
    assert turn.tapped is not None
    try:
        row = await turn.db(messages.accept, turn.desk, turn.staff, part(args, 0), turn.chat_id, turn.tapped)
    except Conflict as error:
        await _preview_again(turn, error)
        return
    form = await turn.form()
    if form is not None and form.message_id == turn.tapped:
        await turn.close_form()
    await turn.toast(turn.t.plain("delivery.accepted"))
    await show_delivery(turn, row.id)


async def _preview_again(turn: Turn, error: Conflict) -> None:
    """The question was too old, or the OA changed meanwhile: the same form with today's facts."""
    form = await turn.form()
    if form is None or form.step != "preview" or form.message_id != turn.tapped:
        raise error
    await refusals.note(turn, error)
    await turn.toast(errors.brief(turn, error))
    await ask(KINDS[form.kind], turn, form, errors.explain(turn, error))


async def show_delivery(turn: Turn, delivery: int) -> None:
    """Render the row on the tapped message, never over a newer state of it."""
    assert turn.tapped is not None
    async with turn.sender.lock(turn.chat_id, turn.tapped):
        row = await delivery_at(turn, delivery)
        await turn.sender.edit(turn.chat_id, turn.tapped, render_delivery(eyes_of(turn), row))


async def send_again(turn: Turn, args: Args) -> None:
    """Once more what did not arrive, as a fresh preview; what perhaps did arrive only after a warning."""
    row = await delivery_at(turn, whole(args, 0))
    forgetting.check(row)
    if row.state == DeliveryState.UNCERTAIN:
        await turn.show(resend_question(turn, row, await turn.db(messages.ask_resend, turn.desk, turn.staff, row)))
    elif row.channel == Channel.ZNS:
        form = zns_form(row.oa, row.recipient, typed=False)
        form.data |= {"template": row.content["template_id"], "params": dict(row.content["params"])}
        await ZNS.go_on(turn, form)
    else:
        person = await turn.db(followers.get, row.oa.oa_id, row.recipient)
        form = send_form(row.oa, text=row.content.get("text", ""), image=row.content.get("image"))
        await SEND.go_to(turn, form, person.id)


async def resend(turn: Turn, args: Args) -> None:
    """The yes to sending again what perhaps arrived."""
    assert turn.tapped is not None
    row = await turn.db(messages.accept_resend, turn.desk, turn.staff, part(args, 0), turn.chat_id, turn.tapped)
    await show_delivery(turn, row.id)
