"""Registering an OA in Telegram, question by question."""

from __future__ import annotations

import pytest

from bot.forms.add_oa import STEPS
from models import Draft, OaToken, OfficialAccount, Role, Staff, StaffUpdate, TokenState
from services import apps
from services.audit import CLI


def answer_up_to(person, words, pair, last: str, **other: str):
    """Begin the form and answer everything before the question `last`."""
    given = {"name": "Spa Hoa Mai", "oa_id": pair["oa_id"], "access": pair["access_token"]}
    given |= {"refresh": pair["refresh_token"], **other}
    person.say("/start")
    person.wait_for(words("button.add_oa"))
    person.tap(words("button.add_oa"))
    for step in STEPS:
        person.wait_for(words(f"add_oa.ask_{step}"))
        if step == last:
            return
        if step in given:
            person.say(given[step])
        else:
            person.tap(words({"description": "button.skip", "published": "button.yes_plain"}.get(step, "button.no")))


def test_the_form_asks_seven_things_and_registers(desk, words, story):
    """Name, id, both tokens, description, published, testing; then the card, with the refresh token not proven."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, "testing")
    person.tap(words("button.no"))
    person.wait_for(words("oa.prove_offer"))
    person.tap(words("button.later_card"))
    card = person.wait_for(pair["oa_id"])
    story(person)
    assert words("ready.connection.unproven") in card["text"]
    oa = OfficialAccount.get()
    assert (oa.name, oa.published, oa.testing) == ("Spa Hoa Mai", True, False)
    assert OaToken.get().state == TokenState.UNPROVEN
    assert Draft.select().count() == 0


def test_messages_with_tokens_are_deleted_and_tokens_shown_nowhere(desk, words):
    """No message of the chat and no row in the clear holds a token afterwards."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, "description")
    desk.settle()
    holding = [message for message in person.chat() if pair["access_token"] in message["text"]]
    holding += [message for message in person.chat() if pair["refresh_token"] in message["text"]]
    assert len(holding) == 2
    assert all(message["deleted"] and message["from"] == "person" for message in holding)
    kept = "".join(row.payload for row in StaffUpdate.select()) + Draft.get().data
    assert pair["access_token"] not in kept


def test_proving_spends_the_refresh_token(desk):
    """After the warning the token is used once; the card then says when it is renewed next."""
    person, oa = desk.person(), desk.oa()
    before = OaToken.get().refresh
    person.say("/oa hoa mai")
    person.wait_for("Refresh token chưa được thử")
    person.tap("🔑")
    person.wait_for("Có hệ thống nào khác")
    person.tap("🔑 Thử ngay")
    person.wait_for("Kết nối Zalo tốt")
    row = OaToken.get(OaToken.oa == oa.id)
    assert (row.state, row.refresh != before) == (TokenState.OK, True)


@pytest.mark.parametrize(
    ("step", "typed", "key"),
    [
        ("oa_id", "hoa mai", "error.oa.id_invalid"),
        ("access", "hai chữ", "error.oa.token_shape"),
        ("name", "x" * 300, "error.oa.name_long"),
        ("published", "có lẽ", "error.form.yes_or_no"),
    ],
)
def test_a_wrong_answer_repeats_only_that_question(desk, words, step, typed, key):
    """Four parts, and the same question again; nothing answered before is lost."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, step)
    person.say(typed)
    shown = person.wait_for(words(f"{key}.what"))
    for part in ("head_what", "head_lost", "head_do"):
        assert words(f"error.{part}") in shown["text"]
    assert words(f"add_oa.ask_{step}") in shown["text"]


def test_a_dead_token_is_refused_before_anything_is_stored(desk, words):
    """Only the access token is asked again; the right one then ends the form."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, "testing", access="AT_" + "x" * 80)
    person.tap(words("button.no"))
    shown = person.wait_for(words("error.oa.token_dead.what"))
    assert words("add_oa.ask_access") in shown["text"]
    assert OfficialAccount.select().count() == 0
    person.say(pair["access_token"])
    person.wait_for(words("oa.prove_offer"))


def test_the_token_of_another_oa_names_whose_it_is(desk, words):
    """A wrong OA ID is answered with the OA the token really belongs to."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, "testing", oa_id="1234567890123456789")
    person.tap(words("button.no"))
    shown = person.wait_for(pair["oa_id"])
    assert words("add_oa.ask_oa_id") in shown["text"]
    person.say(pair["oa_id"])
    person.wait_for(words("oa.prove_offer"))
    assert OfficialAccount.get().oa_id == pair["oa_id"]


def test_zalo_away_keeps_every_answer(desk):
    """When Zalo does not answer, the person is told and may repeat the last step; nothing was stored."""
    person, pair = desk.person(), desk.issue()
    desk.town.post("/_sandbox/faults", {"match": "/openapi/v2.0/oa/getoa", "kind": "http_502", "times": 1})
    answer_up_to(person, desk.vi, pair, "testing")
    person.tap("Không")
    person.wait_for("Zalo không trả lời")
    person.say(pair["access_token"])
    person.wait_for("Refresh token chưa")


def test_a_token_pasted_anywhere_else_is_deleted(desk):
    """Somebody who pastes a token without a form has it taken off the chat, and is told where it belongs."""
    person, pair = desk.person(), desk.issue()
    message = person.say(pair["access_token"])
    person.wait_for("giống một token")
    person.wait_until_deleted(message)


def test_an_operator_cannot_register(desk):
    """Adding an OA is a manager's business; the button is not even shown."""
    person = desk.person(Role.OPERATOR)
    person.say("/start")
    assert "Thêm OA" not in str(person.wait_for("Chưa có OA")["keyboard"])


def test_a_manager_who_is_one_no_longer_cannot_finish_the_form(desk, words):
    """The role counts at every answer, not at the moment the form was opened."""
    person, pair = desk.person(language=words.language), desk.issue()
    answer_up_to(person, words, pair, "testing")
    Staff.update(role=Role.VIEWER).where(Staff.telegram_id == person.id).execute()
    person.tap(words("button.no"))
    desk.settle()
    assert OfficialAccount.select().count() == 0


def test_with_several_apps_it_is_asked_whose_tokens_they_are(desk, words):
    """The first question then; only a button answers it, and the OA belongs to that app."""
    apps.add(desk.desk(), CLI, "990011223344", "Ứng dụng hai", "SecretOfTheApp2222", "WebhookKeyOfApp222")
    person, pair = desk.person(language=words.language), desk.issue()
    person.say("/start")
    person.wait_for(words("button.add_oa"))
    person.tap(words("button.add_oa"))
    person.wait_for(words("add_oa.ask_app"))
    person.say("990011")
    person.wait_for(words("error.form.tap_button.what"))
    person.tap("🧩 Ứng dụng hai")
    for text in ("Spa Hoa Mai", pair["oa_id"], pair["access_token"], pair["refresh_token"]):
        person.wait_for("✔️" if text != "Spa Hoa Mai" else words("add_oa.ask_name"))
        person.say(text)
    person.wait_for(words("add_oa.ask_description"))
    person.tap(words("button.skip"))
    person.wait_for(words("add_oa.ask_published"))
    person.tap(words("button.no"))
    person.wait_for(words("add_oa.ask_testing"))
    person.tap(words("button.no"))
    person.wait_for(words("oa.prove_offer"))
    assert OfficialAccount.get().app_id == "990011223344"
