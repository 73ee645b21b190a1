"""services/staffing.py: who may do what, changed by owners, orderly and audited."""

from datetime import timedelta

import pytest
from people import ENVIRONMENTS_OWNER, together

from models import (
    AuditEntry,
    Confirmation,
    Draft,
    Invitation,
    Notice,
    OauthState,
    OauthTicket,
    OfficialAccount,
    Role,
    Staff,
    StaffOa,
)
from services import confirmations, current, drafts, invitations, notices, reach, staff, staffing
from services.audit import CLI
from services.drafts import Form
from services.errors import Conflict, NotAllowed, NotFound
from services.invitations import LIFETIMES


def again(person):
    return Staff.get_by_id(person.id)


def actions():
    return [row.action for row in AuditEntry.select().order_by(AuditEntry.id)]


def ticket(place, person, state=OauthState.OPEN, oa=None):
    return OauthTicket.create(
        secret_hash=f"{person.id}{state}{oa}",
        staff=person,
        oa=oa,
        app_id="1",
        state=state,
        code="sealed",
        pair="sealed",
        chat_id=person.telegram_id,
        created_at=place.clock.now(),
        expires_at=place.clock.now(),
    )


def open_everything(place, person, oa=None):
    """A form, a question, a connect link, an invitation and a notice that waits."""
    desk = place.desk()
    drafts.save(desk.now(), desk.box, person, Form("tokens", "access", {"oa": oa.id if oa else None}))
    token = confirmations.ask(desk.now(), person, "mode", {}, oa)
    notices.post(desk.now(), person.telegram_id, "oa_stopped", "x", {})
    return token, ticket(place, person, oa=oa)


def test_a_removed_person_leaves_nothing_open(place):
    """Form, question, connect link, invitations and waiting notices end in the transaction of the removal."""
    boss, gone, oa = place.owner(), place.owner("Lan"), place.oa("Spa Hoa Mai")
    desk = place.desk()
    token, link = open_everything(place, gone, oa)
    asking = ticket(place, gone, OauthState.ASKING)
    _, parameter = invitations.create(desk, place.by(gone), staff.usual(Role.OPERATOR), LIFETIMES["day"])
    staffing.remove(desk, place.by(boss), gone)
    assert (again(gone).active, again(gone).removed_at) == (False, place.clock.now())
    assert drafts.load(desk.box, gone) is None
    with pytest.raises(NotFound):
        confirmations.use(desk.now(), gone, token, "mode")
    for each in (link, asking):
        now = OauthTicket.get_by_id(each.id)
        assert (now.state, now.code, now.pair) == (OauthState.DROPPED, "", "")
    assert Notice.select().where(Notice.chat_id == gone.telegram_id).count() == 0
    with pytest.raises(Conflict, match="revoked"):
        invitations.accept(desk, parameter.removeprefix("inv_"), 9, "An")
    assert staff.recognise(desk.now(), gone.telegram_id, "Lan", ENVIRONMENTS_OWNER) is None
    assert actions()[-1] == "staff.removed"
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().chat_id == boss.telegram_id


def test_an_exchange_under_way_is_not_dropped_with_the_person(place):
    """The pair it brings may be the only one Zalo still takes for the OA."""
    boss, gone = place.owner(), place.person(Role.MANAGER)
    link = ticket(place, gone, OauthState.RETURNED)
    staffing.remove(place.desk(), place.by(boss), gone)
    assert OauthTicket.get_by_id(link.id).state == OauthState.RETURNED


def test_a_shown_number_is_hidden_at_once(place):
    """The notice that would hide it in ten minutes is the only one that stays, and is due now."""
    boss, gone = place.owner(), place.person(Role.OPERATOR)
    now = place.clock.now()
    notices.post(now, gone.telegram_id, "hide_number", "7", {"row": 1}, 7, at=place.clock.advance(minutes=10))
    place.clock.advance(minutes=-9)
    staffing.remove(place.desk(), place.by(boss), gone)
    (left,) = place.told(gone, "hide_number")
    assert left.next_attempt_at == place.clock.now()


