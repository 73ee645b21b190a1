"""/mau, /templates, and the buttons of a template's card."""

from __future__ import annotations

from bot.forms.engine import open_form
from bot.forms.send import SEND, send_form
from bot.forms.template_body import TEMPLATE_BODY, body_form
from bot.forms.test_phones import TEST_PHONES, phones_form
from bot.forms.zns import zns_form
from bot.markup import part, whole
from bot.reach import oa_at, template_at
from bot.screens.need_oa import need_oa
from bot.screens.ratings import ratings_screen
from bot.screens.templates import no_test_phones, template_card, template_list, test_question
from bot.screens.test_phones import phones_screen
from bot.screens.testing import test_told
from bot.turn import Turn
from db import write
from models import Channel, Delivery, OfficialAccount, ZnsTemplate
from services import (
    audit,
    confirmations,
    contents,
    messages,
    phones,
    reach,
    template_bodies,
    templates,
    test_phones,
)
from services.errors import NotFound
from services.names import fold_name
from services.pacing import Lane

Args = tuple[str, ...]
TEST = "test_template"  # what a yes was asked for


async def templates_command(turn: Turn, rest: str) -> None:
    """`/mau` lists, `/mau 300111` opens one, `/mau lich hen` those whose name has these words."""
    oa = await need_oa(turn)
    if oa is None:
        return
    if rest.isascii() and rest.isdigit():
        row = await templates.fresh(turn.desk, oa, rest)
        await turn.show(await template_card(turn, await template_at(turn, row.id)))
        return
    rows = await _known(turn, oa)
    words = fold_name(rest).split()
    found = [row for row in rows if all(word in fold_name(row.name) for word in words)]
    if words and len(found) == 1:
        await turn.show(await template_card(turn, await template_at(turn, found[0].id)))
        return
    await turn.show(template_list(turn, oa, found or rows))


async def show_list(turn: Turn, args: Args) -> None:
    """A page of the list."""
    oa = await oa_at(turn, whole(args, 0))
    await turn.show(template_list(turn, oa, await _known(turn, oa), whole(args, 1) if len(args) > 1 else 0))


async def show_card(turn: Turn, args: Args) -> None:
    """One template."""
    await turn.show(await template_card(turn, await template_at(turn, whole(args, 0))))


async def read_all(turn: Turn, args: Args) -> None:
    """Read all templates of the OA from Zalo."""
    oa = await oa_at(turn, whole(args, 0))
    await turn.toast(turn.t.plain("oa.checking"))
    await templates.sync(turn.desk, oa, Lane.URGENT)
    await turn.db(audit.record, turn.now(), turn.actor, "template.read", oa_id=oa.oa_id, target=oa.name)
    await turn.show(template_list(turn, await oa_at(turn, oa.id), await turn.db(templates.listing, oa)))


async def read_one(turn: Turn, args: Args) -> None:
    """Read this template from Zalo."""
    row = await template_at(turn, whole(args, 0))
    await turn.toast(turn.t.plain("oa.checking"))
    await templates.reread(turn.desk, row.oa, row.template_id, Lane.URGENT)
    await turn.db(audit.record, turn.now(), turn.actor, "template.read", oa_id=row.oa.oa_id, target=row.name)
    await turn.show(await template_card(turn, await template_at(turn, row.id)))


async def send_zns(turn: Turn, args: Args) -> None:
    """A ZNS by this template: to which number?"""
    row = await template_at(turn, whole(args, 0))
    form = zns_form(row.oa)
    form.data["template"] = row.template_id
    await open_form(SEND, turn, form)


async def send_uid(turn: Turn, args: Args) -> None:
    """This template to a Zalo user: to whom?"""
    row = await template_at(turn, whole(args, 0))
    await open_form(SEND, turn, send_form(row.oa, way=Channel.UID.value, template=row.template_id))


async def show_ratings(turn: Turn, args: Args) -> None:
    """What customers said, a page of it."""
    row = await template_at(turn, whole(args, 0))
    await turn.show(await ratings_screen(turn, row, whole(args, 1) if len(args) > 1 else 0))


async def edit_body(turn: Turn, args: Args) -> None:
    """Paste the wording."""
    await open_form(TEMPLATE_BODY, turn, body_form(await template_at(turn, whole(args, 0))))


async def drop_body(turn: Turn, args: Args) -> None:
    """Forget the wording; it can be pasted again."""
    row = await template_at(turn, whole(args, 0))
    await turn.db(template_bodies.drop, turn.desk, turn.actor, row)
    await turn.close_form()
    await turn.show(await template_card(turn, row))


async def ask_test(turn: Turn, args: Args) -> None:
    """The question before Zalo's sample values go to the OA's test numbers."""
    row = await template_at(turn, whole(args, 0))
    numbers = test_phones.of(row.oa)
    if not numbers:
        await turn.show(no_test_phones(turn, row))
        return
    values = await templates.sample(turn.desk, row.oa, row.template_id)
    payload = {"template": row.id, "values": values}
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, TEST, payload, row.oa)
    await turn.show(test_question(turn, row, values, [phones.mask(phone) for phone in numbers], token))


async def test(turn: Turn, args: Args) -> None:
    """The yes to a test."""

    def act() -> tuple[OfficialAccount, list[Delivery]]:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), TEST)
            row = reach.template(turn.staff, spent.payload["template"])
            if row is None:
                raise NotFound("confirm.unknown")
            content = contents.template(row, spent.payload["values"], Channel.ZNS)
            assert turn.tapped is not None
            return row.oa, messages.test(turn.desk, turn.staff, row.oa, content, turn.chat_id, turn.tapped)

    oa, sent = await turn.db(act)
    await turn.show(test_told(turn, oa, sent))


async def show_phones(turn: Turn, args: Args) -> None:
    """The OA's test numbers."""
    await turn.show(phones_screen(turn, await oa_at(turn, whole(args, 0))))


async def add_phone(turn: Turn, args: Args) -> None:
    """Enter a test number."""
    await open_form(TEST_PHONES, turn, phones_form(await oa_at(turn, whole(args, 0))))


async def drop_phone(turn: Turn, args: Args) -> None:
    """Take a test number out."""
    oa = await oa_at(turn, whole(args, 0))
    await turn.db(test_phones.drop, turn.desk, turn.actor, oa, whole(args, 1), part(args, 2))
    await turn.show(phones_screen(turn, oa))


async def _known(turn: Turn, oa: OfficialAccount) -> list[ZnsTemplate]:
    """The list as we have it; read from Zalo when it never was."""
    if not await turn.db(templates.known, oa):
        await templates.sync(turn.desk, oa, Lane.URGENT)
    return await turn.db(templates.listing, oa)
