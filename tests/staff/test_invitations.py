"""services/invitations.py: a link lets one person in, once, with exactly its rights."""

import re

import pytest
from people import ENVIRONMENTS_OWNER, together

from db import database
from models import AuditEntry, Invitation, Notice, Role, Staff, StaffOa
from services import invitations, staff, staffing
from services.audit import CLI
from services.errors import Conflict, NotAllowed, NotFound
from services.invitations import LIFETIMES
from services.staff import Rights


def invite(place, boss, rights=None, lasts="day", name=""):
    rights = rights or staff.usual(Role.OPERATOR)
    row, parameter = invitations.create(place.desk(), place.by(boss), rights, LIFETIMES[lasts], name)
    return row, parameter.removeprefix("inv_")


def test_the_link_fits_telegram_and_cannot_be_guessed(place):
    """64 characters of a small alphabet at most, 192 random bits, a new one each time."""
    boss = place.owner()
    secrets = {invite(place, boss)[1] for _ in range(20)}
    assert len(secrets) == 20
    for secret in secrets:
        assert re.fullmatch(r"[A-Za-z0-9_-]{32}", secret)
        assert invitations.secret_in(f"/start inv_{secret}") == secret


def test_only_the_hash_is_stored(place):
    """Whoever reads the database, the audit or the notices finds no way in."""
    boss = place.owner()
    _, secret = invite(place, boss, name="Tuấn")
    invitations.accept(place.desk(), secret, 9, "Tuấn")
    for table in (Invitation, AuditEntry, Notice, Staff):
        for row in database.execute_sql(f'SELECT * FROM "{table._meta.table_name}"').fetchall():
            assert secret not in str(row)


@pytest.mark.parametrize(
    "text", ["/start", "/start inv_", "/start inv_short", "start inv_" + "a" * 32, "/start inv_" + "é" * 32, "x"]
)
def test_other_texts_are_no_invitation(text):
    """Only Telegram's own start parameter is read."""
    assert invitations.secret_in(text) == ""


def test_whoever_accepts_has_exactly_the_rights_of_the_link(place):
    """Role, language, numbers, money and OAs; greeted, told to the owners, written down."""
    boss, one, two = place.owner(), place.oa("Một"), place.oa("Hai")
    rights = Rights(Role.MANAGER, numbers=False, money=False, every_oa=False, oas=(one.id, 999), language="en")
    row, secret = invite(place, boss, rights, name="cho Tuấn")
    person = invitations.accept(place.desk(), secret, 9, "Tuấn\n\u202e<b>")
    assert (person.name, person.role, person.language) == ("Tuấn <b>", Role.MANAGER, "en")
    assert (person.sees_numbers, person.sees_money, person.every_oa) == (False, False, False)
    assert person.invited_by == boss.telegram_id
    assert [oa.name for oa in staff.usable_oas(person)] == ["Một"]
    assert not staff.may_use(person, two)
    assert len(place.told(person, "welcome")) == 1
    assert place.told(boss, "staff_joined")[0].payload["note"] == "cho Tuấn"
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)] == ["staff.invited", "staff.joined"]
    used = Invitation.get_by_id(row.id)
    assert (used.used_by, used.used_at) == (9, place.clock.now())


def test_of_two_who_tap_at_once_one_gets_in(place):
    """Whatever the database: one conditional UPDATE decides."""
    boss = place.owner()
    for number in range(1000, 1010, 2):
        _, secret = invite(place, boss)
        results = together(
            lambda secret=secret, number=number: invitations.accept(place.desk(), secret, number, "A"),
            lambda secret=secret, number=number: invitations.accept(place.desk(), secret, number + 1, "B"),
        )
        assert [isinstance(result, Staff) for result in results].count(True) == 1
        assert [str(result) for result in results if isinstance(result, Conflict)] == ["invitation.used"]
        assert Staff.select().where(Staff.telegram_id.in_([number, number + 1])).count() == 1


def test_one_person_who_taps_twice_is_in_once(place):
    """The second tap finds them staff already; nothing is doubled."""
    boss = place.owner()
    _, secret = invite(place, boss)
    together(*[lambda: invitations.accept(place.desk(), secret, 9, "A")] * 2)
    assert Staff.select().where(Staff.telegram_id == 9).count() == 1
    assert Notice.select().where(Notice.kind == "staff_joined").count() == 1


@pytest.mark.parametrize("why", ["used", "expired", "revoked"])
def test_a_spent_link_says_why(place, why):
    """And lets nobody in."""
    boss = place.owner()
    row, secret = invite(place, boss)
    if why == "used":
        invitations.accept(place.desk(), secret, 8, "An")
    elif why == "revoked":
        assert invitations.revoke(place.desk(), place.by(boss), row.id)
    else:
        place.clock.advance(hours=24)
    with pytest.raises(Conflict, match=f"invitation.{why}"):
        invitations.accept(place.desk(), secret, 9, "Tuấn")
    assert not staff.known({9})