@pytest.mark.parametrize(
    ("old", "new", "kind", "stays"),
    [
        (Role.MANAGER, Role.OPERATOR, "mode", False),
        (Role.MANAGER, Role.OPERATOR, "zns", True),
        (Role.OPERATOR, Role.VIEWER, "cs", False),
        (Role.OWNER, Role.MANAGER, "dismiss", False),
        (Role.OWNER, Role.MANAGER, "remove_oa", True),
        (Role.OPERATOR, Role.MANAGER, "resend", True),
    ],
)
def test_a_lower_role_ends_what_stood_open_above_it(place, old, new, kind, stays):
    """A question of a higher role dies with the role, the person's own work stays."""
    boss, person, desk = place.owner(), place.person(old), place.desk()
    drafts.save(desk.now(), desk.box, person, Form(kind, "x", {}))
    token = confirmations.ask(desk.now(), person, kind, {})
    staffing.set_role(desk, place.by(boss), person, new)
    assert bool(Confirmation.get_or_none(Confirmation.token == token)) == stays
    assert bool(Draft.get_or_none(Draft.staff == person)) == stays


def test_a_manager_who_becomes_operator_loses_their_connect_link(place):
    """Connecting is a manager's work; an owner who becomes manager keeps it."""
    boss, manager, owner = place.owner(), place.person(Role.MANAGER), place.owner("An")
    links = [ticket(place, manager), ticket(place, owner)]
    staffing.set_role(place.desk(), place.by(boss), manager, Role.OPERATOR)
    staffing.set_role(place.desk(), place.by(boss), owner, Role.MANAGER)
    assert [OauthTicket.get_by_id(link.id).state for link in links] == [OauthState.DROPPED, OauthState.OPEN]


def test_an_owner_who_is_owner_no_longer_has_no_open_invitations(place):
    """They could invite another owner with them."""
    boss, owner, desk = place.owner(), place.owner("An"), place.desk()
    row, _ = invitations.create(desk, place.by(owner), staff.usual(Role.OWNER), LIFETIMES["week"])
    staffing.set_role(desk, place.by(boss), owner, Role.MANAGER)
    assert Invitation.get_by_id(row.id).revoked_at is not None


def test_the_environments_owner_stays(place):
    """Neither a role nor a removal touches whoever TELEGRAM_OWNER_ID names."""
    boss, desk = place.owner(), place.desk()
    named = staff.recognise(desk.now(), ENVIRONMENTS_OWNER, "Chủ", ENVIRONMENTS_OWNER)
    for act in (lambda: staffing.remove(desk, place.by(boss), named), lambda: staffing.remove(desk, CLI, named)):
        with pytest.raises(NotAllowed, match="environment_owner"):
            act()
    with pytest.raises(NotAllowed, match="environment_owner"):
        staffing.set_role(desk, place.by(boss), named, Role.VIEWER)
    assert (again(named).role, again(named).active) == (Role.OWNER, True)


def test_the_last_owner_stays(place):
    """Somebody must be left who can manage staff, also against the command line."""
    boss, desk = place.owner(), place.desk()
    place.person(Role.MANAGER)
    for actor in (place.by(boss), CLI):
        with pytest.raises(NotAllowed, match="last_owner"):
            staffing.remove(desk, actor, boss)
        with pytest.raises(NotAllowed, match="last_owner"):
            staffing.set_role(desk, actor, boss, Role.MANAGER)
    assert again(boss).role == Role.OWNER


def test_two_owners_who_demote_each_other_leave_one(place):
    """At the same moment, on both databases: one of the two is too late."""
    for _ in range(5):
        Staff.delete().execute()
        one, two = place.owner("A"), place.owner("B")
        results = together(
            lambda one=one, two=two: staffing.set_role(place.desk(), place.by(one), two, Role.OPERATOR),
            lambda one=one, two=two: staffing.set_role(place.desk(), place.by(two), one, Role.OPERATOR),
        )
        assert sorted(again(person).role for person in (one, two)) == [Role.OPERATOR, Role.OWNER]
        assert [isinstance(result, NotAllowed) for result in results].count(True) == 1


def test_two_owners_who_remove_one_person_do_it_once(place):
    """The second is told that the person is gone."""
    one, two, gone = place.owner("A"), place.owner("B"), place.person(Role.OPERATOR)
    results = together(
        lambda: staffing.remove(place.desk(), place.by(one), gone),
        lambda: staffing.remove(place.desk(), place.by(two), gone),
    )
    assert [type(result) for result in results].count(NotFound) == 1
    assert actions().count("staff.removed") == 1


