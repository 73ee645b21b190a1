"""services/preflight: what holds at every moment, around midnights, month ends and the ends of windows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from preflight_cases import CS, EVERY, MEDIA, ORDER, UID, UID_AD, ZNS_AD, facts, moment, no, template, told

from models import UidMessageApi
from services.calendar import month_before, month_start, next_month
from services.desk import VIETNAM
from services.interaction import LastInteraction
from services.preflight import Answer, judge
from services.preflight.windows import Hours

YEARS = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC))
any_moment = st.datetimes(*(each.replace(tzinfo=None) for each in YEARS)).map(lambda at: at.replace(tzinfo=UTC))
# The interesting ones: within seconds of a full hour, of midnight in Vietnam, and of the end of a month.
near_an_hour = st.builds(
    lambda day, hour, ms: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hour, milliseconds=ms),
    st.integers(0, 800), st.integers(0, 23), st.integers(-2, 2),
)  # fmt: skip
month_ends = st.builds(
    lambda year, month, ms: datetime(year, month, 1, tzinfo=VIETNAM).astimezone(UTC) + timedelta(milliseconds=ms),
    st.integers(2025, 2028), st.integers(1, 12), st.integers(-3, 3),
)  # fmt: skip
moments = st.one_of(any_moment, near_an_hour, month_ends)
letters = st.sampled_from(EVERY)
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
spans = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=800)),
    st.builds(lambda days, ms: timedelta(days=days, milliseconds=ms), st.sampled_from([2, 7, 365]), st.integers(-2, 2)),
).filter(lambda span: span >= timedelta(0))
apis = st.sampled_from(UidMessageApi)


def reach(answer):
    """NO is less than LATER, which is less than YES."""
    return [Answer.NO, Answer.LATER, Answer.YES].index(answer)


@given(moments, letters, spans, st.lists(spans, max_size=6), apis, zones)
def test_the_zone_a_moment_is_written_in_changes_nothing(now, letter, since, had, api, zone):
    """Midnight is Vietnam's, whatever zone the server lives in."""
    known = {"last": moment(now - since), "promoted": tuple(now - each for each in had)}
    here = judge(facts(now, oa={"uid_message_api": api}, **known), letter)
    there = judge(facts(now.astimezone(zone), oa={"uid_message_api": api}, **known), letter)
    assert told(here) == told(there)


@given(moments, st.sampled_from([(ZNS_AD, "template"), (UID_AD, "template"), (MEDIA, "legacy")]), st.lists(spans))
def test_later_means_that_it_goes_then(now, by, had):
    """At `until` the same letter has nothing to wait for, and a moment before it still had."""
    letter, api = by
    oa = {"uid_message_api": UidMessageApi(api)}
    known = facts(now, oa=oa, last=moment(now), promoted=tuple(now - each for each in had))
    verdict = judge(known, letter)
    if verdict.answer is not Answer.LATER:
        return
    assert verdict.until > now
    assert judge(replace(known, now=verdict.until), letter).answer is Answer.YES
    assert judge(replace(known, now=verdict.until - timedelta(milliseconds=1)), letter).answer is Answer.LATER
    assert verdict.refusal.values["until"] == verdict.until


@given(moments, letters, spans, spans, apis)
def test_who_wrote_more_recently_is_never_less_reachable(now, letter, one, other, api):
    """Nor does a letter to them cost more."""
    recent, old = sorted([one, other])
    newer, older = (
        judge(facts(now, oa={"uid_message_api": api}, last=moment(now - since)), letter) for since in (recent, old)
    )
    assert reach(newer.answer) >= reach(older.answer)
    if newer.answer == older.answer == Answer.YES and newer.price is not None:
        assert newer.price <= older.price


@given(moments, spans)
def test_a_consultation_message_goes_for_seven_days_to_the_millisecond(now, since):
    """Free before 48 hours are over; refused only after 7 whole days."""
    verdict = judge(facts(now, last=moment(now - since)), CS)
    assert (verdict.answer is Answer.YES) == (since <= timedelta(days=7))
    if verdict.answer is Answer.YES:
        assert (verdict.price == 0) == (since < timedelta(hours=48))


@given(moments, spans)
def test_a_transaction_goes_for_a_year_to_the_millisecond(now, since):
    """By template and in the older form alike."""
    for letter, api in ((UID, UidMessageApi.TEMPLATE), (ORDER, UidMessageApi.LEGACY)):
        verdict = judge(facts(now, oa={"uid_message_api": api}, last=moment(now - since)), letter)
        assert (verdict.answer is Answer.YES) == (since <= timedelta(days=365))


