"""Tokens and secrets typed where nobody asked for one."""

from __future__ import annotations

import pytest

from bot.stray_secrets import holds_secret
from models import AuditEntry, Invitation, OfficialAccount, Role
from services import stop_all

TOKEN = "AbC9" * 30
APP_SECRET = "g6U3sPq81TzVb04KdWmX"
NO_SECRETS = [
    "Nguyễn Thị Minh Anh, 0901 234 567, đơn DH-2026-11-0042",
    "NguyenThiMinhAnh1990",
    "3b1f0c9e" * 8,
    "3B1F0C9E" * 5,
    "https://shop.example.vn/" + "Ao-Khoac-Nam-2026-" * 6,
    "shopee.vn/" + "Ao-Khoac-Nam-2026-" * 6,
    "DH001/dh002/DH003/dh004/DH005/dh006/DH007/dh008/DH009/dh010/DH011",
    "-" * 80,
    "0901234567 " * 9,
    "SPX" + "0123456789" * 6,
    "HOADON2026112200000042",
]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_names_codes_and_addresses_are_no_secrets(text):
    """What people of a shop type all day long."""
    assert not holds_secret(text, text)


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"token đây: {TOKEN} nhé",
        f'{{"access_token":"{TOKEN}"}}',
        "https://x.example/cb?access_token=abcdefghijklmnop1234",
        "12345678:" + "Ab1-_" * 7,
        APP_SECRET,
        "Ab1-_" * 8 + "abc=",
    ],
)
def test_tokens_keys_and_app_secrets_are(text):
    """Alone, in a sentence, in an address that names one."""
    assert holds_secret(text, text)


def gone(desk, person, message_id, secret=TOKEN):
    """The message is off the chat, nothing of the bot repeats it, nothing keeps it."""
    person.wait_until_deleted(message_id)
    desk.settle()
    assert not [seen for seen in person.chat() if secret in seen["text"] and not seen["deleted"]]
    assert secret not in str([(row.target, row.detail) for row in AuditEntry.select()])


@pytest.mark.parametrize("command", ["/oa", "/khach", "/start", "/nhatky", "/zns", "/gui", "/khonglenh"])
def test_behind_a_command_it_is_deleted_and_not_searched(desk, command):
    """The command does nothing with it."""
    person = desk.person(Role.MANAGER)
    desk.oa()
    said = person.say(f"{command} {TOKEN}")
    person.wait_for("giống một token")
    gone(desk, person, said)


def test_an_app_secret_alone_counts_too(desk):
    """Zalo's have twenty letters and digits."""
    person = desk.person(Role.MANAGER)
    desk.oa()
    said = person.say(APP_SECRET)
    person.wait_for("giống một token")
    gone(desk, person, said, APP_SECRET)


def test_the_red_button_works_with_a_token_behind_it(desk):
    """Everything stops, and the message goes."""
    person = desk.person(Role.OPERATOR)
    desk.oa()
    said = person.say(f"/dunghet {TOKEN}")
    person.wait_for("Đã dừng gửi toàn bộ")
    assert stop_all.in_force() is not None
    gone(desk, person, said)


def test_the_name_of_a_new_oa_is_asked_again(desk, words):
    """Step 1 stays open, with a word about what happened; the next answer is taken."""
    person = desk.person(language=words.language)
    person.say("/oa")
    person.wait_for("OA")
    person.tap(words("button.add_oa"))
    person.wait_for(words("add_oa.ask_name"))
    said = person.say(TOKEN)
    asked = person.wait_for(words("unknown.token_here"))
    assert words("add_oa.ask_name") in asked["text"]
    gone(desk, person, said)
    person.say("Nha khoa An")
    person.wait_for(words("add_oa.ask_oa_id"))


@pytest.mark.parametrize("field", ["rename", "describe"])
def test_an_oa_is_neither_renamed_nor_described_by_a_token(desk, words, field):
    """The question stays."""
    person, oa = desk.person(language=words.language), desk.oa()
    person.say("/oa hoa mai")
    person.wait_for("ID")
    person.tap(words("button.edit"))
    person.wait_for(words("oa.edit_what"))
    person.tap(words(f"button.{field}"))
    person.wait_for(words(f"oa_field.ask_{'name' if field == 'rename' else 'description'}"))
    said = person.say(TOKEN)
    person.wait_for(words("unknown.token_here"))
    gone(desk, person, said)
    row = OfficialAccount.get_by_id(oa.id)
    assert (row.name, row.description) == ("Spa Hoa Mai", "")


def test_an_invitation_is_not_named_after_a_token(desk):
    """The questions stay as they are."""
    owner = desk.owner()
    desk.oa()
    owner.say("/caidat")
    owner.wait_for("Ngôn ngữ")
    owner.tap("👥 Nhân viên")
    owner.wait_for("👥 Nhân viên")
    owner.tap("➕ Mời")
    owner.wait_for("Mời ai")
    owner.tap("📨 Gửi tin")
    owner.wait_for("✅ Tạo link")
    said = owner.say(TOKEN)
    owner.wait_for("không lưu và không dùng")
    gone(desk, owner, said)
    owner.tap("✅ Tạo link")
    owner.wait_for("t.me")
    assert Invitation.get().name == ""
