"""/nhatky: who did what, with filters, and as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.files import FORMATS, send_table
from bot.markup import Button, OldKeyboard, Screen, part, to, whole
from bot.notices import eyes_of
from bot.reach import delivery_at
from bot.render_delivery import render_delivery
from bot.roles import BUTTONS
from bot.screens import audit as screens
from bot.screens.audit import PAGE, Page, audit_entry, audit_list, choose_kind, choose_oa, choose_who
from bot.screens.audit_view import LONGEST, Looked, View, look, read_view
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import AuditEntry, OfficialAccount, Staff
from services import audit, reach, staff
from services.names import fold_name
from texts import figures
from texts.html import Html, bare, lines

Args = tuple[str, ...]
COLUMNS = ("at", "who", "telegram_id", "what", "code", "oa_id", "oa", "target", "result", "chat", "message", "detail")


async def audit_command(turn: Turn, rest: str) -> None:
    """`/nhatky`, of one person or OA `/nhatky lan`, of so many days `/nhatky 7`, or both."""
    words = rest.split()
    view = View()
    if words and words[-1].isascii() and words[-1].isdigit() and len(words[-1]) <= 4:
        view = View(days=min(max(1, int(words.pop())), LONGEST))
    found = await turn.db(_named, turn, view, " ".join(words)) if words else view
    screen = await _list(turn, found or view)
    if found is None:
        screen = Screen(lines(turn.t("audits.nobody", query=" ".join(words)[:40]), "", screen.text), screen.rows, True)
    await turn.show(screen)


def _named(turn: Turn, view: View, name: str) -> View | None:
    """The view of the one person, else of the one OA, whose name holds these words; None when there is no one."""
    wanted = fold_name(name)
    people = [person for person in Staff.select() if wanted and wanted in fold_name(person.name)]
    exact = [person for person in people if fold_name(person.name) == wanted]
    for person in (exact or people)[:1] if len(exact or people) == 1 else []:
        return View(days=view.days, who=str(person.id))
    oas = [oa for oa in reach.oas(turn.staff) if wanted and wanted in fold_name(oa.name)]
    return View(days=view.days, oa=oas[0].id) if len(oas) == 1 and not people else None


async def show_list(turn: Turn, args: Args) -> None:
    """A page: the view, and perhaps which entry it comes before or after."""
    view = read_view(args[0]) if args else View()
    await turn.show(await _list(turn, view, args[1] if len(args) > 1 else ""))


async def _list(turn: Turn, view: View, at: str = "") -> Screen:
    if at and at[0] not in "ab":
        raise OldKeyboard("audit")
    if at:
        whole((at[1:],), 0)
    seen, page = await turn.db(_page, turn, view, at)
    return audit_list(turn, seen, page)


def _page(turn: Turn, view: View, at: str) -> tuple[Looked, Page]:
    seen = look(turn.staff, view, turn.now())
    turned = {"a": {"after_id": int(at[1:])}, "b": {"before_id": int(at[1:])}}[at[0]] if at else {}
    rows = audit.page(seen.filter, limit=PAGE, **turned)
    newer = bool(rows) and bool(audit.page(seen.filter, limit=1, after_id=rows[0].id))
    older = bool(rows) and bool(audit.page(seen.filter, rows[-1].id, 1))
    names = {row.oa_id for row in rows if row.oa_id}
    oas = {oa.oa_id: oa for oa in OfficialAccount.select().where(OfficialAccount.oa_id.in_(sorted(names)))}
    return seen, Page(rows, oas, newer, older)


async def pick_oa(turn: Turn, args: Args) -> None:
    """Which OA?"""
    oas = await turn.db(reach.oas, turn.staff)
    await turn.show(choose_oa(turn, read_view(part(args, 0)), oas, whole(args, 1)))


async def pick_who(turn: Turn, args: Args) -> None:
    """Which person? Those who left come last."""
    people = await turn.db(
        lambda: sorted(Staff.select(), key=lambda row: (not row.active, fold_name(row.name), row.id))
    )
    await turn.show(choose_who(turn, read_view(part(args, 0)), people, whole(args, 1)))


async def pick_kind(turn: Turn, args: Args) -> None:
    """Which kind of act?"""
    await turn.show(choose_kind(turn, read_view(part(args, 0))))


async def show_entry(turn: Turn, args: Args) -> None:
    """One entry. Raises OldKeyboard for one this person may not see."""
    view = read_view(part(args, 0))
    row, oa, things = await turn.db(_entry, turn, whole(args, 1))
    if row is None:
        raise OldKeyboard("audit")
    await turn.show(audit_entry(turn, view, row, oa, things))


def _entry(turn: Turn, number: int) -> tuple[AuditEntry | None, OfficialAccount | None, list[Button]]:
    row = audit.get(audit.Filter(scope=audit.scope_of(turn.staff)), number)
    if row is None:
        return None, None, []
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == row.oa_id) if row.oa_id else None
    return row, oa, _things(turn, row, oa)


def _things(turn: Turn, row: AuditEntry, oa: OfficialAccount | None) -> list[Button]:
    """What the entry was about, as far as it is still there and open to this person."""
    t, detail = turn.t, row.detail or {}
    buttons = []
    message = detail.get("delivery")
    if isinstance(message, int) and reach.delivery(turn.staff, message) is not None:
        buttons.append(Button(t.plain("button.audit_message"), to("audit.message", message, fresh=True)))
    person = _follower(row)
    if person is not None and reach.follower(turn.staff, person) is not None:
        buttons.append(Button(t.plain("button.audit_customer"), to("k", person, fresh=True)))
    colleague = _colleague(turn, row)
    if colleague is not None:
        buttons.append(Button(t.plain("button.audit_staff"), to("st.card", colleague.id, fresh=True)))
    if oa is not None and reach.oa(turn.staff, oa.id) is not None:
        buttons.append(Button(t.plain("button.open_card"), to("oa", oa.id, fresh=True)))
    return buttons


def _colleague(turn: Turn, row: AuditEntry) -> Staff | None:
    """The person of an entry about staff, for who may open their card."""
    if not (row.action.startswith("staff.") and row.target.isdigit() and staff.may(turn.staff, BUTTONS["st.card"])):
        return None
    return Staff.get_or_none(Staff.telegram_id == int(row.target), Staff.active)


def _follower(row: AuditEntry) -> int | None:
    if row.target.startswith("follower ") and row.target.removeprefix("follower ").isdigit():
        return int(row.target.removeprefix("follower "))
    number = (row.detail or {}).get("row")
    return number if row.action.startswith("customer.") and isinstance(number, int) else None


async def show_message(turn: Turn, args: Args) -> None:
    """The message an entry was about, as it stands now."""
    await turn.show(render_delivery(eyes_of(turn), await delivery_at(turn, whole(args, 0))))


async def send_file(turn: Turn, args: Args) -> None:
    """All entries of the present filter; bringing them out is an entry itself."""
    seen = await turn.db(look, turn.staff, read_view(part(args, 0)), turn.now())
    suffix = part(args, 1)
    if suffix not in FORMATS:
        raise OldKeyboard("audit")
    header = [turn.t.plain(f"audits.column_{name}") for name in COLUMNS]

    def told(count: int) -> Html:
        detail = {"rows": count, "view": str(seen.view)}
        audit.record(turn.now(), turn.actor, "audit.export", oa_id=seen.filter.oa_id, detail=detail)
        return turn.t("audits.file", count=count)

    await send_table(turn, f"nhat_ky_{turn.now():%Y%m%d}.{suffix}", header, _rows(turn, seen), told)


def _rows(turn: Turn, seen: Looked) -> Iterator[list[Any]]:
    oas = {oa.oa_id: oa for oa in OfficialAccount.select()}
    for row in audit.iterate(seen.filter):
        yield _row(turn, row, oas.get(row.oa_id))


def _row(turn: Turn, row: AuditEntry, oa: OfficialAccount | None) -> list[Any]:
    t = turn.t
    why = "" if row.result == audit.DONE else bare(screens.result(t, row))
    return [
        f"{figures.stamp(row.at)}:{row.at:%S}", screens.who(t, row), str(row.staff_id or ""),
        bare(screens.action(t, row.action)), row.action, row.oa_id, oa_name(oa) if oa else "",
        screens.target(t, row, oa), why or row.result, str(row.chat_id or ""), str(row.message_id or ""),
        json.dumps(audit.masked(row.detail), ensure_ascii=False) if row.detail else "",
    ]  # fmt: skip
