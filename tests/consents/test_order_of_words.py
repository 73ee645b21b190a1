"""Words about advertising in any order, by any batches: the newest one decides."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import to_ms, write
from models import Consent, Follower, Notice, Setting
from services import consents, opt_outs
from services.opt_outs import Meaning, Said

OA, USER, PHONE = "2902001003004005006", "6503004005006007008", "84901234567"
WORDS = st.lists(st.sampled_from([Meaning.STOP, Meaning.RETURN]), min_size=1, max_size=5)


@given(meanings=WORDS, known=st.booleans(), seed=st.integers(0, 999))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_newest_word_decides_whatever_comes_first(database, clock, meanings, known, seed):
    """Each in a batch of its own, shuffled, and every one twice."""
    for model in (Consent, Notice, Setting, Follower):
        model.delete().execute()
    now = clock.now()
    phone = PHONE if known else ""
    Follower.create(oa_id=OA, user_id=USER, phone=phone, first_seen_at=now)
    said = [
        Said(OA, USER, to_ms(now - timedelta(minutes=30 - at)), f"m{at}", "x", meaning)
        for at, meaning in enumerate(meanings)
    ]
    order = [*said, *said]
    random.Random(seed).shuffle(order)
    for each in order:
        with write():
            opt_outs.write(now, [each])
    no = consents.objection(consents.standing(OA, [USER, phone]), {"promotion"})
    assert (no is not None) == (meanings[-1] is Meaning.STOP)
