"""services/audit.py: who did what, written with the act, read in pages and in a stream."""

from __future__ import annotations

from datetime import timedelta

import pytest
from audited_actions import actions

import db
from bot import acts
from bot.roles import BUTTONS, COMMANDS, FORMS
from models import AuditEntry, OfficialAccount, Role, StaffOa
from services import audit, staff
from services.audit import CLI, MACHINE, Actor, Filter
from texts import load

TEXTS = load()
NAMED = {*acts.BUTTONS.values(), *acts.LEADS_TO.values(), *acts.COMMANDS.values(), *acts.FORMS.values()}


@pytest.fixture
def lan(database, clock):
    return staff.add(clock.now(), 55, Role.OPERATOR, "Lan")


@pytest.fixture
def hoa(database, clock):
    return staff.add(clock.now(), 56, Role.MANAGER, "Hoa")


def by(person):
    return Actor(person.name, person, person.telegram_id, 9)


def oa(clock, oa_id):
    return OfficialAccount.create(oa_id=oa_id, name=f"OA {oa_id}", created_at=clock.now())


def codes(rows):
    return [row.action for row in rows]


def test_an_entry_says_who_what_where_and_with_what_result(lan, clock):
    """Done unless said otherwise; who acts on the command line has no number."""
    audit.record(clock.now(), by(lan), "oa.renamed", oa_id="1", target="Hoa Mai", detail={"name": "Hoa Mai"})
    audit.record(clock.now(), CLI, "oa.removed", oa_id="1", result="role.manager")
    first, second = AuditEntry.select().order_by(AuditEntry.id)
    assert (first.staff_id, first.actor, first.chat_id, first.message_id, first.result) == (55, "Lan", 55, 9, "done")
    assert (second.staff_id, second.actor, second.result) == (None, "cli", "role.manager")


def test_the_entry_goes_with_the_act(lan, clock):
    """An act that is rolled back leaves no entry."""
    with db.database.atomic() as act:
        audit.record(clock.now(), by(lan), "oa.renamed")
        act.rollback()
    assert not AuditEntry.select().exists()


@pytest.mark.parametrize("number", ["84909998812", "0909998812", "+84909998812"])
def test_no_full_number_is_ever_kept(lan, clock, number):
    """Whoever forgot to mask it; ids of Zalo and Telegram are left alone."""
    detail = {
        "a": f"gọi {number} nhé",
        "b": [number],
        "c": {"d": number},
        "oa": "2902001003004005006",
        "id": 7001002003,
    }
    audit.record(clock.now(), by(lan), "customer.erased", target=number, detail=detail)
    row = AuditEntry.get()
    assert number.removeprefix("+") not in f"{row.target} {row.detail}"
    assert "8812" in row.target
    assert (row.detail["oa"], row.detail["id"]) == ("2902001003004005006", 7001002003)


def test_pages_go_back_and_forth(lan, clock):
    """Newest first; the page before and the page after meet without a gap."""
    for number in range(25):
        audit.record(clock.now(), by(lan), f"oa.{number:02}")
    first = audit.page(Filter(), None, 10)
    second = audit.page(Filter(), first[-1].id, 10)
    assert codes(first) == [f"oa.{number:02}" for number in range(24, 14, -1)]
    assert codes(second) == [f"oa.{number:02}" for number in range(14, 4, -1)]
    assert codes(audit.page(Filter(), limit=10, after_id=second[0].id)) == codes(first)
    assert codes(audit.page(Filter(), second[-1].id, 10)) == [f"oa.{number:02}" for number in range(4, -1, -1)]


def test_each_part_of_a_filter_narrows(lan, hoa, clock):
    """OA, person, machine, kind, result, from and until."""
    start = clock.now()
    audit.record(start, by(lan), "message.accepted", oa_id="1")
    audit.record(start, by(hoa), "oa.mode", oa_id="2")
    audit.record(start, MACHINE, "oa.stopped", oa_id="2")
    audit.record(start + timedelta(days=1), by(lan), "messages_of_another_name", oa_id="1", result="role.manager")

    def found(**given):
        return codes(audit.iterate(Filter(**given)))

    assert found(oa_id="2") == ["oa.mode", "oa.stopped"]
    assert found(staff_id=55) == ["message.accepted", "messages_of_another_name"]
    assert found(actor="machine") == ["oa.stopped"]
    assert found(action_prefix=("message.", "oa.s")) == ["message.accepted", "oa.stopped"]
    assert found(result=audit.DONE) == ["message.accepted", "oa.mode", "oa.stopped"]
    assert found(result=audit.REFUSED) == found(result="role.manager") == ["messages_of_another_name"]
    assert found(since=start + timedelta(hours=1)) == ["messages_of_another_name"]
    assert found(since=start, until=start + timedelta(hours=1)) == ["message.accepted", "oa.mode", "oa.stopped"]
    assert found(since=start + timedelta(days=2)) == []


