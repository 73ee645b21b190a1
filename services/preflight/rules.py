"""The rules, one function each: what may keep a letter from leaving, or is not certain about it.

A rule is given facts and a letter and answers with nothing, a Note (it goes, and says what nobody knows), a Later or a
Refusal. None reads anything else. The table of all of them is in `services.preflight.table`.
"""

from __future__ import annotations

from datetime import timedelta

from models import Channel, Consent, ConsentSource, OaState, Scope, UidMessageApi
from services import calendar, consents, interaction
from services.errors import Refusal
from services.halts import RECONNECTED
from services.modes import Mode
from services.preflight import windows
from services.preflight.facts import Facts
from services.preflight.verdicts import Held, Later, Letter, Note

Finding = Refusal | Later | Note | None
DAILY_CAP, MONTHLY_CAP = 1, 4  # advertising a person gets, over all OAs (zns.md 5.2; 4 or 30 a month is in conflict)
OTP_TIMEOUT_MS = 15_000  # only one-time passwords have so little time (zns.md 3.2)


# --------------------------------------------------------------------------- the OA


def paused(facts: Facts, letter: Letter) -> Finding:
    """Not published: nothing leaves."""
    return Refusal("send.paused", name=facts.oa.name) if facts.oa.mode is Mode.PAUSED else None


def no_tokens(facts: Facts, letter: Letter) -> Finding:
    """Never connected, or removed."""
    return None if facts.oa.has_tokens else Refusal("oa.no_tokens", name=facts.oa.name)


def needs_reauth(facts: Facts, letter: Letter) -> Finding:
    """Only a person can connect it again."""
    if facts.oa.tokens_lost or facts.oa.state == OaState.NEEDS_REAUTH:
        return Refusal("oa.needs_reauth", code=facts.oa.token_code, name=facts.oa.name)
    return None


def stop_all(facts: Facts, letter: Letter) -> Finding:
    """The big red button."""
    standing = facts.oa.standstill
    return Refusal("send.stop_all", by=standing.by, since=standing.since) if standing else None


def stopped(facts: Facts, letter: Letter) -> Finding:
    """Zalo named a package, a wallet or a permission lately, or it was away for long: a person says when it goes on."""
    stop = facts.oa.stop
    if stop is None:
        return None
    if stop.code == RECONNECTED:
        return Refusal("oa.late", name=facts.oa.name, since=stop.since)
    return Refusal("oa.stopped", code=stop.code, name=facts.oa.name, since=stop.since)


def older_way(facts: Facts, letter: Letter) -> Finding:
    """The older free form, where the OA sends by template. Whether the addresses still live is in conflict (§6)."""
    if facts.oa.uid_message_api == UidMessageApi.LEGACY:
        return None
    return Refusal("send.older_way", code="-233", name=facts.oa.name)


def template_way(facts: Facts, letter: Letter) -> Finding:
    """A template to a user id, where the OA keeps to the older form."""
    if facts.oa.uid_message_api == UidMessageApi.TEMPLATE:
        return None
    return Refusal("send.template_way", name=facts.oa.name)


# --------------------------------------------------------------------------- whom


def no_phone(facts: Facts, letter: Letter) -> Finding:
    """A ZNS goes to a number."""
    return None if facts.person.phone else Refusal("way.no_phone")


def no_user(facts: Facts, letter: Letter) -> Finding:
    """Everything else goes to somebody the OA knows on Zalo."""
    return None if facts.person.user_id else Refusal("way.no_user")


def not_tester(facts: Facts, letter: Letter) -> Finding:
    """Testing: OA messages only to testers."""
    if facts.oa.mode is not Mode.TEST or facts.person.tester:
        return None
    return Refusal("send.not_tester", name=facts.oa.name, user=facts.person.name)


def is_development(facts: Facts, letter: Letter) -> bool:
    """Whether Zalo would take it as a development message, which exists by phone only."""
    return letter.channel == Channel.ZNS and (letter.development or facts.oa.mode is Mode.TEST)


def administrators_only(facts: Facts, letter: Letter) -> Finding:
    """Zalo delivers development ZNS to administrators, and only Zalo knows who they are."""
    if not is_development(facts, letter) or facts.person.phone in facts.oa.test_phones:
        return None
    return Note("administrators_only")


def objected(facts: Facts, letter: Letter) -> Finding:
    """They said no: to Zalo (-139, -141, -217, -244), or to us."""
    concerns = {Scope(letter.counts_as.value)}
    no = consents.objection([word for word in facts.person.said if not _ended(facts, letter, word)], concerns)
    if no is None:
        over = consents.objection(facts.person.said, concerns)
        return Note("said_no_before", {"since": over.at}) if over is not None else None
    if no.source == ConsentSource.ZALO:
        key = "send.opted_out" if letter.channel == Channel.ZNS else "send.blocked"
    else:
        key = f"send.said_no_{no.source}"
    return Refusal(key, code=no.code, since=no.at, user=facts.person.name)


