"""The ways to a person, as lines and buttons: what is open now and what it costs, what is not and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import spoken
from bot.turn import Turn
from models import Channel
from services.preflight import Answer, Letter, Verdict
from texts.html import Html, lines

BY_TEMPLATE = {Channel.UID, Channel.ZNS}
OLDER_WAY = "send.older_way"


@dataclass(frozen=True)
class Entry:
    """One way. Advertising by template is told apart, but written by the same way."""

    name: str  # of the texts: cs, form, uid, uid_promotion, ...
    way: str  # of the buttons
    verdict: Verdict


@dataclass(frozen=True)
class Ways:
    """Entries by what can be done with them; of several letters of one way the first stands for it."""

    open: list[Entry]
    later: list[Entry]
    closed: list[Entry]

    @property
    def choices(self) -> list[tuple[int, Entry]]:
        """The open ways by their number on the screen, each once."""
        found: dict[str, tuple[int, Entry]] = {}
        for number, entry in enumerate(self.open, 1):
            found.setdefault(entry.way, (number, entry))
        return list(found.values())

    @property
    def later_choices(self) -> list[Entry]:
        """The ways that are open later and not at all now."""
        now = {entry.way for entry in self.open}
        return list({entry.way: entry for entry in self.later if entry.way not in now}.values())


def way_of_letter(letter: Letter) -> str:
    """The name a way has in buttons: the channel, and the form beside the other consultation messages."""
    if letter.channel == Channel.CS:
        return "form" if letter.kind == "form" else "cs"
    return str(letter.channel.value)


def sorted_ways(verdicts: Iterable[Verdict], without: str = "") -> Ways:
    """Each way once, in the order given; `without` leaves one out."""
    found: dict[str, Entry] = {}
    rank = {Answer.YES: 0, Answer.LATER: 1, Answer.NO: 2}
    for verdict in verdicts:
        way = way_of_letter(verdict.letter)
        apart = verdict.letter.channel in BY_TEMPLATE and verdict.letter.promotes
        name = f"{way}_promotion" if apart else way
        if way != without and (name not in found or rank[verdict.answer] < rank[found[name].verdict.answer]):
            found[name] = Entry(name, way, verdict)
    by = {answer: [one for one in found.values() if one.verdict.answer == answer] for answer in Answer}
    usual = {one.name for one in by[Answer.YES]}
    # Whoever takes the usual way by template chooses among all templates there: one line is enough.
    now = [one for one in by[Answer.YES] if one.name == one.way or one.way not in usual]
    return Ways(now, by[Answer.LATER], by[Answer.NO])


def open_line(turn: Turn, number: int, entry: Entry) -> Html:
    """1 · Tin tư vấn: chữ, ảnh, tệp · miễn phí đến 25/11 08:05."""
    return Html(f"{number} · {turn.t(f'way.{entry.name}')} · {cost(turn, entry.verdict)}")


def cost(turn: Turn, verdict: Verdict) -> Html:
    """What a way costs, as far as it is known and this person may see it."""
    t = turn.t
    if verdict.price == 0:
        if verdict.free_until is None:
            return t("way.free")
        return t("way.free") + t("way.until", when=t.moment(verdict.free_until, turn.now()))
    if verdict.price is None:
        return t("way.maybe_charged")
    if not turn.staff.sees_money:
        return t("way.charged")
    key = "way.from" if verdict.letter.template is not None else "way.price"
    return t(key, money=t.money(verdict.price))


def closed_lines(turn: Turn, found: Ways) -> Html:
    """Hậu mãi: khách đã nhận 1 tin hôm nay (gửi được từ mai 08:00). Ways with one reason share a line."""
    by_reason: dict[str, list[str]] = {}
    for entry in (*found.later, *found.closed):
        by_reason.setdefault(_reason(turn, entry.verdict), []).append(turn.t(f"way.name_{entry.name}"))
    told = [Html(f"• {_joined(names)}: {reason}") for reason, names in by_reason.items()]
    return lines(*told)


def _joined(names: list[str]) -> Html:
    rest = [name[:1].lower() + name[1:] if not name.isupper() and name[:3] != "ZNS" else name for name in names[1:]]
    return Html(", ".join([names[0], *rest]))


def _reason(turn: Turn, verdict: Verdict) -> Html:
    t = turn.t
    assert verdict.refusal is not None
    if verdict.refusal.key == OLDER_WAY:  # a setting of the OA, nothing about the person
        return t("way.older_off")
    key = f"error.{verdict.refusal.key}.what"
    values = {name: spoken(turn, value) for name, value in verdict.refusal.values.items()}
    values.setdefault("code", verdict.refusal.code)
    reason = t.lenient(key if key in t else "error.other.what", values)
    until = t("way.from_then", when=t.moment(verdict.until, turn.now())) if verdict.until else Html("")
    return Html(str(reason).rstrip(".") + until)


def way_label(turn: Turn, way: str, number: int = 0, verdict: Verdict | None = None) -> str:
    """The label of a way's button: 1 💬 Tư vấn, and its price under a refusal."""
    t = turn.t
    at = f"{number} " if number else ""
    price = verdict.price if verdict is not None and turn.staff.sees_money else None
    money = f" · {before_vat(turn, price)}" if price else ""
    return f"{at}{t.plain(f'button.way_{way}')}{money}"


def before_vat(turn: Turn, price: int) -> str:
    """300đ + VAT: every price of Zalo's lists is before it."""
    return turn.t.plain("way.before_vat", money=turn.t.money(price))
