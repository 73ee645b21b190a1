"""What follows a preview: the yes, a test, a refusal kept for later; and the buttons of the message that shows it."""

from __future__ import annotations

from dataclasses import replace

from bot import errors, refusals
from bot.commands.sending import open_form_of
from bot.forms.composing import PREVIEW
from bot.forms.engine import ask, park
from bot.forms.kinds import KINDS
from bot.forms.send import SEND, content_of_form, send_form
from bot.markup import OldKeyboard, part, whole
from bot.reach import delivery_at, oa_of_form
from bot.screens.delivery import delivery_screen
from bot.screens.home import home
from bot.screens.resend import resend_question
from bot.screens.send import called
from bot.screens.testing import test_costs, test_refused, test_told
from bot.turn import Turn
from bot.whom import whom_of
from models import Channel, Delivery, DeliveryState
from services import contents, followers, forgetting, messages, watches
from services.drafts import Form
from services.errors import Conflict, DeskError, Invalid, NotFound, Refusal
from texts.html import Html, lines

Args = tuple[str, ...]
COSTS = "test.costs"
NOT_KEPT = {"oa", "found", "parked", "how", "page"}  # of a form whose message waits for the person to write


async def confirm(turn: Turn, args: Args) -> None:
    """The yes under a preview. The preview's message becomes the result; a second tap shows the same one."""
    assert turn.tapped is not None
    try:
        row = await turn.db(messages.accept, turn.desk, turn.staff, part(args, 0), turn.chat_id, turn.tapped)
    except (Conflict, Refusal, Invalid) as error:
        await _preview_again(turn, error)
        return
    form = await turn.form()
    if form is not None and form.message_id == turn.tapped:
        await turn.close_form()
    await turn.toast(turn.t.plain("delivery.accepted"))
    await show_delivery(turn, row.id)


async def _preview_again(turn: Turn, error: DeskError) -> None:
    """The question was too old, or something changed meanwhile: the same form with today's facts."""
    form = await turn.form()
    if error.key == "confirm.used" or form is None or form.step != PREVIEW or form.message_id != turn.tapped:
        raise error
    await refusals.note(turn, error)
    await turn.toast(errors.brief(turn, error))
    # A refusal explains itself in the place of the preview.
    await ask(KINDS[form.kind], turn, form, None if isinstance(error, Refusal) else errors.explain(turn, error))


async def show_delivery(turn: Turn, delivery: int) -> None:
    """Render the row on the tapped message, never over a newer state of it."""
    assert turn.tapped is not None
    async with turn.sender.lock(turn.chat_id, turn.tapped):
        row = await delivery_at(turn, delivery)
        await turn.sender.edit(turn.chat_id, turn.tapped, await delivery_screen(turn, row))


async def test(turn: Turn, args: Args) -> None:
    """The same message to those who may get tests; who that is stands on a message of its own, with what came of it."""
    form = await open_form_of(turn)
    oa = await oa_of_form(turn, form)
    content = await content_of_form(turn, oa, form)
    assert turn.tapped is not None
    given = (turn.desk, turn.staff, oa, content, turn.chat_id, turn.tapped)
    try:
        sent = await turn.db(messages.test, *given, paid=args == ("paid",))
    except DeskError as error:
        if error.key == COSTS:
            await turn.show(test_costs(turn, oa, error))
            return
        await refusals.note(turn, error)
        await turn.sender.send(turn.chat_id, test_refused(turn, oa, error))
        return
    await turn.toast(turn.t.plain("delivery.accepted"))
    await turn.sender.send(turn.chat_id, test_told(turn, oa, sent))
    if args:
        await ask(SEND, turn, form)


async def watch(turn: Turn, args: Args) -> None:
    """Tell me when they write; what was written is kept for then."""
    form = await open_form_of(turn)
    oa, whom = await oa_of_form(turn, form), await whom_of(turn, form)
    if whom.follower is None:
        raise OldKeyboard("watch")
    kept = {name: value for name, value in form.data.items() if name not in NOT_KEPT}
    await turn.db(watches.add, turn.now(), turn.staff, oa.oa_id, whom.follower.user_id, kept)
    await turn.close_form()
    await _home(turn, turn.t("refusal.watching", name=called(turn, whom)))


async def keep_draft(turn: Turn, args: Args) -> None:
    """Leave the message half-written; the desk offers to go on with it."""
    await open_form_of(turn)
    await park(turn)
    await _home(turn, turn.t("refusal.draft_kept"))


async def _home(turn: Turn, told: Html) -> None:
    screen = await home(turn)
    await turn.show(replace(screen, text=lines(told, "", screen.text)))


async def take_back(turn: Turn, args: Args) -> None:
    """A message that still waits does not leave after all."""
    row = await delivery_at(turn, whole(args, 0))
    if not await turn.db(messages.cancel, turn.desk, turn.staff, row.id, turn.chat_id, turn.tapped):
        await turn.toast(turn.t.plain("delivery.left_already"))
    await show_delivery(turn, row.id)


async def send_again(turn: Turn, args: Args) -> None:
    """Once more what did not arrive, as a fresh preview; what perhaps did arrive only after a warning."""
    row = await delivery_at(turn, whole(args, 0))
    forgetting.check(row)
    if row.state == DeliveryState.UNCERTAIN:
        await turn.show(resend_question(turn, row, await turn.db(messages.ask_resend, turn.desk, turn.staff, row)))
        return
    await SEND.go_on(turn, await _written_again(turn, row))


async def _written_again(turn: Turn, row: Delivery) -> Form:
    """A form that holds what this message was made of."""
    form = send_form(row.oa, way=way_of_row(row), **pieces_of(row))
    if row.channel == Channel.ZNS:
        form.data |= {"phone": row.recipient, "typed": False}
        return form
    try:
        form.data["person"] = (await turn.db(followers.get, row.oa.oa_id, row.recipient)).id
    except NotFound:
        raise NotFound("follower.unknown") from None
    return form


def way_of_row(row: Delivery) -> str:
    """By which way of writing a message was made."""
    return "form" if row.kind == "form" else str(row.channel)


def pieces_of(row: Delivery) -> dict[str, object]:
    """The parts of a message as its form keeps them. What was filled in stays filled in: braces are doubled."""
    content = row.content
    if row.kind == "template":
        return {"template": content["template_id"], "params": dict(content["params"])}
    if row.kind == "form":
        form = content["form"]
        return {"form_title": form["title"], "form_subtitle": form["subtitle"], "form_picture": form["image_url"]}
    typed = contents.typed(row.kind, content)
    if "document" in content:
        return {"document": typed, "banner": content["document"].get("banner")}
    return {"text": typed, **{name: content.get(name) for name in ("image", "gif", "file")}}


async def resend(turn: Turn, args: Args) -> None:
    """The yes to sending again what perhaps arrived."""
    assert turn.tapped is not None
    row = await turn.db(messages.accept_resend, turn.desk, turn.staff, part(args, 0), turn.chat_id, turn.tapped)
    await show_delivery(turn, row.id)