def _ended(facts: Facts, letter: Letter, word: Consent) -> bool:
    """Who wrote after their no may be answered; and a no of Zalo about a user id is over altogether.

    One about a phone stands against all else, as their own words and those of staff do: a question is no consent, and
    advertising no answer.
    """
    last = facts.person.last
    if word.given is not False or last is None or last.earliest <= word.at:
        return False
    about_user = word.source == ConsentSource.ZALO and word.recipient == facts.person.user_id
    return about_user or (letter.channel == Channel.CS and not letter.promotes)


def under_age(facts: Facts, letter: Letter) -> Finding:
    """Zalo marks accounts of people under 18."""
    return Refusal("send.under_age", user=facts.person.name) if facts.person.under_age else None


def not_following(facts: Facts, letter: Letter) -> Finding:
    """Media messages go to followers (oa-api.md 7)."""
    if facts.person.is_follower is None:
        return Note("following_unknown")
    return None if facts.person.is_follower else Refusal("send.not_following", code="-213", user=facts.person.name)


# --------------------------------------------------------------------------- windows


def never_interacted(facts: Facts, letter: Letter) -> Finding:
    """They never wrote, called or followed; or nobody here knows that they did, and Zalo may."""
    if facts.person.never:
        return Refusal("send.never_interacted", code="-232", user=facts.person.name)
    return Note("interaction_unknown") if facts.person.last is None else None


def window_closed(facts: Facts, letter: Letter) -> Finding:
    """Consultation: an interaction within 7 days. Zalo knows the last one best: its refusal counts until the next."""
    last, refused = facts.person.last, facts.person.refused
    if refused is not None and (last is None or refused.at > last.latest):
        return Refusal("send.window_refused", code=refused.code, user=facts.person.name, since=refused.at)
    return _outside(facts, interaction.CARE_WINDOW, "send.window_closed")


def year_over(facts: Facts, letter: Letter) -> Finding:
    """Transaction to a user id: an interaction within a year."""
    return _outside(facts, interaction.YEAR, "send.year_over")


def window_unknown(facts: Facts, letter: Letter) -> Finding:
    """Care and advertising by template to a user id: no page names their window, and Zalo has -230 all the same."""
    last = facts.person.last
    return Note("window_unknown") if last is not None and last.earliest + interaction.YEAR < facts.now else None


def _outside(facts: Facts, window: timedelta, key: str) -> Finding:
    """At exactly the end it still goes; between the ends of a day without an hour it goes with a note."""
    last = facts.person.last
    if last is None or last.earliest + window >= facts.now:
        return None
    if last.latest + window >= facts.now and last.earliest != last.latest:
        return Note("window_by_day", {"last": last.shown})
    return Refusal(key, code="-230", user=facts.person.name, last=last.shown)


# --------------------------------------------------------------------------- hours


def decent_hours(facts: Facts, letter: Letter) -> Finding:
    """Advertising 08:00 to 21:00, or as the owner set it within 07:00 to 22:00; a test to an administrator any time."""
    hours = facts.oa.hours
    if windows.is_open(facts.now, hours) or is_development(facts, letter):
        return None
    until = calendar.next_time(facts.now, hours.begin)
    refusal = Refusal("send.hours", begin=f"{hours.begin:%H:%M}", end=f"{hours.end:%H:%M}", until=until)
    return Later(refusal, until, Held.NIGHT)


def night_by_phone(facts: Facts, letter: Letter) -> Finding:
    """The rule is worded per template and nobody lists which: known only from a -133 before (zns.md 7)."""
    row = letter.template
    if row is None or not windows.is_night(facts.now) or row.timeout_ms <= OTP_TIMEOUT_MS:
        return None
    if row.night_refused_at is None:
        return Note("night_perhaps", {"template": row.name})
    until = calendar.next_time(facts.now, windows.NIGHT_END)
    return Later(Refusal("send.night", code="-133", template=row.name, until=until), until, Held.NIGHT)


def night_by_user(facts: Facts, letter: Letter) -> Finding:
    """Media messages, old and new: not from 22:00 to 06:00 (oa-api.md 6.1, 7)."""
    if not windows.is_night(facts.now):
        return None
    until = calendar.next_time(facts.now, windows.NIGHT_END)
    name = letter.template.name if letter.template else ""
    return Later(Refusal("send.night", code="-234", template=name, until=until), until, Held.NIGHT)