def test_only_an_owner_changes_staff(place):
    """Asked inside the transaction: who was an owner when the button was drawn may be one no longer."""
    boss, other, desk = place.owner(), place.owner("An"), place.desk()
    person, oa = place.person(Role.OPERATOR), place.oa("Spa Hoa Mai")
    stale = place.by(other)
    staffing.set_role(desk, place.by(boss), other, Role.MANAGER)
    acts = (
        lambda: staffing.remove(desk, stale, person),
        lambda: staffing.set_role(desk, stale, person, Role.OWNER),
        lambda: staffing.set_sight(desk, stale, person, money=True),
        lambda: staffing.set_every_oa(desk, stale, person, True),
        lambda: staffing.allow_oa(desk, stale, person, oa, True),
        lambda: staffing.speak(desk, stale, person, "en"),
        lambda: staffing.enter(desk, stale, 9, "x", staff.usual(Role.OWNER)),
        lambda: invitations.create(desk, stale, staff.usual(Role.OWNER), LIFETIMES["day"]),
    )
    for act in acts:
        with pytest.raises(NotAllowed, match=r"role\.owner"):
            act()
    assert again(person).role == Role.OPERATOR
    assert Invitation.select().count() == 0


def test_rights_are_changed_one_by_one_and_written_down(place):
    """Numbers, money, language: each its own entry with what it is now."""
    boss, person, desk = place.owner(), place.person(Role.OPERATOR), place.desk()
    staffing.set_sight(desk, place.by(boss), person, money=False)
    staffing.set_sight(desk, place.by(boss), person, numbers=False)
    staffing.speak(desk, place.by(boss), person, "en")
    now = again(person)
    assert (now.sees_money, now.sees_numbers, now.language) == (False, False, "en")
    assert actions() == ["staff.rights", "staff.rights", "staff.language"]
    assert AuditEntry.get(AuditEntry.action == "staff.rights").detail == {"name": "Lan", "sees_money": False}


def test_an_owner_sees_all(place):
    """Who becomes an owner sees everything, and nobody can take single things from an owner."""
    boss, person, oa = place.owner(), place.person(Role.VIEWER, sees_money=False, every_oa=False), place.oa("An")
    desk = place.desk()
    staffing.set_role(desk, place.by(boss), person, Role.OWNER)
    now = again(person)
    assert (now.sees_money, now.sees_numbers, now.every_oa) == (True, True, True)
    for act in (
        lambda: staffing.set_sight(desk, place.by(boss), person, money=False),
        lambda: staffing.set_every_oa(desk, place.by(boss), person, False),
        lambda: staffing.allow_oa(desk, place.by(boss), person, oa, False),
    ):
        with pytest.raises(NotAllowed, match="owner_sees_all"):
            act()


def test_a_closed_oa_is_gone_for_the_person_at_once(place):
    """Question, form, link and the chosen OA about it end; those about the other one stay."""
    boss, person, desk = place.owner(), place.person(Role.MANAGER), place.desk()
    one, two = place.oa("Một"), place.oa("Hai")
    current.choose(person, two)
    asked = {oa.id: confirmations.ask(desk.now(), person, "mode", {}, oa) for oa in (one, two)}
    links = [ticket(place, person, oa=one), ticket(place, person, oa=two)]
    drafts.save(desk.now(), desk.box, person, Form("rename", "name", {"oa": two.id}))
    staffing.set_every_oa(desk, place.by(boss), person, False)
    staffing.allow_oa(desk, place.by(boss), person, one, True)
    person = again(person)
    assert [oa.name for oa in reach.oas(person)] == ["Một"]
    assert current.oa_of(person).name == "Một"
    assert drafts.load(desk.box, person) is None
    assert Draft.select().count() == 0
    assert [OauthTicket.get_by_id(link.id).state for link in links] == [OauthState.DROPPED] * 2
    with pytest.raises(NotFound):
        confirmations.use(desk.now(), person, asked[two.id], "mode")


def test_closing_one_oa_leaves_the_other_alone(place):
    """Questions about an OA that stays open stay too."""
    boss, person, desk = place.owner(), place.person(Role.MANAGER), place.desk()
    one, two = place.oa("Một"), place.oa("Hai")
    for oa in (one, two):
        staffing.allow_oa(desk, place.by(boss), person, oa, True)
    asked = {oa.id: confirmations.ask(desk.now(), again(person), "mode", {}, oa) for oa in (one, two)}
    staffing.allow_oa(desk, place.by(boss), person, two, False)
    assert confirmations.use(desk.now(), again(person), asked[one.id], "mode")
    with pytest.raises(NotFound):
        confirmations.use(desk.now(), again(person), asked[two.id], "mode")
    assert {row.oa.id for row in StaffOa.select()} == {one.id}