def test_somebody_of_one_oa_reads_that_oa_and_their_own(lan, hoa, clock):
    """Others' acts without an OA stay closed, and so does a single entry of another OA; owners see everything."""
    mine = oa(clock, "1")
    oa(clock, "2")
    StaffOa.create(staff=hoa, oa=mine)
    hoa.every_oa = False
    audit.record(clock.now(), by(lan), "oa.mode", oa_id="1")
    audit.record(clock.now(), by(lan), "oa.mode", oa_id="2")
    audit.record(clock.now(), by(lan), "stop_all.on")
    audit.record(clock.now(), by(hoa), "staff.language")
    scope = audit.scope_of(hoa)
    seen = list(audit.iterate(Filter(scope=scope)))
    assert [(row.action, row.oa_id) for row in seen] == [("oa.mode", "1"), ("staff.language", "")]
    assert codes(audit.iterate(Filter(scope=scope, oa_id="2"))) == []
    foreign = AuditEntry.get(AuditEntry.oa_id == "2")
    assert audit.get(Filter(scope=scope), foreign.id) is None
    hoa.role = Role.OWNER
    assert len(list(audit.iterate(Filter(scope=audit.scope_of(hoa))))) == 4


def test_somebody_without_any_oa_reads_only_their_own(lan, hoa, clock):
    """An empty list of OAs is not everything."""
    hoa.every_oa = False
    audit.record(clock.now(), by(lan), "oa.mode", oa_id="1")
    audit.record(clock.now(), by(hoa), "staff.language")
    assert codes(audit.iterate(Filter(scope=audit.scope_of(hoa)))) == ["staff.language"]


def test_any_number_of_entries_is_streamed_in_order(lan, clock):
    """Pieces of 1,000; one that is written meanwhile neither repeats nor hides another."""
    rows = [
        {"at": clock.now(), "staff_id": 55, "actor": "Lan", "action": f"oa.{number}", "detail": None}
        for number in range(2500)
    ]
    with db.write():
        for at in range(0, len(rows), 500):
            AuditEntry.insert_many(rows[at : at + 500]).execute()
    stream = audit.iterate(Filter(staff_id=55), piece=1000)
    first = [next(stream) for _ in range(1200)]
    audit.record(clock.now(), by(lan), "oa.late")
    rest = list(stream)
    numbers = [row.id for row in (*first, *rest)]
    assert numbers == sorted(set(numbers))
    assert codes(rest)[-1] == "oa.late"
    assert len(numbers) == 2501


@pytest.mark.parametrize("given", [{}, {"oa_id": "1"}, {"since": 1}, {"oa_id": "1", "since": 1}])
def test_a_page_is_read_from_an_index_in_its_order(lan, clock, given):
    """However many entries there are, the newest ten are found without sorting the rest."""
    if "since" in given:
        given = {**given, "since": clock.now()}
    query = AuditEntry.select().where(*audit._conditions(Filter(**given)))
    sql, values = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(10).sql()
    if db.is_sqlite():
        plan = " ".join(row[3] for row in db.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values))
        assert "USING INDEX" in plan
        assert "TEMP B-TREE" not in plan


def test_a_clock_that_was_wrong_hides_nothing(lan, clock):
    """An entry with a time far from its neighbours stands at its time, once, whichever way one turns."""
    for number, hours in enumerate((0, 1, -72, 2, 2, 3)):
        audit.record(clock.now() + timedelta(hours=hours), by(lan), f"oa.{number}")
    wanted = Filter(since=clock.now())
    first = audit.page(wanted, limit=2)
    second = audit.page(wanted, first[-1].id, 2)
    third = audit.page(wanted, second[-1].id, 2)
    assert codes([*first, *second, *third]) == ["oa.5", "oa.4", "oa.3", "oa.1", "oa.0"]
    assert codes(audit.page(wanted, limit=2, after_id=third[0].id)) == codes(second)
    assert codes(audit.iterate(wanted)) == ["oa.0", "oa.1", "oa.3", "oa.4", "oa.5"]


def test_every_action_has_words_in_both_languages():
    """Nobody reads a bare code: what the code writes, and what a refused act is called."""
    found = NAMED | set(actions())
    assert len(found) > 40
    for texts in TEXTS.values():
        assert not [action for action in sorted(found) if f"audit.{action}" not in texts]


def test_every_action_belongs_to_a_kind():
    """Whatever is written is found by one of the filter's kinds."""
    assert not {action for action in actions() if not audit.kind_of(action)}


def test_the_tables_name_actions_that_are_written():
    """A refused act has the same name as the one that was done."""
    assert not NAMED - set(actions())


def test_every_button_command_and_form_is_classified():
    """Whoever adds one says whether it changes something, leads to that, or looks."""
    assert {*acts.BUTTONS, *acts.LEADS_TO, *acts.LOOKS} == set(BUTTONS)
    assert len(acts.BUTTONS) + len(acts.LEADS_TO) + len(acts.LOOKS) == len(BUTTONS)
    assert {*acts.COMMANDS, *acts.LOOKING_COMMANDS} == {command.action for command in COMMANDS}
    assert {*acts.FORMS, *acts.LOOKING_FORMS} == set(FORMS)
