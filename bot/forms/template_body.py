"""Pasting the wording of a template: paste, look at it with sample values, keep."""

from __future__ import annotations

from bot.forms.engine import ask
from bot.keyboards import cancel_row
from bot.markup import Button, OldKeyboard, Screen, to
from bot.reach import template_at
from bot.screens.templates import sample_body, template_card
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import ZnsTemplate
from services import template_bodies
from services.drafts import Form
from services.errors import Invalid
from texts.html import Html, escape, lines


def body_form(row: ZnsTemplate) -> Form:
    """An empty form about this template."""
    return Form("template_body", "text", {"oa": row.oa.id, "row": row.id, "text": ""})


class TemplateBody:
    """`text` is what was pasted and fits; at the step `preview` a button keeps it, another paste replaces it."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """Where to find the wording and how to mark it, or how it will look."""
        row = await self._template(turn, form)
        return _preview(turn, row, form.data["text"]) if form.step == "preview" else _ask(turn, row)

    async def answer(self, turn: Turn, form: Form) -> None:
        """A wording, or the yes to the one shown."""
        row = await self._template(turn, form)
        if form.step == "preview" and turn.query_id:
            if turn.text != "keep":
                raise Invalid("form.tap_button")
            await turn.db(template_bodies.keep, turn.desk, turn.actor, row, form.data["text"])
            await turn.close_form()
            await turn.show(await template_card(turn, row))
            return
        form.data["text"] = template_bodies.check(row, turn.text).text
        form.step = "preview"
        await ask(self, turn, form)

    async def _template(self, turn: Turn, form: Form) -> ZnsTemplate:
        row = await template_at(turn, int(form.data["row"]))
        if row.oa.id != form.data["oa"]:
            raise OldKeyboard("template")
        return row


def _ask(turn: Turn, row: ZnsTemplate) -> Screen:
    t = turn.t
    names = ", ".join(f"<{rule['name']}>" for rule in row.params or []) or "–"
    drop = [Button(t.plain("button.tpl_body_drop"), to("tpl.nobody", row.id), style="danger")] if row.body else []
    link = [Button(t.plain("button.template_on_zalo"), url=row.preview_url)] if row.preview_url else []
    text = lines(
        oa_title(t, row.oa),
        t("tpl.body_title", template=row.name),
        "",
        t("tpl.body_ask"),
        t("tpl.body_marks", marks=names),
    )
    return Screen(text, [[*link, *drop], cancel_row(t)])


def _preview(turn: Turn, row: ZnsTemplate, pasted: str) -> Screen:
    t = turn.t
    found = template_bodies.check(row, pasted)
    row.body = found.text  # only to be shown: it is kept when the button is tapped
    missing = t("tpl.body_left_out", params=", ".join(found.missing)) if found.missing else None
    text = lines(
        oa_title(t, row.oa),
        t("tpl.body_preview", template=row.name),
        Html(f"<blockquote>{sample_body(row) or escape(found.text)}</blockquote>"),
        missing,
    )
    keep = Button(t.plain("button.tpl_body_keep"), to("f", "preview", "keep"), style="success")
    return Screen(text, [[keep], cancel_row(t)])


TEMPLATE_BODY = TemplateBody()
