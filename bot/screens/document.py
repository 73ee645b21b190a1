"""The question of a media or transaction message in the older form: a sample to copy, and what does not fit."""

from __future__ import annotations

from bot.keyboards import cancel_row
from bot.markup import Button, Rows, Screen, to
from bot.screens.send import to_title
from bot.turn import Turn
from bot.whom import Whom
from models import Channel, OfficialAccount, Role
from services import document_words, staff
from services.drafts import Form
from texts.html import Html, escape, lines


def ask_document(turn: Turn, oa: OfficialAccount, whom: Whom, form: Form, channel: Channel) -> Screen:
    """The sample; after a wrong text that text instead, to be copied and mended."""
    t = turn.t
    typed = str(form.data.get("before") or form.data.get("document") or "")
    kind = str(form.data.get("sample") or "")
    shown = typed or t.raw(f"sample.{kind}" if kind else f"document.sample_{channel.value}")
    head = t("send.before") if typed else t("document.sample")
    text = lines(
        to_title(turn, oa, whom),
        "",
        t(f"document.ask_{channel.value}"),
        t("document.rules"),
        t("document.banner") if not form.data.get("banner") else t("document.has_banner"),
        "",
        head,
        Html(f"<pre>{escape(shown)}</pre>"),
    )
    keep = [Button(t.plain("button.keep_as_is"), to("f", "document", "keep"))] if form.data.get("document") else []
    kinds = _kinds(turn) if channel == Channel.TRANSACTION and not typed else []
    return Screen(text, [*kinds, keep, cancel_row(t)], protect=True)


def _kinds(turn: Turn) -> Rows:
    """The kinds of transaction messages, each leading to its own sample."""
    made = [Button(turn.t.plain(f"document_kind.{kind}"), to("f", "document", kind)) for kind in document_words.KINDS]
    return [made[at : at + 3] for at in range(0, len(made), 3)]


def switched_off(turn: Turn, oa: OfficialAccount, whom: Whom, channel: Channel) -> Screen:
    """This OA sends by approved template: why, and where a manager changes it."""
    t = turn.t
    manager = staff.may(turn.staff, Role.MANAGER)
    told = t("document.switched_off", what=t(f"way.name_{channel.value}"))
    do = t("document.switch_here" if manager else "document.switch_ask")
    rows: Rows = [[Button(t.plain("button.way_uid"), to("send.way", "uid"), style="primary")]]
    if manager:
        rows.append([Button(t.plain("button.oa_settings"), to("oa.edit", oa.id, fresh=True))])
    return Screen(lines(to_title(turn, oa, whom), "", told, do), [*rows, cancel_row(t)], protect=True)
