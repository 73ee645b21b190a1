"""[🧹 Xóa dữ liệu người này] on the customer card: the owner's, asked twice, and told of at its end."""

from __future__ import annotations

import asyncio

from models import AuditEntry, ChatMessage, Delivery, Follower, OfficialAccount, Role, Staff
from services import deliveries, erasure_sweep, staff


def go_on(desk):
    """What the clock does every minute."""

    async def once():
        own = desk.desk()
        try:
            return await erasure_sweep.run(own)
        finally:
            await own.close()

    return asyncio.run(once())


def with_past(desk, row):
    """A message of the person, and one to their number."""
    now = desk.clock.now()
    ChatMessage.create(
        oa_id=row.oa_id, msg_id="m1", user_id=row.user_id, inbound=True, kind="text", text="xin chào", at=now
    )
    Delivery.create(
        oa=OfficialAccount.get(), channel="zns", kind="template", recipient=row.phone, recipient_name="Minh Anh",
        content={"template_id": "1", "template_name": "Lịch hẹn", "params": {"name": "Minh Anh"}}, state="delivered",
        dedupe_key="d1", tracking_id=deliveries.new_tracking_id(now), created_at=now, price=300,
    )  # fmt: skip


def opened(person, words):
    person.say("0909998812")
    person.wait_for("👤 Trần Minh Anh")
    person.tap(words("button.erase"))
    return person.wait_for("🧹")


def test_the_owner_erases_after_a_question_that_says_what_stays(desk, words):
    """Figures before, the end on the same message, and the card has no name any more."""
    owner = desk.person(Role.OWNER, language=words.language)
    desk.oa()
    row = desk.follower()
    with_past(desk, row)
    question = opened(owner, words)
    assert "090***8812" in question["text"]
    assert words("erase.stays") in question["text"]
    owner.tap(words("button.erase_yes"))
    begun = owner.wait_for(words("erase.begun"))
    assert go_on(desk) == 1
    desk.drain()
    told = owner.wait_for(words("notice.erased"))
    assert told["message_id"] == begun["message_id"]
    row = Follower.get_by_id(row.id)
    assert (row.display_name, row.phone) == ("", "")
    assert Delivery.get().recipient == ""
    assert AuditEntry.get(AuditEntry.action == "customer.erased").staff_id == owner.id


def test_the_card_afterwards_says_when(desk):
    """Whoever finds an empty card knows why."""
    owner = desk.person(Role.OWNER)
    desk.oa()
    row = desk.follower(display_name="", search_name="", phone="", erased_at=desk.clock.now())
    owner.say("/khach")
    owner.tap_data(f"1:k:{row.id}", owner.wait_for("👤")["message_id"], force=True)
    owner.wait_for("🧹 Đã xóa dữ liệu ngày 23/11")


def test_only_the_owner_may(desk, words):
    """A manager has no such button, and its data is refused."""
    manager = desk.person(Role.MANAGER)
    desk.oa()
    row = desk.follower()
    manager.say("0909998812")
    card = manager.wait_for("👤 Trần Minh Anh")
    assert words("button.erase") not in str(card["keyboard"])
    manager.tap_data(f"1:k.erase:{row.id}", card["message_id"], force=True)
    manager.wait_for("chủ sở hữu")
    assert Follower.get_by_id(row.id).display_name


def test_a_yes_serves_once_and_its_owner_only(desk, words):
    """The button of a message that was copied, or tapped twice."""
    owner = desk.person(Role.OWNER, language=words.language)
    desk.oa()
    desk.follower()
    opened(owner, words)
    question = owner.last()
    owner.tap(words("button.erase_yes"))
    owner.wait_for(words("erase.begun"))
    data = question["keyboard"][0][0]["data"]
    owner.tap_data(data, question["message_id"], force=True)
    desk.settle()
    assert AuditEntry.select().where(AuditEntry.action == "customer.erased").count() == 1
    assert Staff.select().count() == 1


def test_the_second_button_erases_the_same_number_everywhere(desk):
    """When another OA knows the person too, the owner chooses."""
    owner = desk.person(Role.OWNER)
    desk.oa()
    desk.follower()
    OfficialAccount.create(oa_id="777", name="Nha khoa", created_at=desk.clock.now())
    staff.recognise(desk.clock.now(), owner.id, "Chủ", None)
    other = Follower.create(
        oa_id="777", user_id="88", phone="84909998812", display_name="Anh", first_seen_at=desk.clock.now()
    )
    Staff.update(current_oa=OfficialAccount.get(OfficialAccount.oa_id != "777")).execute()
    owner.say("0909998812")
    owner.wait_for("👤 Trần Minh Anh")
    owner.tap("🧹 Xóa dữ liệu")
    owner.wait_for("1 hồ sơ khác")
    owner.tap("🧹 Xóa cả 2")
    owner.wait_for("Đã xóa tên")
    assert Follower.get_by_id(other.id).phone == ""
