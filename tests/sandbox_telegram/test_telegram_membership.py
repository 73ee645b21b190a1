"""Groups, channels and links: where the bot is put, how it hears of it, and how it goes."""

from typing import Any

import pytest
from telegram_server import LAN, MINH, TOKEN, Server

from sandbox.telegram.person import Person, Refused

GROUP = -1_001_000_000_777
BOT = int(TOKEN.split(":")[0])
LINK = "https://t.me/oadesk_sandbox_bot?start=inv_Abc-9_z"


def updates(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.call("getUpdates").result
    return found


def test_a_link_brings_start_with_its_parameter(server: Server, lan: Person) -> None:
    """What somebody does who opens an invitation."""
    lan.open_link(LINK)
    assert updates(server)[-1]["message"]["text"] == "/start inv_Abc-9_z"
    lan.open_link("t.me/oadesk_sandbox_bot")
    assert updates(server)[-1]["message"]["text"] == "/start"


@pytest.mark.parametrize("link", ["https://t.me/other_bot?start=x", "https://example.vn/", f"{LINK}!", LINK + "x" * 64])
def test_a_link_that_telegram_would_not_follow_is_refused(server: Server, lan: Person, link: str) -> None:
    """Another bot, another site, or a parameter that is too long or has other signs."""
    before = len(updates(server))
    with pytest.raises(Refused):
        lan.open_link(link)
    assert len(updates(server)) == before


def test_a_bot_is_told_of_the_group_it_was_added_to(server: Server, lan: Person) -> None:
    """my_chat_member from left to member, then the message that names the newcomer."""
    server.call("getMe")
    lan.add_bot(GROUP, "Ca sáng")
    change, message = updates(server)[-2:]
    change, message = change["my_chat_member"], message["message"]
    assert change["chat"] == {"id": GROUP, "type": "supergroup", "title": "Ca sáng"}
    assert (change["from"]["id"], change["old_chat_member"]["status"]) == (LAN, "left")
    assert change["new_chat_member"] == {"user": change["new_chat_member"]["user"], "status": "member"}
    assert [user["id"] for user in message["new_chat_members"]] == [BOT]
    with pytest.raises(Refused, match="already"):
        lan.add_bot(GROUP)


def test_a_channel_takes_the_bot_as_administrator(server: Server, lan: Person) -> None:
    """Without a service message, with all the rights a client wants to read."""
    lan.add_bot(GROUP, "Tin", "channel")
    member = updates(server)[-1]["my_chat_member"]["new_chat_member"]
    assert (member["status"], member["can_post_messages"], member["can_promote_members"]) == (
        "administrator",
        True,
        False,
    )


def test_leaving_is_told_and_ends_everything_there(server: Server, lan: Person) -> None:
    """Once gone the bot may not write, hears nothing, and cannot leave again."""
    lan.add_bot(GROUP)
    assert server.call("leaveChat", chat_id=GROUP).result is True
    assert updates(server)[-1]["my_chat_member"]["new_chat_member"]["status"] == "left"
    refusal = "Forbidden: bot is not a member of the supergroup chat"
    assert server.call("leaveChat", chat_id=GROUP).refusal == refusal
    assert server.call("sendMessage", chat_id=GROUP, text="x").refusal == refusal
    before = len(updates(server))
    server.act("say", person=MINH, chat_id=GROUP, text="/start")
    assert len(updates(server)) == before
    lan.add_bot(GROUP)
    assert server.call("sendMessage", chat_id=GROUP, text="x").status == 200


def test_thrown_out_is_told_too(server: Server, lan: Person) -> None:
    """Status kicked, and the words Telegram has for it."""
    lan.add_bot(GROUP)
    lan.remove_bot(GROUP)
    assert updates(server)[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert "was kicked from" in server.call("leaveChat", chat_id=GROUP).refusal
    with pytest.raises(Refused, match="not in this chat"):
        lan.remove_bot(GROUP)


def test_a_private_chat_cannot_be_left(server: Server, lan: Person) -> None:
    """Nor one nobody knows."""
    assert "private chats" in server.call("leaveChat", chat_id=LAN).refusal
    assert server.call("leaveChat", chat_id=-5).refusal == "Bad Request: chat not found"


def test_membership_can_be_asked(server: Server, lan: Person) -> None:
    """The bot's own, a member's, and of somebody who is not there."""
    lan.add_bot(GROUP)
    server.person(MINH, "Minh")

    def status(user: int) -> str:
        return str(server.call("getChatMember", chat_id=GROUP, user_id=user).result["status"])

    assert (status(BOT), status(LAN), status(MINH)) == ("member", "member", "left")
    assert server.call("getChatMember", chat_id=GROUP, user_id=1).refusal.endswith("PARTICIPANT_ID_INVALID")


def test_a_bot_that_asked_for_messages_only_hears_of_no_group(server: Server, lan: Person) -> None:
    """allowed_updates counts for my_chat_member as for everything."""
    server.call("getUpdates", allowed_updates=["message"])
    lan.add_bot(GROUP)
    assert not [update for update in updates(server) if "my_chat_member" in update]
    server.call("getUpdates", allowed_updates=["message", "my_chat_member"])
    lan.remove_bot(GROUP)
    assert "my_chat_member" in updates(server)[-1]


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("add_bot", {"person": LAN, "chat_id": 5}, 400),
        ("add_bot", {"person": LAN, "chat_id": GROUP, "type": "forum"}, 400),
        ("add_bot", {"chat_id": GROUP}, 400),
        ("remove_bot", {"person": LAN, "chat_id": -9}, 404),
        ("remove_bot", {"person": LAN, "chat_id": LAN}, 404),
    ],
)
def test_a_wrong_order_about_groups_is_refused(
    server: Server, lan: Person, act: str, body: dict[str, Any], status: int
) -> None:
    """Never a 500, never half done."""
    assert server.act(act, **body).status == status