def test_a_week_is_a_week(place):
    """The last second counts, the next one does not."""
    boss = place.owner()
    _, secret = invite(place, boss, lasts="week")
    place.clock.advance(days=7, seconds=-1)
    assert invitations.accept(place.desk(), secret, 9, "Tuấn").active


def test_an_invented_secret_is_unknown(place):
    """It never was an invitation."""
    with pytest.raises(NotFound):
        invitations.accept(place.desk(), "x" * 32, 9, "Tuấn")


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_an_invitation_changes_nobody_who_is_in(place, role):
    """An old link for an operator lowers no owner and raises no viewer; it stays unspent."""
    boss = place.owner()
    person = place.person(role)
    row, secret = invite(place, boss)
    with pytest.raises(Conflict, match="staff_already"):
        invitations.accept(place.desk(), secret, person.telegram_id, "Lan")
    with pytest.raises(Conflict, match="staff_already"):
        invitations.accept(place.desk(), secret, ENVIRONMENTS_OWNER, "Chủ")
    assert Staff.get_by_id(person.id).role == role
    assert Invitation.get_by_id(row.id).used_at is None


def test_a_removed_person_comes_back_with_the_new_rights(place):
    """Nothing of what they could do before is left."""
    boss, one, two = place.owner(), place.oa("Một"), place.oa("Hai")
    person = place.person(Role.MANAGER, every_oa=False)
    staff.let_use(person, one)
    staffing.remove(place.desk(), place.by(boss), person)
    rights = Rights(Role.OPERATOR, numbers=True, money=False, every_oa=False, oas=(two.id,))
    _, secret = invite(place, boss, rights)
    back = invitations.accept(place.desk(), secret, person.telegram_id, "Lan")
    assert (back.id, back.role, back.sees_money, back.removed_at) == (person.id, Role.OPERATOR, False, None)
    assert {row.oa.name for row in StaffOa.select()} == {"Hai"}


def test_open_ones_are_listed_and_revoked_once(place):
    """Used, revoked and old ones are no longer open; a second revocation does nothing."""
    boss = place.owner()
    first, _ = invite(place, boss)
    second, secret = invite(place, boss, lasts="week")
    invitations.accept(place.desk(), secret, 9, "An")
    third, _ = invite(place, boss, lasts="week")
    assert [row.id for row in invitations.open_ones(place.clock.now(), 0, 8)[0]] == [third.id, first.id]
    place.clock.advance(days=2)
    assert [row.id for row in invitations.open_ones(place.clock.now(), 0, 8)[0]] == [third.id]
    assert invitations.revoke(place.desk(), place.by(boss), third.id)
    assert not invitations.revoke(place.desk(), place.by(boss), third.id)
    assert not invitations.revoke(place.desk(), place.by(boss), second.id)
    assert [row.action for row in AuditEntry.select()].count("invitation.revoked") == 1


def test_only_an_owner_invites(place):
    """Not a manager, and not the command line, which has no person to answer for it."""
    manager = place.person(Role.MANAGER)
    for actor in (place.by(manager), CLI):
        with pytest.raises(NotAllowed):
            invitations.create(place.desk(), actor, staff.usual(Role.VIEWER), LIFETIMES["day"])


def test_a_dismissed_person_does_not_come_back_by_a_link_meant_for_somebody_else(place):
    """A link that was open in a team's chat when they went lets everybody else in, and not them."""
    boss = place.owner()
    _, secret = invite(place, boss)
    staff.add(place.clock.now(), 9, Role.OPERATOR, "Tuấn")
    place.clock.advance(minutes=1)
    staffing.remove(place.desk(), place.by(boss), staff.with_number(9))
    with pytest.raises(Conflict) as refused:
        invitations.accept(place.desk(), secret, 9, "Tuấn")
    assert refused.value.key == "invitation.revoked"
    assert invitations.accept(place.desk(), secret, 10, "Lan").active


def test_a_link_outlives_no_owner(place):
    """Whoever made it must still be an owner when it is used."""
    boss, other = place.owner(), place.owner("Hai")
    _, secret = invite(place, other)
    Staff.update(active=False).where(Staff.id == other.id).execute()  # gone without the revoking, as in a race
    with pytest.raises(Conflict):
        invitations.accept(place.desk(), secret, 9, "Tuấn")
    assert boss.active


def test_an_owner_who_is_removed_while_inviting_leaves_no_way_back(place):
    """Either the invitation came first and is revoked, or the removal came first and it is refused."""
    boss, other = place.owner(), place.owner("Hai")
    made = []

    def inviting():
        made.append(invite(place, other, Rights(Role.OWNER))[1])

    together(inviting, lambda: staffing.remove(place.desk(), place.by(boss), other))
    for secret in made:
        with pytest.raises(Conflict):
            invitations.accept(place.desk(), secret, other.telegram_id, "Hai")
    assert not Staff.get_by_id(other.id).active
