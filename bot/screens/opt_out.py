"""What a person said about being written to, in words; the screen of a refusal; what customers' words made known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.keyboards import back_row, home_row, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import name_of, oa_name
from bot.screens.words import words_for
from bot.turn import Turn
from db import from_ms
from models import Consent, ConsentSource, Follower, Notice, OfficialAccount, Scope
from services import opt_outs, past, phones, reach
from services.consents import EVERYWHERE
from services.do_not_send import Person
from texts.html import Html, escape, lines

_LONGEST_WORDS = 80


def said_lines(turn: Turn, said: Iterable[Consent], names: Mapping[int, str], where: Mapping[str, str]) -> list[Html]:
    """One line for each word: what, when, from whom, and where it holds."""
    return [_said_line(turn, word, names, where) for word in said]


def _said_line(turn: Turn, word: Consent, names: Mapping[int, str], where: Mapping[str, str]) -> Html:
    t = turn.t
    answer = "yes" if word.given else "no"
    parts = [t(f"consent.{answer}_{word.scope}"), escape(t.moment(word.at, turn.now())), _source(turn, word, names)]
    if where:
        holds = t.plain("consent.everywhere") if word.oa_id == EVERYWHERE else where.get(word.oa_id, "")
        parts.append(escape(holds))
    return Html(" · ".join(part for part in parts if part))


def _source(turn: Turn, word: Consent, names: Mapping[int, str]) -> Html:
    t = turn.t
    if word.source == ConsentSource.ZALO:
        return t("consent.by_zalo", code=word.code)
    if word.source == ConsentSource.STAFF:
        who = names.get(word.staff_id or 0) or t.plain("consent.server")
        return t("consent.by_staff", who=who)
    words = short(words_for(turn, str((word.evidence or {}).get("text") or "")), _LONGEST_WORDS)
    return t("consent.by_customer", text=words) if words else t("consent.by_themselves")


async def opt_out_screen(turn: Turn, target: str, person: Person, *, typed: bool = False) -> Screen:
    """What stands about a phone or a follower, and what can be entered."""
    t = turn.t
    theirs = await turn.db(reach.oas, turn.staff)
    where = {oa.oa_id: oa_name(oa) for oa in theirs}
    names = await turn.db(past.names, {word.staff_id for word in person.said})
    told = said_lines(turn, person.said, names, where)
    text = lines(
        t("opt_out.title", who=_who(turn, person, typed)), "", *(told or [t("opt_out.nothing")]), "", t("opt_out.what")
    )
    return Screen(text, [*_choices(turn, target, person), *_back(turn, target)], protect=True)


def _who(turn: Turn, person: Person, typed: bool) -> str:
    number = (phones.local(person.phone) if typed else phones.mask(person.phone)) if person.phone else ""
    called = dict.fromkeys(row.nickname or row.display_name for row in person.people)
    return " · ".join(part for part in (number, *list(called)[:3]) if part) or turn.t.plain("opt_out.somebody")


def _choices(turn: Turn, target: str, person: Person) -> Rows:
    t = turn.t
    no = [Button(t.plain("button.no_promotion"), to("oo.no", target, Scope.PROMOTION.value))]
    if person.no(Scope.PROMOTION) is not None:
        no = []
    if person.no(Scope.ALL) is None:
        no.append(Button(t.plain("button.no_message"), to("oo.no", target, Scope.ALL.value), style="danger"))
    refused = any(word.given is False for word in person.said)
    again = [[Button(t.plain("button.reopen"), to("oo.ask", target))]] if refused else []
    return [[button] for button in no] + again


def _back(turn: Turn, target: str) -> Rows:
    follower = target.startswith("k")
    return [back_row(turn.t, to("k", target[1:])) if follower else home_row(turn.t)]


async def reopen_question(turn: Turn, target: str, person: Person, token: str) -> Screen:
    """Which refusals would be taken back."""
    t = turn.t
    names = await turn.db(past.names, {word.staff_id for word in person.said})
    where = {oa.oa_id: oa_name(oa) for oa in await turn.db(reach.oas, turn.staff)}
    no = said_lines(turn, [word for word in person.said if word.given is False], names, where)
    text = lines(t("opt_out.reopen", who=_who(turn, person, False)), "", *no, "", t("opt_out.reopen_care"))
    yes = [Button(t.plain("button.reopen_yes"), to("oo.open", token), style="danger")]
    return Screen(text, [yes, back_row(t, to("oo", target))], protect=True)


async def word_notice(turn: Turn, notice: Notice) -> Screen | None:
    """A customer ended advertising, wants it back, or said "hủy" with other words."""
    found = await turn.db(reach.follower, turn.staff, int(notice.payload["row"]))
    return None if found is None else word_screen(turn, notice, *found)


def word_screen(turn: Turn, notice: Notice, oa: OfficialAccount, person: Follower) -> Screen:
    """The notice as it is now: what was said, what was done, what can be done."""
    t, payload = turn.t, notice.payload
    name = name_of(turn, person)
    done = str(payload.get("done") or "")
    text = lines(
        t(f"notice.{notice.kind}", name=name, text=words_for(turn, payload["text"]), oa=oa_name(oa)),
        escape(t.moment(from_ms(payload["at"]), turn.now())),
        t("opt_out.answered") if payload.get("answered") else None,
        t(f"opt_out.done_{done}", by=payload.get("by") or "–") if done else None,
    )
    return Screen(text, [*_word_buttons(turn, notice, done), _card_row(turn, person)], protect=True)


def _word_buttons(turn: Turn, notice: Notice, done: str) -> Rows:
    t = turn.t
    everything = Button(t.plain("button.stop_everything"), to("oo.all", notice.id))
    undo = Button(t.plain("button.not_meant"), to("oo.undo", notice.id))
    if notice.kind == opt_outs.STOPPED:
        return {"": [[everything], [undo]], "all": [[undo]]}.get(done, [])
    if notice.kind == opt_outs.ASKED:
        visit = Button(t.plain("button.cancel_visit"), to("oo.visit", notice.id))
        stop = Button(t.plain("button.no_more"), to("oo.stop", notice.id))
        return {"": [[visit, stop]], "promotion": [[everything], [undo]], "all": [[undo]]}.get(done, [])
    return []


def _card_row(turn: Turn, person: Follower) -> list[Button]:
    t = turn.t
    card = Button(t.plain("button.open_customer"), to("k", person.id, fresh=True))
    return [card, Button(t.plain("button.write"), to("send.to", person.id, fresh=True))]
