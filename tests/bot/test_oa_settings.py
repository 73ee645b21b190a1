"""What a manager chooses about an OA's messages, on its card."""

from __future__ import annotations

import pytest

from models import AuditEntry, OfficialAccount, Role
from sandbox.zalo_side.media import JPG


@pytest.fixture
def environment(environment):
    """Pictures behind addresses are the local Zalo's own."""
    return {**environment, "MEDIA_ALLOW_PRIVATE": "true"}


def edit(person, words):
    person.say("/oa Spa")
    person.wait_for(words("button.edit"))
    person.tap(words("button.edit"))
    return person.wait_for(words("oa.edit_what"))


def test_the_older_way_is_switched_on_and_off(desk, words):
    """One tap each way, audited; the card's page says which way is in use."""
    person = desk.person(language=words.language)
    desk.oa()
    shown = edit(person, words)
    assert words("oa.uid_api_template") in shown["text"]
    person.tap(words("button.uid_api_legacy"))
    assert words("oa.uid_api_legacy") in person.wait_for(words("button.uid_api_template"))["text"]
    assert OfficialAccount.get().uid_message_api == "legacy"
    person.tap(words("button.uid_api_template"))
    person.wait_for(words("button.uid_api_legacy"))
    assert OfficialAccount.get().uid_message_api == "template"
    assert AuditEntry.select().where(AuditEntry.action == "oa.uid_message_api").count() == 2


def test_a_preview_from_before_the_switch_is_made_anew(desk, words):
    """The way an OA sends by is part of what was said yes to."""
    person = desk.person(language=words.language)
    oa = desk.oa()
    desk.follower()
    person.say("/gui 0909998812 Chào")
    shown = person.wait_for(words("send.preview_title"))
    OfficialAccount.update(uid_message_api="legacy", revision=OfficialAccount.revision + 1).where(
        OfficialAccount.id == oa.id
    ).execute()
    person.tap(shown["keyboard"][0][0]["text"])
    assert "confirm.oa_changed" in person.wait_for(words("error.head_do"))["text"]


def test_the_picture_of_the_form(desk, words):
    """Only the address of a picture serves; the next form proposes it; empty goes back to the cover."""
    person = desk.person(language=words.language)
    desk.oa()
    edit(person, words)
    person.tap(words("button.form_image"))
    person.wait_for(words("oa_field.ask_form_image"))
    person.send_photo(JPG)
    assert "form.image" in person.wait_for(words("error.head_do"))["text"]
    address = f"{desk.town.base}/_sandbox/media/anh.png"
    person.say(address)
    desk.wait_until(lambda: OfficialAccount.get().form_image == address)
    edit(person, words)
    person.tap(words("button.form_image"))
    person.wait_for(words("oa_field.ask_form_image"))
    person.tap(words("button.clear"))
    desk.wait_until(lambda: OfficialAccount.get().form_image == "")
    desk.settle()
    assert AuditEntry.select().where(AuditEntry.action == "oa.form_image").count() == 2


def test_the_settings_are_for_managers(desk, words):
    """An operator's taps on them change nothing."""
    person = desk.person(Role.OPERATOR, language=words.language)
    oa = desk.oa()
    person.say("/start")
    message = person.wait_for("Spa Hoa Mai")["message_id"]
    person.tap_data(f"1:oa.uid_api:{oa.id}:{oa.revision}:legacy", message, force=True)
    person.wait_for(words("error.role.manager.what"))
    assert OfficialAccount.get().uid_message_api == "template"
