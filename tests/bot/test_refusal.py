"""The screen of a message that may not leave: what is kept, what ends the reason, what the other ways cost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Follower, Role, Scope
from sandbox.telegram.person import labels
from services import do_not_send, stop_all
from services.audit import CLI

WHO = "0909998812"


def lost_line(shown, words):
    """The line that says what was lost."""
    return next(line for line in shown["text"].splitlines() if words("error.head_lost") in line)


@pytest.mark.parametrize("reason", ["stopped", "window", "lost"])
def test_that_the_words_are_kept_stands_where_the_loss_is_told(desk, words, reason):
    """Whatever the reason, in the same place and once."""
    person = desk.person(language=words.language)
    oa, row = desk.oa(), desk.follower()
    if reason == "stopped":
        stop_all.stop_all(desk.desk(), CLI)
    elif reason == "window":
        Follower.update(last_interaction_at=desk.clock.now() - timedelta(days=11)).where(
            Follower.id == row.id
        ).execute()
    else:
        type(oa).update(state="needs_reauth").where(type(oa).id == oa.id).execute()
    person.say(f"/gui {WHO} Chào chị")
    shown = person.wait_for(words("refusal.title_cs"))
    assert words("refusal.kept") in lost_line(shown, words)
    assert shown["text"].count(words("refusal.kept")) == 1


@pytest.mark.parametrize(("role", "there"), [(Role.MANAGER, True), (Role.OPERATOR, False)])
def test_after_a_stop_of_everything_a_manager_lets_it_go_from_the_refusal(desk, words, role, there):
    """The button stands under the refusal, for those who may."""
    person = desk.person(role, language=words.language)
    desk.oa()
    desk.follower()
    stop_all.stop_all(desk.desk(), CLI)
    person.say(f"/gui {WHO} Chào chị")
    shown = person.wait_for(words("refusal.title_cs"))
    assert (words("button.start_all") in labels(shown)) is there
    if there:
        person.tap(words("button.start_all"), shown["message_id"])
        person.wait_for(words("stop_all.ask_title"))
        person.tap("▶️")
        desk.wait_until(lambda: stop_all.in_force() is None)
        person.mark()
        person.tap(words("button.try_again"), shown["message_id"])
        assert "Chào chị" in person.wait_for(words("send.preview_title"))["text"]


@pytest.mark.parametrize(
    ("line", "title"), [(f"/gui {WHO} Chào chị", "cs"), ("/zns 0388123456 300111 customer_name=Lan", "zns")]
)
def test_a_refusal_that_staff_entered_is_opened_again_from_here(desk, words, line, title):
    """Of a customer, or of a number nobody has; it asks first."""
    person = desk.person(language=words.language)
    desk.oa()
    row = desk.follower()
    follower = row if title == "cs" else None
    do_not_send.refuse(desk.desk(), CLI, "84388123456", Scope.ALL, follower)
    person.say(line)
    shown = person.wait_for(words(f"refusal.title_{title}"))
    person.tap(words("button.reopen"), shown["message_id"])
    person.wait_for(words("opt_out.reopen_care"))
    person.tap(words("button.reopen_yes"))
    person.wait_for(words("opt_out.nothing"))


def test_prices_of_templates_and_of_other_ways_say_that_tax_comes_on_top(desk, words):
    """In the list of templates, and on the buttons under a refusal."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower(last_interaction_at=desk.clock.now() - timedelta(days=11))
    person.say(f"/zns {WHO}")
    shown = person.wait_for(words("zns.ask_template"))
    priced = [text for text in shown["text"].splitlines() if "300" in text and "•" in text]
    assert priced
    assert all("+ VAT" in text for text in priced)
    person.say(f"/gui {WHO} Chào chị")
    shown = person.wait_for(words("refusal.title_cs"))
    assert any("+ VAT" in label for label in labels(shown))
