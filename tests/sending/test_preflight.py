"""services/preflight: one case for every rule, and what each answers."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from preflight_cases import (
    CS,
    CS_AD,
    EVERY,
    FORM,
    MEDIA,
    NIGHT,
    NOW,
    ORDER,
    UID,
    UID_AD,
    UID_CARE,
    USER,
    ZNS,
    ZNS_AD,
    ZNS_CARE,
    day,
    facts,
    moment,
    no,
    template,
    told,
    vietnam,
)

import texts
from models import Channel, OaState, SendClass, UidMessageApi
from services.modes import Mode
from services.preflight import Answer, Letter, judge
from services.preflight.facts import Refused, Stop
from services.preflight.table import RULES
from services.preflight.windows import Hours
from services.stop_all import Standstill

REFUSED = "-139 -141 -217 -244"
OLDER = {"uid_message_api": UidMessageApi.LEGACY}
ENTRY = {"daily": 500, "remaining": 0, "monthly_promotion": 900, "remaining_monthly_promotion": 0}
QUOTA = {"zns_quota": ENTRY, "zns_quota_at": NOW}
LATE_NOVEMBER = vietnam(30, 9)
YESTERDAY, TODAY = NOW - timedelta(days=1), NOW - timedelta(minutes=5)


def ago(**span):
    return {"last": moment(NOW - timedelta(**span))}


def on(letter, **more):
    """The letter with another template."""
    return replace(letter, template=template(letter.template.tag, **more))


def case(name, rule, letter, known, answer="yes", key=None, until=None):
    """`key` is that of the refusal, or of a note when it goes."""
    return name, rule, letter, known, answer, key, until


CASES = [
    case("paused", "own:paused", CS, facts(oa={"mode": Mode.PAUSED}), "no", "send.paused"),
    case("no tokens", "own:no_tokens", ZNS, facts(oa={"has_tokens": False}), "no", "oa.no_tokens"),
    case("tokens dead", "own:needs_reauth", ZNS, facts(oa={"tokens_lost": True}), "no", "oa.needs_reauth"),
    case("connection lost", "own:needs_reauth", CS, facts(oa={"state": OaState.NEEDS_REAUTH}), "no", "oa.needs_reauth"),
    case("red button", "own:stop_all", UID, facts(oa={"standstill": Standstill(NOW, "Lan", 1, 2)}),
         "no", "send.stop_all"),
    case("wallet empty", "own:stopped", ZNS, facts(oa={"stop": Stop("-115", NOW)}), "no", "oa.stopped"),
    case("back late", "own:stopped", CS, facts(oa={"stop": Stop("reconnected", NOW)}), "no", "oa.late"),
    case("older media while by template", "-233", MEDIA, facts(), "no", "send.older_way"),
    case("older transaction while by template", "-233", ORDER, facts(), "no", "send.older_way"),
    case("older transaction where it is set", "-233", ORDER, facts(oa=OLDER)),
    case("older media where it is set", "-233", MEDIA, facts(oa=OLDER)),
    case("template while older", "own:template_way", UID, facts(oa=OLDER), "no", "send.template_way"),
    case("no number", "own:no_phone", ZNS, facts(phone=""), "no", "way.no_phone"),
    case("no user", "own:no_user", FORM, facts(user_id=""), "no", "way.no_user"),
    case("no template", "own:no_template", replace(ZNS, template=None), facts(), "no", "way.no_template"),
    case("template deleted", "-109", on(ZNS, status="DELETE"), facts(), "no", "template.not_sendable"),
    case("template rejected", "-131", on(UID, status="REJECT"), facts(), "no", "template.not_sendable"),
    case("template in review", "-131", on(ZNS, status="PENDING_REVIEW"), facts(), "no", "template.not_sendable"),
    case("template in review, test", "-131", on(ZNS, status="PENDING_REVIEW"), facts(oa={"mode": Mode.TEST}),
     "yes", "template_in_review"),
    case("template of low quality", "-146", on(ZNS, status="DISABLE"), facts(), "no", "template.not_sendable"),
    case("kind not allowed", "-145", ZNS_AD, facts(oa={"zns_quota": {"tags": ["TRANSACTION", "ACCOUNT_UPDATE"]}}),
     "no", "template.kind_not_allowed"),
    case("kind allowed by its old name", "-145", ZNS, facts(oa={"zns_quota": {"tags": ["IN_TRANSACTION"]}})),
    case("a list with a tag nobody knows", "-145", ZNS, facts(oa={"zns_quota": {"tags": ["GIFT"]}})),
    case("refused by user id before", "-249", on(UID, uid_refused_at=NOW), facts(), "no", "template.not_by_user"),
    case("one-time password", "-249", on(UID, timeout_ms=15_000), facts(), "no", "template.not_by_user"),
    case("response button", "-249", on(UID, buttons=[{"type": "RESPONSE"}]), facts(), "no", "template.not_by_user"),
    case("age of the template unknown", "-249", UID, facts(), "yes", "by_user_unknown"),
    case("no tester", "own:not_tester", CS, facts(oa={"mode": Mode.TEST}), "no", "send.not_tester"),
    case("tester", "own:not_tester", CS, facts(oa={"mode": Mode.TEST}, tester=True)),
    case("development to anybody", "-127", ZNS, facts(oa={"mode": Mode.TEST}), "yes", "administrators_only"),
    case("development to a test number", "-127", ZNS, facts(oa={"mode": Mode.TEST,
         "test_phones": frozenset(["84912340007"])})),
    case("refused the OA by phone", REFUSED, ZNS, facts(said=(no(),)), "no", "send.opted_out"),
    case("refused the OA by phone, consultation", REFUSED, CS, facts(said=(no(ago=timedelta(minutes=1)),)),
     "no", "send.blocked"),
    case("refused, wrote again", REFUSED, CS, facts(said=(no(code="-217", recipient=USER),)), "yes", "said_no_before"),
    case("the no itself was what they wrote", REFUSED, CS,
         facts(said=(no("all", "customer", "", ago=timedelta(hours=1)),)),
         "no", "send.said_no_customer"),
    case("refused by phone, wrote again", REFUSED, CS, facts(said=(no(),)), "yes", "said_no_before"),
    case("refused by phone, wrote again, media", REFUSED, UID_AD, facts(said=(no(),)), "no", "send.blocked"),
    case("refused by user id, wrote again, media", REFUSED, UID_AD, facts(said=(no(code="-244", recipient=USER),)),
         "yes", "said_no_before"),
    case("refused by phone, wrote again, ZNS", REFUSED, ZNS, facts(said=(no(),)), "no", "send.opted_out"),
    case("blocked, wrote again, ZNS", REFUSED, ZNS, facts(said=(no(code="-217", recipient=USER),))),
    case("refused this kind only", REFUSED, ZNS, facts(said=(no("promotion", code="-139"),))),
    case("refused this very kind", REFUSED, ZNS_AD, facts(said=(no("promotion", code="-139"),)),
     "no", "send.opted_out"),
    case("wrote stop", REFUSED, UID_AD, facts(said=(no("promotion", "customer", ""),)),
     "no", "send.said_no_customer"),
    case("wrote stop and later other things, advertising as an answer", REFUSED, CS_AD,
         facts(said=(no("promotion", "customer", "", USER),)), "no", "send.said_no_customer"),
    case("noted by staff, wrote again, advertising as an answer", REFUSED, CS_AD,
         facts(said=(no("all", "staff", ""),)), "no", "send.said_no_staff"),
    case("wrote stop, an answer", REFUSED, CS, facts(said=(no("promotion", "customer", ""),))),
    case("wrote stop and later other things", REFUSED, ZNS_AD,
     facts(said=(no("promotion", "customer", "", USER),)), "no", "send.said_no_customer"),
    case("noted by staff", REFUSED, CS, facts(said=(no("all", "staff", "", ago=timedelta(0)),)),
         "no", "send.said_no_staff"),
    case("noted by staff, wrote again", REFUSED, CS, facts(said=(no("all", "staff", ""),)), "yes", "said_no_before"),
    case("noted by staff, wrote again, by template", REFUSED, UID, facts(said=(no("all", "staff", ""),)),
         "no", "send.said_no_staff"),
    case("said yes", REFUSED, ZNS_AD, facts(said=(no("promotion", "customer", given=True),))),
    case("under age", "own:under_age", ZNS_AD, facts(under_age=True), "no", "send.under_age"),
    case("under age, an answer", "own:under_age", CS, facts(under_age=True)),
    case("no follower", "-213", UID_AD, facts(is_follower=False), "no", "send.not_following"),
    case("no follower, older", "-213", MEDIA, facts(oa=OLDER, is_follower=False), "no", "send.not_following"),
    case("perhaps a follower", "-213", UID_AD, facts(is_follower=None), "yes", "following_unknown"),
    case("no follower, an answer", "-213", CS, facts(is_follower=False)),
    case("never", "-232", CS, facts(last=None, never=True), "no", "send.never_interacted"),
    case("perhaps never", "-232", CS, facts(last=None), "yes", "interaction_unknown"),
    case("never, by phone", "-232", ZNS, facts(last=None, never=True)),
    case("7 days", "-230 (7 days)", CS, facts(**ago(days=7))),
    case("over 7 days", "-230 (7 days)", CS, facts(**ago(days=7, milliseconds=1)), "no", "send.window_closed"),
    case("a day of which 7 days are perhaps over", "-230 (7 days)", CS, facts(last=day(vietnam(16, 0))),
     "yes", "window_by_day"),
    case("a day of which 7 days are over", "-230 (7 days)", FORM, facts(last=day(vietnam(15, 0))),
     "no", "send.window_closed"),
    case("the last moment of such a day", "-230 (7 days)", CS, facts(vietnam(23, 0), last=day(vietnam(15, 0))),
         "yes", "window_by_day"),
    case("a moment after it", "-230 (7 days)", CS,
         facts(vietnam(23, 0) + timedelta(milliseconds=1), last=day(vietnam(15, 0))), "no", "send.window_closed"),
    case("advertising at night, over 7 days by the morning", "-230 (7 days)", CS_AD,
         facts(NIGHT, last=moment(NIGHT - timedelta(days=6, hours=20))), "no", "send.window_closed"),
    case("Zalo refused since", "-230 (7 days)", CS, facts(refused=Refused("-230", NOW - timedelta(minutes=1))),
         "no", "send.window_refused"),
    case("Zalo refused since, otherwise", "-230 (7 days)", CS,
         facts(refused=Refused("-232", NOW - timedelta(minutes=1))), "no", "send.window_refused"),
    case("Zalo refused since, of a day without an hour", "-230 (7 days)", FORM,
         facts(last=day(vietnam(16, 0)), refused=Refused("-230", NOW)), "no", "send.window_refused"),
    case("Zalo refused, nothing else is known", "-230 (7 days)", CS, facts(last=None, refused=Refused("-232", NOW)),
         "no", "send.window_refused"),
    case("Zalo refused, they interacted since", "-230 (7 days)", CS, facts(refused=Refused("-230", YESTERDAY))),
    case("Zalo refused on the very day that is known", "-230 (7 days)", CS,
         facts(last=day(vietnam(23, 0)), refused=Refused("-230", NOW))),
    case("Zalo refused a consultation, by template", "-230 (1 year)", UID, facts(refused=Refused("-230", NOW))),
    case("over 7 days, by template", "-230 (7 days)", UID, facts(**ago(days=8))),
    case("a year", "-230 (1 year)", UID, facts(**ago(days=365))),
    case("over a year", "-230 (1 year)", UID, facts(**ago(days=365, milliseconds=1)), "no", "send.year_over"),
    case("over a year, older", "-230 (1 year)", ORDER, facts(oa=OLDER, **ago(days=366)), "no", "send.year_over"),
    case("media after a year", "-230 (unknown)", UID_AD, facts(**ago(days=400)), "yes", "window_unknown"),
    case("care after a year", "-230 (unknown)", UID_CARE, facts(**ago(days=400)), "yes", "window_unknown"),
    case("early", "own:hours", ZNS_AD, facts(vietnam(23, 7, 59)), "later", "send.hours", vietnam(23, 8)),
    case("early, to an administrator", "own:hours", replace(ZNS_AD, development=True),
         facts(vietnam(23, 7), promoted=(TODAY,), oa=QUOTA), "yes", "administrators_only"),
    case("in time", "own:hours", ZNS_AD, facts(vietnam(23, 8))),
    case("late", "own:hours", UID_AD, facts(vietnam(23, 21)), "later", "send.hours", vietnam(24, 8)),
    case("hours of the owner", "own:hours", ZNS_AD, facts(oa={"hours": Hours(Hours().begin.replace(hour=10))}),
     "later", "send.hours", vietnam(23, 10)),
    case("called care, tagged promotion",
         "own:hours", replace(ZNS_AD, send_class=SendClass.CARE), facts(vietnam(23, 7)),
     "later", "send.hours", vietnam(23, 8)),
    case("night, refused before", "-133", on(ZNS, night_refused_at=NOW), facts(NIGHT),
         "later", "send.night", vietnam(24, 6)),
    case("night, perhaps", "-133", ZNS_CARE, facts(NIGHT), "yes", "night_perhaps"),
    case("night, one-time password", "-133", on(ZNS, timeout_ms=15_000), facts(NIGHT)),
    case("night, an answer", "-133", CS, facts(NIGHT)),
    case("night, media", "-234", MEDIA, facts(NIGHT, oa=OLDER), "later", "send.hours", vietnam(24, 8)),
    case("quota of the day", "-144", ZNS, facts(oa=QUOTA), "later", "send.quota_zns", vietnam(24, 0)),
    case("quota of yesterday", "-144", ZNS, facts(oa={**QUOTA, "zns_quota_at": YESTERDAY})),
    case("quota, test", "-144", ZNS, facts(oa={**QUOTA, "mode": Mode.TEST}), "yes", "administrators_only"),
    case("quota unlimited", "-144", ZNS, facts(oa={"zns_quota": {"remaining": 0}, "zns_quota_at": NOW})),
    case("quota of the day, by user", "-144", UID, facts(oa=QUOTA), "yes", "by_user_unknown"),
    case("quota of the template", "-147", on(ZNS, daily_quota=10, remaining_quota=0), facts(),
     "later", "send.quota_template", vietnam(24, 0)),
    case("quota of the month", "-1441", ZNS_AD, facts(oa={**QUOTA, "zns_quota": {**ENTRY, "remaining": 9}}),
     "later", "send.quota_month", vietnam(31 - 1, 24 - 1) + timedelta(hours=9)),
    case("quota on the first", "-1441", ZNS_AD,
     facts(vietnam(1, 9), oa={"zns_quota": {**ENTRY, "remaining": 9}, "zns_quota_at": vietnam(1, 1)}),
     "yes", "quota_of_last_month"),
    case("had one today", "-1472 -218", ZNS_AD, facts(promoted=(TODAY,)), "later", "send.person_today", vietnam(24, 8)),
    case("had one today, by user", "-1472 -218", UID_AD, facts(promoted=(TODAY,)),
         "later", "send.person_today", vietnam(24, 8)),
    case("had one today, not advertising", "-1472 -218", ZNS, facts(promoted=(TODAY,))),
    case("had one today, gets one tomorrow", "-1472 -218", ZNS_AD, facts(promoted=(TODAY, vietnam(24, 8))),
     "later", "send.person_today", vietnam(25, 8)),
    case("had four this month", "-1471 -218", ZNS_AD, facts(promoted=tuple(vietnam(n, 9) for n in (2, 5, 9, 20))),
     "later", "send.person_month", vietnam(30, 23) + timedelta(hours=9)),
    case("had four last month", "-1471 -218", ZNS_AD, facts(vietnam(1, 9), promoted=tuple(
        vietnam(1, 9) - timedelta(days=n) for n in (2, 5, 9, 20)))),
    case("had one today on the last day", "-1472 -218", ZNS_AD, facts(LATE_NOVEMBER, promoted=(LATE_NOVEMBER,)),
     "later", "send.person_today", vietnam(30, 23) + timedelta(hours=9)),
    case("no message of tag 1 or 2 known", "-140", ZNS_AD, facts(related_at=None), "yes", "relation_unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "letter", "known", "answer", "key", "until"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
def test_each_rule_answers_as_it_should(rule, letter, known, answer, key, until):
    """Yes, not before a time, or no; a refusal names its key and its rule, a note that goes along its key."""
    verdict = judge(known, letter)
    assert verdict.answer == answer
    if answer == "yes":
        assert verdict.refusal is None
        if key is not None:
            assert key in [note.key for note in verdict.notes]
        return
    assert verdict.refusal.key == key
    assert verdict.until == until
    if (answer, rule) != ("later", "-234"):  # our own hours are narrower than Zalo's
        assert verdict.rule == rule


def test_every_rule_has_a_case():
    """A rule without a case is a rule nobody looked at."""
    assert {each[1] for each in CASES} == {rule.name for rule in RULES}


def test_zalos_night_holds_advertising_whatever_the_owner_sets():
    """-234 speaks when our own hours would not."""
    (rule,) = [each for each in RULES if each.name == "-234"]
    found = rule.finds(facts(NIGHT), UID_AD)
    assert (found.refusal.key, found.until) == ("send.night", vietnam(24, 6))


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_everything_a_verdict_says_has_a_text(language):
    """Refusals say what and what to do, with the values they carry; notes one line."""
    words = texts.load()[language]
    for _, _, letter, known, answer, key, _ in CASES:
        verdict = judge(known, letter)
        for note in verdict.notes:
            assert words.plain(f"note.{note.key}", **note.values)
        if answer != "yes":
            values = {"code": verdict.refusal.code, **verdict.refusal.values}
            for part in ("what", "do"):
                assert words.plain(f"error.{key}.{part}", **values)


@pytest.mark.parametrize("letter", EVERY)
def test_the_same_facts_give_the_same_verdict(letter):
    """Nothing but the facts is asked."""
    for known in (facts(), facts(NIGHT), facts(promoted=(TODAY,))):
        assert told(judge(known, letter)) == told(judge(known, letter))


def test_no_rule_reads_the_database():
    """Judged while no database is open: a lazy read would fail."""
    for _, _, letter, known, *_ in CASES:
        judge(known, letter)


@pytest.mark.parametrize(
    ("letter", "known", "price", "free_until", "note"),
    [
        (CS, facts(), 0, NOW + timedelta(hours=47), None),
        (CS, facts(**ago(hours=48)), 55, None, "perhaps_free"),
        (CS, facts(oa={"cs_left": 0, "cs_left_at": NOW}, **ago(hours=48)), 55, None, None),
        (CS, facts(oa={"cs_left": 12, "cs_left_at": NOW}, **ago(days=3)), 0, None, "paid_by_package"),
        (CS, facts(oa={"cs_left": 12, "cs_left_at": YESTERDAY}, **ago(days=3)), 55, None, "perhaps_free"),
        (CS, facts(last=day(vietnam(21, 0)), oa={"cs_left": 0, "cs_left_at": NOW}), 55, None, "perhaps_free"),
        (CS, facts(last=None), 55, None, "perhaps_free"),
        (ZNS, facts(), 300, None, None),
        (on(ZNS, price_phone=None), facts(), None, None, None),
        (UID, facts(), 210, None, None),
        (ORDER, facts(oa=OLDER), 165, None, None),
        (MEDIA, facts(oa=OLDER), None, None, None),
    ],
)
def test_a_price_is_the_most_it_can_be(letter, known, price, free_until, note):
    """Free for 48 hours to the millisecond, then what the package has left, then what Zalo charges."""
    verdict = judge(known, letter)
    assert (verdict.price, verdict.free_until) == (price, free_until)
    if note is not None:
        assert note in [each.key for each in verdict.notes]


def test_the_first_no_counts_however_long_another_would_wait():
    """A refusal is not hidden behind a wait."""
    verdict = judge(facts(NIGHT, promoted=(TODAY,), under_age=True), ZNS_AD)
    assert (verdict.answer, verdict.refusal.key, verdict.until) == (Answer.NO, "send.under_age", None)


def test_what_is_not_certain_is_said_of_the_moment_it_will_leave():
    """Advertising of 23:00 leaves at 08:00: it is not night then. What waits for midnight leaves at night."""
    morning = judge(facts(NIGHT), ZNS_AD)
    assert (morning.until, [note.key for note in morning.notes]) == (vietnam(24, 8), [])
    midnight = judge(facts(oa=QUOTA), ZNS)
    assert (midnight.until, [note.key for note in midnight.notes]) == (vietnam(24, 0), ["night_perhaps"])


def test_a_letter_that_goes_later_says_what_it_waits_for():
    """The row in the queue is shown with that reason."""
    assert judge(facts(NIGHT), ZNS_AD).held == "night"
    assert judge(facts(promoted=(TODAY,)), ZNS_AD).held == "quota"
    assert judge(facts(), Letter(CS.channel, "text", SendClass.CARE)).held is None


def test_the_document_has_every_rule_with_its_ways_and_classes():
    """docs/preflight.md is the table of the code, in its order."""
    text = (Path(__file__).parents[2] / "docs/preflight.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:own:|-)[^`]+)` \| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    assert rows == [(rule.name, _named(rule.channels, Channel), _named(rule.classes, SendClass)) for rule in RULES]


def _named(some, every):
    return "all" if some == frozenset(every) else ", ".join(each for each in every if each in some)
