"""/zns, /send, and the buttons under previews and refusals."""

from __future__ import annotations

import re

from bot import errors
from bot.forms.engine import ask, open_form
from bot.forms.send import COMPOSERS, SEND, open_send, send_form
from bot.forms.zns import zns_form
from bot.markup import OldKeyboard, part, whole
from bot.reach import customer_at
from bot.screens.need_oa import need_oa
from bot.turn import Turn
from services import phones
from services.drafts import Form
from services.errors import Invalid, NotFound

Args = tuple[str, ...]
KINDS = ("send", "zns")  # forms whose previews carry these buttons
# A number as people type it, before what follows it.
PHONE = re.compile(r"\+?\d[\d.\-() ]{7,}\d(?=\s|$)|\+?\d{9,}(?=\s|$)")
USER_ID = re.compile(r"\d{15,22}(?=\s|$)")
QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "«": "»"}
PAIR = re.compile(r'([A-Za-z0-9_]+)\s*=\s*("[^"]*"|\'[^\']*\'|[“”][^“”]*[“”]|«[^»]*»|\S+)')
# A template by its number, behind the person: `mau 300111 customer_name="Lan"`.
BY_TEMPLATE = re.compile(r"(?:m[aẫ]u|template)\s+(\d{3,20})(?=\s|$)(.*)", re.IGNORECASE | re.DOTALL)


async def zns_command(turn: Turn, rest: str) -> None:
    """`/zns`, or all in one line: `/zns 0901234567 300111 customer_name="Lan" order_code=DH1`."""
    oa = await need_oa(turn)
    if oa is None:
        return
    form = zns_form(oa)
    if rest:
        phone, template, params = read_zns_line(rest)
        form.data |= {"phone": phone, "template": template, "params": params, "strict": bool(params)}
    await SEND.go_on(turn, form)


def read_zns_line(rest: str) -> tuple[str, str, dict[str, str]]:
    """Phone, template and fields of one line. Values may stand in quotes, also in those a phone's keyboard makes."""
    params, words = read_pairs(rest)
    # A number may be written in groups: only when the words are not one number together is the last one the template.
    if len(words) < 2 or phones.is_number("".join(words)):
        return "".join(words), "", params
    return "".join(words[:-1]), words[-1], params


def read_pairs(text: str) -> tuple[dict[str, str], list[str]]:
    """The `name=value` pairs of a line, and the words beside them."""
    params = {name: value[1:-1] if value[0] in QUOTES else value for name, value in PAIR.findall(text)}
    return params, PAIR.sub(" ", text).split()


async def send_command(turn: Turn, rest: str) -> None:
    """`/gui`, `/gui lan`, or all in one line: `/gui 0901234567 Chào chị`, `/gui 0901234567 mau 300111 a="Lan"`."""
    oa = await need_oa(turn)
    if oa is None:
        return
    if not rest:
        await open_send(turn, oa)
        return
    who, text = read_send_line(rest)
    form = send_form(oa, text=text)
    form.data |= by_template(text) or {}
    try:
        await SEND.find(turn, form, who)
    except (Invalid, NotFound) as error:
        await ask(SEND, turn, form, errors.explain(turn, error))


def by_template(text: str) -> dict[str, object] | None:
    """The template and fields a line names, to a Zalo user; None when it is an ordinary text."""
    found = BY_TEMPLATE.match(text)
    if found is None:
        return None
    params, _ = read_pairs(found[2])
    return {"way": "uid", "template": found[1], "params": params, "strict": bool(params), "text": ""}


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
        await open_form(SEND, turn, zns_form(oa))


async def zns_to(turn: Turn, args: Args) -> None:
    """A ZNS to a number that was pasted."""
    oa = await need_oa(turn)
    if oa is not None:
        await SEND.go_on(turn, zns_form(oa, part(args, 0)))


async def choose_way(turn: Turn, args: Args) -> None:
    """Another way, chosen under a refusal."""
    form, way = await open_form_of(turn), part(args, 0)
    if way not in COMPOSERS or (form.data.get("person") is None and not form.data.get("phone")):
        raise OldKeyboard("way")
    await SEND.by(turn, form, way)


async def edit(turn: Turn, args: Args) -> None:
    """Back from the preview to what is to be changed; everything else stays."""
    await SEND.edit(turn, await open_form_of(turn))


async def try_again(turn: Turn, args: Args) -> None:
    """The preview once more, after what stood against it was mended."""
    await SEND.go_on(turn, await open_form_of(turn))


async def open_form_of(turn: Turn) -> Form:
    """The message being written on the tapped screen. Raises OldKeyboard."""
    form = await turn.form()
    if form is None or form.kind not in KINDS or form.message_id != turn.tapped:
        raise OldKeyboard("send")
    return form