@given(moments, st.integers(0, 400))
def test_a_day_is_refused_only_when_all_of_it_is_over(now, days):
    """Known to the day: it goes while any moment of that day would do, with a note when not every one would."""
    today = now.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=days)
    whole = LastInteraction(begin, begin + timedelta(days=1))
    verdict = judge(facts(now, last=whole), CS)
    first, last = (judge(facts(now, last=moment(at)), CS) for at in (whole.earliest, whole.latest))
    assert verdict.answer == last.answer
    noted = "window_by_day" in [note.key for note in verdict.notes]
    assert noted == (first.answer != last.answer)
    assert verdict.price == first.price or verdict.answer is Answer.NO or first.answer is Answer.NO


@given(moments, st.lists(spans, max_size=8))
def test_nobody_gets_more_advertising_than_one_a_day_and_four_a_month(now, had):
    """Counted by Vietnamese days and months."""
    promoted = tuple(now - each for each in had)
    verdict = judge(facts(now, last=moment(now), promoted=promoted), ZNS_AD)
    local = [at.astimezone(VIETNAM) for at in promoted]
    here = now.astimezone(VIETNAM)
    assert verdict.answer is not Answer.YES or (
        not [at for at in local if at.date() == here.date()]
        and len([at for at in local if (at.year, at.month) == (here.year, here.month)]) < 4
        and 8 <= here.hour < 21
    )


@given(moments, st.times(), st.times())
def test_advertising_never_leaves_outside_the_hours(now, begin, end):
    """Of the owner, and of Zalo for messages to a user id."""
    hours = Hours(min(begin, end), max(begin, end))
    assume(hours.begin < hours.end)
    verdict = judge(facts(now, oa={"hours": hours}), ZNS_AD)
    assert (verdict.answer is Answer.YES) == (hours.begin <= now.astimezone(VIETNAM).time() < hours.end)


@given(moments, letters, spans, st.sampled_from(["zalo", "customer", "staff"]), apis)
def test_a_no_opens_nothing_and_closes_only_its_own_kind(now, letter, since, source, api):
    """A word about advertising leaves every other letter as it was."""
    known = facts(now, oa={"uid_message_api": api}, last=moment(now - since))
    word = no("promotion", source, "", recipient=known.person.phone)
    said = facts(now, oa={"uid_message_api": api}, last=moment(now - since), said=(word,))
    before, after = judge(known, letter), judge(said, letter)
    assert reach(after.answer) <= reach(before.answer)
    if not letter.promotes:
        assert told(after) == told(before)


@given(moments, letters, spans, apis)
def test_only_a_wait_or_a_window_depends_on_the_clock(now, letter, since, api):
    """The same facts, twice: the same verdict; and a yes has no refusal, a no no moment."""
    known = facts(now, oa={"uid_message_api": api}, last=moment(now - since))
    verdict = judge(known, letter)
    assert told(verdict) == told(judge(known, letter))
    assert (verdict.refusal is None) == (verdict.answer is Answer.YES)
    assert (verdict.until is not None) == (verdict.answer is Answer.LATER) == (verdict.held is not None)


@given(moments)
def test_months_are_vietnams(now):
    """This month began before now, the next begins on the next first day, and the one before ended when it began."""
    local, begin, end = now.astimezone(VIETNAM), month_start(now), next_month(now)
    assert begin <= now < end
    year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
    assert begin == datetime(local.year, local.month, 1, tzinfo=VIETNAM)
    assert end == datetime(year, month, 1, tzinfo=VIETNAM)
    assert next_month(month_before(now)) == begin


@pytest.mark.parametrize("minute", range(0, 24 * 60, 15))
def test_a_template_refused_at_night_waits_for_six_and_no_other_hour(minute):
    """22:00 to 06:00 in Vietnam, every quarter of an hour."""
    now = datetime(2026, 11, 22, 17, tzinfo=UTC) + timedelta(minutes=minute)
    letter = replace(EVERY[2], template=template(night_refused_at=now - timedelta(days=9)))
    verdict = judge(facts(now, last=moment(now)), letter)
    hour = minute // 60
    assert (verdict.answer is Answer.LATER) == (hour >= 22 or hour < 6)
    if verdict.until is not None:
        assert verdict.until.astimezone(VIETNAM).hour == 6
        assert verdict.until - now <= timedelta(hours=8)
