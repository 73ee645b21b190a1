"""What will arrive, to whom, for how much and when: the last look before a message leaves."""

from __future__ import annotations

from datetime import timedelta

from bot.errors import spoken
from bot.keyboards import cancel_row, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.letter import letter, template_letter
from bot.screens.send import called, phone_of
from bot.screens.titles import oa_title
from bot.screens.ways import way_of_letter
from bot.turn import Turn
from bot.whom import Whom
from models import Channel, ZnsTemplate
from services.drafts import Form
from services.messages import Preview
from services.modes import Mode
from services.preflight import Note
from texts.html import Html, escape, lines

TITLES = {"cs": "send.preview_title", "zns": "zns.preview_title"}
EDITS = {"zns": "button.edit_fields", "uid": "button.edit_fields"}


def preview(turn: Turn, found: Preview, token: str, whom: Whom, form: Form) -> Screen:
    """Exactly what will leave, in which mode, with the yes under it."""
    t, way = turn.t, way_of_letter(found.verdict.letter)
    text = lines(
        t(TITLES.get(way, f"preview.title_{way}"), title=oa_title(t, found.oa)),
        _to(turn, found, whom),
        _about(turn, found.template) if found.template is not None else None,
        content_block(turn, found, form),
        t("preview.promotion") if found.verdict.letter.promotes else None,
        _price(turn, found),
        _when(turn, found),
        *(note_line(turn, note) for note in found.verdict.notes),
    )
    return Screen(text, _rows(turn, found, token, way), protect=True)


def _to(turn: Turn, found: Preview, whom: Whom) -> Html:
    t = turn.t
    if found.channel == Channel.ZNS and whom.typed:
        return t("zns.preview_to_typed", phone=whom.shown_phone, zalo=found.phone)
    return t("send.preview_to", name=called(turn, whom), phone=phone_of(whom))


def _about(turn: Turn, template: ZnsTemplate) -> Html:
    t = turn.t
    parts = [t("zns.template", name=template.name)]
    for kind, value in (("tag", template.tag), ("quality", template.quality)):
        key = f"{kind}.{str(value).lower()}"
        if value and key in t:
            parts.append(t(key))
    return Html(" · ".join(parts))


def content_block(turn: Turn, found: Preview, form: Form) -> Html:
    """The message as its reader will see it."""
    if found.template is None:
        return letter(turn.t, found.content.kind, found.content.data, about=form.data.get("about"))
    block = template_letter(turn.t, found.params, found.body, found.template.buttons or ())
    return block if found.body else Html(f"{block}\n{turn.t('zns.no_body')}")


def _price(turn: Turn, found: Preview) -> Html:
    t, verdict = turn.t, found.verdict
    if found.mode == Mode.TEST:
        return t("preview.test_zns" if found.channel == Channel.ZNS else "preview.test_cs")
    if found.price == 0:
        until = verdict.free_until
        return t("send.free_until", when=t.moment(until, turn.now())) if until else t("send.free")
    if not turn.staff.sees_money:
        return t("zns.price_hidden", within=span(turn, found.timeout)) if found.timeout else t("preview.price_hidden")
    if found.price is None or found.total is None:
        return t("zns.price_unknown" if found.template is not None else "preview.price_unknown")
    money = {"price": t.money(found.price), "vat": found.vat_percent, "total": t.money(found.total)}
    if found.timeout:
        return t("zns.price", **money, within=span(turn, found.timeout))
    return t("preview.price", **money)


def span(turn: Turn, timeout: timedelta) -> str:
    """2 giờ, 15 giây."""
    seconds = int(timeout.total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return turn.t.plain("span.hours", count=hours)
    if minutes:
        return turn.t.plain("span.minutes", count=minutes)
    return turn.t.plain("span.seconds", count=seconds)


def _when(turn: Turn, found: Preview) -> Html:
    t, now = turn.t, turn.now()
    parts = [t("preview.now") if found.goes_at is None else t("preview.later", when=t.moment(found.goes_at, now))]
    if found.last_same:
        key = "zns.last_same" if found.channel == Channel.ZNS else "uid.last_same"
        parts.append(t(key, when=t.moment(found.last_same, now)))
    return Html(" · ".join(parts))


def note_line(turn: Turn, note: Note) -> Html:
    """Something nobody knows for sure, said before the yes."""
    values = {name: spoken(turn, value) for name, value in note.values.items()}
    key = f"note.{note.key}"
    return Html(f"ℹ️ {turn.t.lenient(key, values) if key in turn.t else escape(note.key)}")


def _rows(turn: Turn, found: Preview, token: str, way: str) -> Rows:
    t = turn.t
    edit = Button(t.plain(EDITS.get(way, "button.edit_text")), to("send.edit"))
    test = Button(t.plain("button.test_me"), to("send.test"))
    last = cancel_row(t)
    if found.template is not None and found.template.preview_url:
        last = [Button(t.plain("button.template_on_zalo"), url=found.template.preview_url), *last]
    return [[Button(_yes(turn, found), to("yes", token), style="success")], [edit, test], last]


def _yes(turn: Turn, found: Preview) -> str:
    t, name = turn.t, short(found.oa.name, 24)
    if found.mode == Mode.TEST:
        return t.plain("button.yes_test", name=name)
    if not found.total or not turn.staff.sees_money:
        return t.plain("button.yes", name=name)
    return t.plain("button.yes_money", name=name, money=t.money(found.total))
