"""What customers said: the alert of a bad rating, the ratings of a template, one line under a message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.html_cut import cut
from bot.keyboards import back_row, pager, pairs
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_name, oa_title
from bot.screens.words import words_for
from bot.turn import Turn
from models import Follower, Notice, OfficialAccount, Rating, Staff, ZnsTemplate
from services import phones, ratings, reach
from services.ratings import Summary, summary
from texts import Texts, figures
from texts.html import Html, escape, lines

PAGE = 8
LONGEST_WORDS = 600
BAR = 10


@dataclass(frozen=True)
class Said:
    """A rating with what belongs to it."""

    oa: OfficialAccount
    row: Rating
    template: str
    person: Follower | None
    phone: str  # 84..., "" when none is known
    handled_by: str


def facts(oa: OfficialAccount, row: Rating) -> Said:
    """Whose rating it is, as far as it is known, and who looked after it."""
    named = (ZnsTemplate.oa == oa.id, ZnsTemplate.template_id == row.template_id)
    template = ZnsTemplate.get_or_none(*named) if row.template_id else None
    person, phone = ratings.person_of(row)
    by = Staff.get_or_none(Staff.telegram_id == row.handled_by) if row.handled_by else None
    name = template.name if template is not None else row.template_id
    return Said(oa, row, name, person, phone, by.name if by is not None else "")


async def rating_notice(turn: Turn, notice: Notice) -> Screen | None:
    """The alert of an unhappy customer as it is now."""
    found = await turn.db(reach.rating, turn.staff, int(notice.payload["rating"]))
    return None if found is None else await rating_screen(turn, *found)


async def rating_screen(turn: Turn, oa: OfficialAccount, row: Rating, *, full_number: bool = False) -> Screen:
    """Stars, whose, by which template, their words, and what can be done."""
    said = await turn.db(facts, oa, row)
    t = turn.t
    who = phones.local(said.phone) if full_number and said.phone else _who(t, said)
    parts = [t("rating.head", rate=row.rate, who=who)]
    if said.template:
        parts.append(t("rating.template", template=said.template))
    text = lines(
        Html(f"<b>{escape(oa_name(oa))}</b> · {t.moment(row.at, turn.now())}"),
        Html(" · ".join(parts)),
        words(turn, row),
        _handled(turn, said),
    )
    return Screen(text, _rows(turn, said, full_number), protect=True)


async def ratings_screen(turn: Turn, template: ZnsTemplate, offset: int) -> Screen:
    """The figures of a template's ratings, and a page of them, latest first."""
    t, oa = turn.t, template.oa
    found = await turn.db(summary, oa, template.template_id, 0)
    rows = await turn.db(ratings.page, oa, template.template_id, offset, PAGE)
    open_ones = [row for row in rows if row.rate <= ratings.UNHAPPY and row.handled_at is None]
    buttons = [
        Button(f"{row.rate} ⭐ {figures.day(t.language, row.at, turn.now())}", to("rate", row.id)) for row in open_ones
    ]
    text = lines(
        oa_title(t, oa),
        t("rating.of_template", template=template.name, count=found.count),
        *_bars(t, found),
        "",
        *(_line(turn, row) for row in rows),
    )
    turned = pager(offset, PAGE, found.count, "tpl.ratings", template.id)
    return Screen(text, [*pairs(buttons), turned, back_row(t, to("tpl.card", template.id))], protect=True)


def words(turn: Turn, row: Rating) -> Html | None:
    """«chờ lâu quá» · Nhân viên thân thiện; None when there is nothing but stars."""
    parts = [f"«{escape(words_for(turn, row.note))}»"] if row.note else []
    parts += [escape(words_for(turn, str(word))) for word in row.feedbacks or []]
    return cut(Html(" · ".join(parts)), LONGEST_WORDS) if parts else None


def _who(t: Texts, said: Said) -> str:
    if said.person is not None and (said.person.nickname or said.person.display_name):
        return str(said.person.nickname or said.person.display_name)
    return phones.mask(said.phone) if said.phone else t.plain("rating.somebody")


def _handled(turn: Turn, said: Said) -> Html | None:
    if said.row.handled_at is None:
        return None
    t = turn.t
    by = said.handled_by or "–"
    return t("rating.handled_by", name=by, when=t.moment(said.row.handled_at, turn.now()))


def _rows(turn: Turn, said: Said, full_number: bool) -> Rows:
    t, row = turn.t, said.row
    buttons = []
    if said.phone or said.person is not None:
        buttons.append(Button(t.plain("button.rate_write"), to("rate.write", row.id, fresh=True), style="primary"))
    if said.phone and turn.staff.sees_numbers and not full_number:
        buttons.append(Button(t.plain("button.rate_number"), to("rate.number", row.id)))
    if row.handled_at is None:
        buttons.append(Button(t.plain("button.rate_done"), to("rate.done", row.id), style="success"))
    return [*pairs(buttons), [Button(t.plain("button.home"), to("home", fresh=True))]]


def _bars(t: Texts, found: Summary) -> list[Html]:
    most = max(found.stars.values(), default=0)
    return [
        Html(f"<code>{star} {_bar(found.stars.get(star, 0), most)} {t.number(found.stars.get(star, 0))}</code>")
        for star in (5, 4, 3, 2, 1)
        if most
    ]


def _bar(count: int, most: int) -> str:
    filled = -(-count * BAR // most)
    return "█" * filled + "░" * (BAR - filled)


def _line(turn: Turn, row: Rating) -> Html:
    t = turn.t
    said, done = words(turn, row), " ✔️" if row.handled_at is not None else ""
    return Html(f"{row.rate} ⭐ {figures.day(t.language, row.at, turn.now())}{' · ' + said if said else ''}{done}")
