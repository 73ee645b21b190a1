"""Who waits, and one conversation."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.html_cut import cut
from bot.keyboards import back_row, home_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.chat import Talk, done_button, head, line_text, number_in, state, talk_of
from bot.screens.titles import name_of, oa_name
from bot.screens.words import words_for
from bot.turn import Turn
from models import ChatMessage, Delivery, Follower, OfficialAccount, Staff
from services import conversation_list, reach
from services.conversation_list import Line, Which
from texts import figures
from texts.html import Html, escape, lines

PAGE = 6
SHOWN_LINES, SHOWN_WORDS = 8, 40
PATIENT, LONG = timedelta(minutes=5), timedelta(minutes=15)  # 🟢 before, 🟠 between, 🔴 after
SAID_LIMIT = 400


async def inbox_screen(turn: Turn, oa: OfficialAccount | None, which: Which, offset: int) -> Screen:
    """A list: of one OA, or of all this person may use."""
    oas = await turn.db(reach.oas, turn.staff)
    ids = [oa.oa_id] if oa is not None else [each.oa_id for each in oas]
    me, now, t = turn.staff.telegram_id, turn.now(), turn.t
    rows, total = await turn.db(conversation_list.page, now, me, ids, which, offset, PAGE)
    counts = await turn.db(conversation_list.counts, now, me, ids)
    title = oa_name(oa) if oa is not None else t.plain("inbox.every_oa")
    body = [_line(turn, row, at, which, oa is None) for at, row in enumerate(rows, offset + 1)]
    summary = t("inbox.summary", mine=counts.mine, soon=counts.soon)
    nobody = [t(f"inbox.nobody_{which.value}")]
    text = lines(t(f"inbox.title_{which.value}", oa=title, count=total), "", *(body or nobody), "", summary)
    return Screen(text, _list_rows(turn, oa, which, offset, total, rows, len(oas)), protect=True)


def waited(turn: Turn, since: datetime) -> str:
    """18 phút, 3 giờ, 2 ngày."""
    past = max(turn.now() - since, timedelta(0))
    if past < timedelta(hours=1):
        return turn.t.plain("inbox.minutes", count=int(past // timedelta(minutes=1)))
    if past < timedelta(days=2):
        return turn.t.plain("inbox.hours", count=int(past // timedelta(hours=1)))
    return turn.t.plain("inbox.days", count=past.days)


def _line(turn: Turn, line: Line, number: int, which: Which, with_oa: bool) -> Html:
    row, t = line.conversation, turn.t
    name = f"<b>{escape(name_of(turn, line.person))}</b>" + (f" ({escape(line.name)})" if with_oa else "")
    said = (
        t("inbox.words", words=short(words_for(turn, row.last_text), SHOWN_WORDS))
        if row.last_text
        else _kind(turn, row.last_kind)
    )
    phone = " 📱" if row.has_phone else ""
    if row.waiting_since is None:
        when = row.last_outbound_at or row.last_inbound_at
        return Html(f"{number} · {escape(t.moment(when, turn.now())) if when else ''} · {name}: {said}")
    until = conversation_list.free_until(row) if which is Which.SOON else None
    ends = f" · {t('inbox.free_until', when=t.moment(until, turn.now()))}" if until else ""
    return Html(
        f"{number} · {lamp(turn, row.waiting_since)} {waited(turn, row.waiting_since)} · {name}: {said}{phone}{ends}"
    )


def lamp(turn: Turn, since: datetime) -> str:
    """How urgent it is by how long somebody waits."""
    past = turn.now() - since
    return "🟢" if past < PATIENT else "🟠" if past < LONG else "🔴"


def _kind(turn: Turn, kind: str) -> Html:
    key = f"chat.kind_{kind}"
    return turn.t(key) if key in turn.t else turn.t("chat.kind_other", kind=kind)


def _list_rows(
    turn: Turn, oa: OfficialAccount | None, which: Which, offset: int, total: int, rows: list[Line], oas: int
) -> Rows:
    t, at = turn.t, oa.id if oa is not None else 0
    longest = [Button(t.plain("button.in_next"), to("in.next", at), style="success")]
    numbers = [Button(str(number), to("in.c", row.person.id)) for number, row in enumerate(rows, offset + 1)]
    others = [
        Button(t.plain(f"button.in_{other.value}"), to("in", other.value, at, 0))
        for other in Which
        if other is not which
    ]
    every = [Button(t.plain("button.in_every"), to("in", which.value, 0, 0))] if oa is not None and oas > 1 else []
    turned = pager(offset, PAGE, total, "in", which.value, at)
    take = longest if which is Which.WAITING and rows else []
    return [take, numbers, turned, *pairs([*others, *every]), home_row(t)]


def home_line(turn: Turn, count: int, longest: datetime | None) -> Html | None:
    """💬 3 khách đang chờ, lâu nhất 18 phút; None when nobody waits."""
    if not count or longest is None:
        return None
    return turn.t("home.customers_wait", count=count, longest=waited(turn, longest))


async def conversation_screen(turn: Turn, oa: OfficialAccount, person: Follower) -> Screen:
    """One conversation: the last lines in both directions, and everything that can be done about it."""
    talk = await turn.db(talk_of, turn.now(), oa, person)
    said = await turn.db(conversation_list.said, oa.oa_id, person.user_id, SHOWN_LINES)
    sent = await turn.db(conversation_list.sent, oa.oa_id, person.user_id)
    shown = _both(turn, said, sent)[-SHOWN_LINES:]
    told = state(turn, talk)
    body = [text for _, text in shown] or [turn.t("chat.nothing_said")]
    text = lines(head(turn, talk), *body, f"<i>{told}</i>" if told else None, turn.t("chat.how_here"))
    return Screen(Html(text), _talk_rows(turn, talk, said), protect=True)


def _both(turn: Turn, said: list[ChatMessage], sent: list[Delivery]) -> list[tuple[datetime, Html]]:
    """What they said and what we sent, by time; our own echoes stand for messages that are shown already."""
    ours = {row.msg_id for row in sent if row.msg_id}
    heard = [line for line in said if line.inbound or line.admin_id or line.msg_id not in ours]
    found = [(line.at, _said(turn, line)) for line in heard]
    return sorted([*found, *((row.created_at, _sent(turn, row)) for row in sent)], key=lambda each: each[0])


def _said(turn: Turn, line: ChatMessage) -> Html:
    who = "👤" if line.inbound else "🤖" if not line.admin_id else ""
    return Html(f"{_when(turn, line.at)} {who} {cut(line_text(turn, line, line.at), SAID_LIMIT)}".replace("  ", " "))


def _sent(turn: Turn, row: Delivery) -> Html:
    words = str(row.content.get("text") or "") or turn.t.plain(
        f"chat.sent_{'other' if row.kind == 'text' else 'attached'}"
    )
    shown = cut(escape(words_for(turn, words)), SAID_LIMIT)
    return Html(f"{_when(turn, row.created_at)} {turn.t(f'chat.state_{row.state}')} {shown}")


def _when(turn: Turn, at: datetime) -> str:
    return f"<i>{escape(figures.brief(turn.t.language, at, turn.now()))}</i>"


def _talk_rows(turn: Turn, talk: Talk, said: list[ChatMessage]) -> Rows:
    t, person, waits = turn.t, talk.person, talk.row is not None and talk.row.waiting_since is not None
    first = [Button(t.plain("button.in_reply"), to("in.say", person.id), style="primary")]
    if talk.row is not None and talk.holder is None:
        first.append(Button(t.plain("button.in_take"), to("in.take", person.id), style="success"))
    if talk.holder == turn.staff.telegram_id:
        first.append(Button(t.plain("button.in_free"), to("in.free", person.id)))
    hand = [Button(t.plain("button.in_hand"), to("in.hand", person.id))] if talk.row is not None else []
    done = [done_button(turn, talk)] if waits or (talk.holder and talk.row is not None) else []
    number = number_in(said)
    save = [Button(t.plain("button.in_number"), to("in.phone", person.id))] if number and number != person.phone else []
    rest = [
        *save,
        Button(t.plain("button.in_zns"), to("send.to", person.id, fresh=True)),
        Button(t.plain("button.in_card"), to("k", person.id, fresh=True)),
    ]
    return [first, [*hand, *done], *pairs(rest), back_row(t, to("in", Which.WAITING.value, talk.oa.id, 0))]


def colleagues_screen(turn: Turn, oa: OfficialAccount, person: Follower, people: list[Staff]) -> Screen:
    """To whom to hand a conversation."""
    t = turn.t
    buttons = [
        Button(short(each.name or str(each.telegram_id), 20), to("in.to", person.id, each.id)) for each in people
    ]
    text = t("inbox.hand_to", name=name_of(turn, person)) if people else t("inbox.nobody_else")
    return Screen(lines(text), [*pairs(buttons), back_row(t, to("in.c", person.id))], protect=True)


def other_number_screen(turn: Turn, person: Follower, old: str, new: str, token: str) -> Screen:
    """They have another number already: which one is right?"""
    t = turn.t
    text = t("inbox.other_number", name=name_of(turn, person), old=old, new=new)
    yes = Button(t.plain("button.in_replace", number=new), to("in.keep", token), style="primary")
    return Screen(text, [[yes], [Button(t.plain("button.in_leave"), to("in.c", person.id))]], protect=True)