def test_a_yes_of_somebody_who_was_removed_meanwhile_is_worthless(place):
    """The turn began before the removal; the person is asked anew inside the transaction."""
    boss, person, desk = place.owner(), place.person(Role.OPERATOR), place.desk()
    stale = again(person)
    token = confirmations.ask(desk.now(), person, "zns", {})
    kept = Confirmation.get(Confirmation.token == token)
    staffing.remove(desk, place.by(boss), person)
    Confirmation.insert(kept.__data__).execute()  # as if the removal had overlooked it
    with pytest.raises(NotFound):
        confirmations.use(desk.now(), stale, token, "zns")


def test_another_oas_objects_do_not_exist(place):
    """The gate answers None for an OA, a notice or a choice that is closed, and for numbers nobody has."""
    one, two = place.oa("Một"), place.oa("Hai")
    person = place.person(Role.MANAGER, every_oa=False)
    staff.let_use(person, one)
    assert reach.oa(person, one.id).name == "Một"
    assert [reach.oa(person, number) for number in (two.id, 99, 10**17)] == [None, None, None]
    assert [oa.name for oa in reach.find(person, "a")] == []
    assert not reach.may_hear(person, {"oa_id": two.oa_id})
    assert not reach.may_hear(person, {"oa_id": "nobody's"})
    assert reach.may_hear(person, {"oa_id": one.oa_id})
    assert reach.may_hear(person, {})
    with pytest.raises(NotFound):
        current.choose(person, two)
    OfficialAccount.update(state="removed").where(OfficialAccount.id == one.id).execute()
    assert reach.oa(person, one.id) is None


def test_the_usual_rights_of_a_role(place):
    """Who sends needs numbers and no prices, who looks on the other way round, who manages both."""
    found = {role: (staff.usual(role).numbers, staff.usual(role).money) for role in Role}
    assert found == {
        Role.VIEWER: (False, True),
        Role.OPERATOR: (True, False),
        Role.MANAGER: (True, True),
        Role.OWNER: (True, True),
    }


def test_the_list_has_owners_first(place):
    """Then managers, operators, viewers, each in the order they came; nobody who was removed."""
    viewer, boss, manager = place.person(Role.VIEWER), place.owner(), place.person(Role.MANAGER)
    place.person(Role.OPERATOR, active=False)
    rows, total = staff.page(0, 2)
    assert ([row.id for row in rows], total) == ([boss.id, manager.id], 3)
    assert [row.id for row in staff.page(2, 2)[0]] == [viewer.id]


def test_an_owner_by_the_settings_or_the_command_line_sees_everything(place):
    """Whatever they were before: what an owner may not see nobody could give them back."""
    for number in (7, ENVIRONMENTS_OWNER):
        person = staff.add(place.clock.now(), number, Role.OPERATOR, "Hoa")
        Staff.update(sees_numbers=False, sees_money=False, every_oa=False).where(Staff.id == person.id).execute()
    staff.add(place.clock.now(), 7, Role.OWNER)
    staff.recognise(place.clock.now(), ENVIRONMENTS_OWNER, "Hoa", ENVIRONMENTS_OWNER)
    for person in Staff.select():
        assert (person.role, person.sees_numbers, person.sees_money, person.every_oa) == (Role.OWNER, True, True, True)


def test_an_owner_who_is_owner_no_longer_has_the_usual_rights(place):
    """And only the OAs that were chosen before: what an owner sees does not stay behind."""
    boss, one = place.owner(), place.oa("Một")
    person = staff.add(place.clock.now(), 9, Role.OPERATOR, "Tuấn")
    staffing.allow_oa(place.desk(), place.by(boss), person, one, True)
    for role in (Role.OWNER, Role.OPERATOR):
        person = staffing.set_role(place.desk(), place.by(boss), person, role)
    assert (person.sees_numbers, person.sees_money, person.every_oa) == (True, False, False)
    assert [oa.name for oa in staff.usable_oas(person)] == ["Một"]


def test_who_may_see_numbers_no_longer_sees_none_that_is_open(place):
    """A shown number is hidden at once, not in ten minutes."""
    boss, now = place.owner(), place.clock.now()
    person = staff.add(now, 9, Role.OPERATOR, "Tuấn")
    notices.post(now, 9, "hide_number", "55", {"row": 1}, 55, at=now + timedelta(minutes=10))
    staffing.set_sight(place.desk(), place.by(boss), person, numbers=False)
    assert Notice.get().next_attempt_at == now
