"""⚙️ → 👥 Nhân viên: inviting, changing, removing, by the screens."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from models import AuditEntry, Confirmation, Draft, Invitation, Notice, Role, Staff, StaffUpdate
from services import contents, messages, staff
from texts import load

LINK = re.compile(r"https://t\.me/\w+\?start=inv_[\w-]+")


def row_of(person):
    return Staff.get(Staff.telegram_id == person.id)


def to_staff(owner):
    owner.say("/caidat")
    owner.wait_for("Ngôn ngữ")
    owner.tap("👥 Nhân viên")
    return owner.wait_for("👥 Nhân viên")


def open_card(owner, name):
    to_staff(owner)
    owner.tap(name)
    return owner.wait_for(f"👤 {name}")


def invitation(owner, role="📨 Gửi tin", *taps):
    """The link at the end of the flow."""
    to_staff(owner)
    owner.tap("➕ Mời")
    owner.wait_for("Mời ai")
    owner.tap(role)
    for label in (*taps, "✅ Tạo link"):
        owner.wait_for(label)
        owner.tap(label)
    found = owner.wait_for(lambda message: bool(LINK.search(message["text"])))
    return LINK.search(found["text"]).group(), found


def quiet(desk, person, friend):
    """Whatever the person did got no answer: somebody asked later was answered meanwhile."""
    friend.say("/start")
    friend.wait_for("OA")
    desk.settle()
    return [message for message in person.chat() if message["from"] == "bot"]


def test_an_invitation_from_the_screens_to_the_greeting(desk, story):
    """Role, rights, link with share and copy; the newcomer is greeted with three things to try, the owner told."""
    desk.oa()
    owner, tuan = desk.owner(), desk.person(role=None, name="Tuấn")
    link, shown = invitation(owner)
    assert "Mời bạn làm nhân viên gửi tin" in shown["text"]
    share, copy = shown["keyboard"][0]
    assert parse_qs(urlsplit(share["url"]).query)["url"] == [link]
    assert copy["copy_text"]["text"] == link
    tuan.open_link(link)
    hello = tuan.wait_for("Chào Tuấn, bạn là nhân viên gửi tin của")
    assert "Spa Hoa Mai" in hello["text"]
    assert [button["text"][0] for row in hello["keyboard"] for button in row] == ["1", "2", "3"]
    told = owner.wait_for("Tuấn đã nhận lời mời")
    story(owner)
    assert (row_of(tuan).sees_numbers, row_of(tuan).sees_money) == (True, False)
    tuan.tap("1 Tìm một khách")
    tuan.wait_for("👤 Khách")
    owner.tap("👤 Mở thẻ nhân viên", told["message_id"])
    owner.wait_for("👤 Tuấn")


def test_rights_and_time_are_chosen_before_the_link(desk):
    """Money on, numbers off, English, seven days, for whom: all of it is in the invitation."""
    desk.oa()
    owner = desk.owner()
    to_staff(owner)
    owner.tap("➕ Mời")
    owner.wait_for("Mời ai")
    owner.tap("📨 Gửi tin")
    owner.wait_for("Mặc định cho nhân viên gửi tin: thấy số, không thấy tiền")
    owner.tap("📱 Ẩn số")
    owner.wait_for("Thấy số điện thoại đầy đủ: không")
    owner.tap("💰 Cho thấy tiền")
    owner.wait_for("Thấy giá và chi phí: có")
    owner.tap("🌐")
    owner.wait_for("English")
    owner.tap("⏳ Đổi thành 7 ngày")
    owner.wait_for("trong 7 ngày")
    owner.say("Tuấn, ca sáng")
    owner.wait_for("Dành cho: Tuấn, ca sáng")
    owner.tap("✅ Tạo link")
    owner.wait_for("t.me")
    row = Invitation.get()
    assert (row.sees_numbers, row.sees_money, row.language, row.name) == (False, True, "en", "Tuấn, ca sáng")
    assert (row.expires_at - row.created_at).days == 7


def test_an_invitation_for_chosen_oas(desk):
    """With several OAs they can be ticked one by one; the newcomer sees only those."""
    desk.oa()
    two = second_oa(desk, "Nha khoa An")
    owner, tuan = desk.owner(), desk.person(role=None, name="Tuấn")
    link, _ = invitation(owner, "🧰 Quản lý", "▫️ Nha khoa An", "✅ 1 OA đã chọn")
    tuan.open_link(link)
    assert "Nha khoa An" in tuan.wait_for("Chào Tuấn")["text"]
    assert [oa.id for oa in staff.usable_oas(row_of(tuan))] == [two.id]
    tuan.say("/oa")
    assert "Spa Hoa Mai" not in tuan.wait_for("1 OA")["text"]


def second_oa(desk, name):
    from services import accounts
    from services.audit import CLI

    new = accounts.NewAccount(f"29020080070060{len(name):05}", name, "A" * 40, "R" * 40, published=True)
    return accounts.register(desk.desk(), CLI, new)


def test_of_two_who_open_the_link_one_gets_in(desk):
    """The other is told kindly, in the language of the invitation, and stays a stranger."""
    owner = desk.owner()
    link, _ = invitation(owner)
    one, two = desk.person(role=None, name="Tuấn"), desk.person(role=None, name="An")
    one.open_link(link)
    two.open_link(link)
    answers = [person.wait_for(lambda message: True)["text"] for person in (one, two)]
    assert sorted("Chào" in text for text in answers) == [False, True]
    assert sorted("đã được dùng rồi" in text for text in answers) == [False, True]
    assert Staff.select().where(Staff.telegram_id.in_([one.id, two.id])).count() == 1


@pytest.mark.parametrize(("how", "answer"), [("revoke", "đã được thu hồi"), ("wait", "đã hết hạn")])
def test_a_link_that_is_no_longer_good_says_why(desk, how, answer):
    """Revoked on the list of open invitations, or a day old."""
    owner, tuan = desk.owner(), desk.person(role=None)
    link, _ = invitation(owner)
    if how == "wait":
        desk.advance(hours=25)
    else:
        to_staff(owner)
        owner.tap("✉️ Lời mời · 1")
        owner.wait_for("Lời mời đang mở")
        owner.tap("🚫 Thu hồi")
        owner.wait_for("Đã thu hồi")
    tuan.open_link(link)
    tuan.wait_for(answer)
    assert not staff.known({tuan.id})


def test_an_invented_link_gets_silence(desk):
    """Nothing tells whoever guesses that there are invitations at all; and a sixth try in a minute is not looked at."""
    stranger, owner = desk.person(role=None), desk.owner()
    good, _ = invitation(owner)
    for number in range(6):
        stranger.open_link(f"https://t.me/oadesk_sandbox_bot?start=inv_{str(number) * 32}")
    stranger.open_link(good)
    assert quiet(desk, stranger, desk.person()) == []
    desk.clock.advance(minutes=1)
    stranger.open_link(good)
    stranger.wait_for("Chào")


def test_somebody_who_is_staff_leaves_the_link_for_its_person(desk):
    """An owner who taps an operator's link stays owner, and the link stays good."""
    owner, tuan = desk.owner(), desk.person(role=None, name="Tuấn")
    link, _ = invitation(owner)
    owner.open_link(link)
    owner.wait_for("Bạn đã là chủ sở hữu ở đây")
    assert row_of(owner).role == Role.OWNER
    tuan.open_link(link)
    tuan.wait_for("Chào Tuấn")


def test_no_secret_of_an_invitation_is_kept(desk):
    """Neither in what is stored of the update, nor in audit, notices or drafts."""
    owner, tuan = desk.owner(), desk.person(role=None, name="Tuấn")
    link, _ = invitation(owner)
    secret = link.partition("inv_")[2]
    tuan.open_link(link)
    tuan.wait_for("Chào")
    desk.settle()
    for table in (StaffUpdate, AuditEntry, Notice, Draft, Invitation):
        for row in table.select().dicts():
            assert secret not in str(row)


def test_a_managers_settings_have_no_staff_in_them(desk):
    """Only owners manage people; a forged button says whose matter it is."""
    manager = desk.person(Role.MANAGER)
    manager.say("/caidat")
    shown = manager.wait_for("Ngôn ngữ")
    assert "👥 Nhân viên" not in str(shown["keyboard"])
    manager.tap_data("1:st", shown["message_id"], force=True)
    manager.wait_for("dành cho chủ sở hữu")


def test_role_language_numbers_money_on_the_card(desk):
    """Each is one tap, and the person feels it at once: the menu too."""
    owner, lan = desk.owner(), desk.person(Role.VIEWER, name="Lan")
    lan.say("/start")
    lan.wait_for("OA")
    open_card(owner, "Lan")
    owner.tap("🎚 Đổi vai trò")
    owner.wait_for("Vai trò mới của Lan")
    owner.tap("📨 Gửi tin")
    owner.wait_for("Vai trò: nhân viên gửi tin")
    assert "gui" in [entry["command"] for entry in lan.commands()]
    owner.tap("🌐")
    owner.wait_for("English")
    assert "send" in [entry["command"] for entry in lan.commands()]
    owner.tap("📱 Ẩn số")
    owner.wait_for("Thấy số điện thoại đầy đủ: không")
    owner.tap("💰 Ẩn tiền")
    owner.wait_for("Thấy giá và chi phí: không")
    now = row_of(lan)
    assert (now.role, now.language, now.sees_numbers, now.sees_money) == (Role.OPERATOR, "en", False, False)
    actions = [entry.action for entry in AuditEntry.select().where(AuditEntry.target == str(lan.id))]
    assert actions == ["staff.role", "staff.language", "staff.rights", "staff.rights"]
    assert AuditEntry.get(AuditEntry.action == "staff.role").chat_id == owner.id


def test_single_oas_are_opened_and_closed_on_the_card(desk):
    """First only chosen ones, then each by a tap; what is closed is gone for the person at once."""
    desk.oa()
    second_oa(desk, "Nha khoa An")
    owner, lan = desk.owner(), desk.person(Role.OPERATOR, name="Lan")
    open_card(owner, "Lan")
    owner.tap("🏢 OA được dùng")
    owner.wait_for("Đang dùng được mọi OA")
    owner.tap("🏢 Chỉ một số OA")
    owner.wait_for("Chỉ dùng được 0 OA")
    lan.say("/oa")
    lan.wait_for("Không có OA nào")
    owner.tap("▫️ Nha khoa An")
    owner.wait_for("✅ Nha khoa An")
    lan.say("/start")
    lan.wait_for("Nha khoa An")
    owner.tap("✅ Nha khoa An")
    owner.wait_for("▫️ Nha khoa An")
    lan.say("/oa")
    lan.wait_for("Không có OA nào")


def test_another_owner_is_made_only_after_a_question(desk):
    """One tap on a role gives nobody everything."""
    owner, lan = desk.owner(), desk.person(Role.MANAGER, name="Lan")
    open_card(owner, "Lan")
    owner.tap("🎚")
    owner.wait_for("Vai trò mới")
    owner.tap("👑 Chủ sở hữu")
    owner.wait_for("Cho Lan làm chủ sở hữu?")
    assert row_of(lan).role == Role.MANAGER
    owner.tap("👑 Đồng ý")
    owner.wait_for("Chủ sở hữu thấy mọi OA")
    assert row_of(lan).role == Role.OWNER


def test_the_environments_owner_cannot_be_touched(desk):
    """The card says so and has no such buttons; forged ones are refused with the reason."""
    owner = desk.owner()
    second = desk.person(Role.OWNER, name="An")
    owner.say("/start")
    owner.wait_for("OA")
    shown = open_card(second, "Chủ")
    assert "TELEGRAM_OWNER_ID" in shown["text"]
    assert "🗑" not in str(shown["keyboard"])
    number = row_of(owner).id
    for data in (f"1:st.remove:{number}", f"1:st.role:{number}:viewer"):
        shown = open_card(second, "Chủ")
        second.tap_data(data, shown["message_id"], force=True)
        second.wait_for("không ai hạ vai trò hay cho nghỉ được")
    assert (row_of(owner).role, row_of(owner).active) == (Role.OWNER, True)


def test_a_removed_person_gets_silence_at_once(desk):
    """Their words, their old buttons and their menu: all of it ends with the yes."""
    desk.oa()
    owner, lan = desk.owner(), desk.person(Role.OPERATOR, name="Lan")
    lan.say("/gui")
    shown = lan.wait_for("Gửi cho ai?")
    open_card(owner, "Lan")
    owner.tap("🗑 Cho nghỉ")
    owner.wait_for("Cho nghỉ Lan?")
    owner.tap("🗑 Cho nghỉ Lan")
    owner.wait_for("Đã cho Lan nghỉ")
    before = len(lan.chat())
    lan.say("Minh Anh")
    lan.tap_data("1:home", shown["message_id"], force=True)
    quiet(desk, lan, desk.person())
    assert len(lan.chat()) == before + 1
    assert lan.commands() == []
    assert Draft.select().where(Draft.staff == row_of(lan)).count() == 0


def test_a_tap_that_waits_already_dies_with_the_person(house):
    """Stored before the removal, run after it: nothing is sent, nothing is answered."""
    house.oa()
    lan = house.person(Role.OPERATOR, name="Lan")
    house.start()
    lan.say("/start")
    shown = lan.wait_for("Spa Hoa Mai")
    desk = house.desk()
    oa, person = staff.usable_oas(row_of(lan))[0], house.follower()
    token = messages.ask(desk, row_of(lan), messages.preview(desk, oa, contents.text("x"), follower=person))
    house.stop()
    from services import staffing, updates
    from services.audit import CLI

    stored = house.update_of(lan, "", (shown["message_id"], f"1:yes:{token}"))
    updates.store(desk.now(), desk.box, [stored])
    house.person(Role.OWNER)
    staffing.remove(desk, CLI, row_of(lan))
    before = len(lan.chat())
    house.start()
    house.wait_until(lambda: StaffUpdate.get(StaffUpdate.update_id == stored.update_id).state == "done")
    assert len(lan.chat()) == before
    assert Confirmation.select().count() == 0


def test_a_role_that_shrank_is_asked_at_the_tap(desk):
    """A question asked as a manager is worthless to the operator the person has become, and the form ends."""
    oa = desk.oa(published=False)
    owner, lan = desk.owner(), desk.person(Role.MANAGER, name="Lan")
    lan.say("/oa")
    lan.wait_for("1 OA")
    lan.tap("🟠")
    lan.wait_for("quan tâm")
    lan.tap("🟢 Gửi thật")
    shown = lan.wait_for("Đồng ý: ")
    open_card(owner, "Lan")
    owner.tap("🎚")
    owner.wait_for("Vai trò mới")
    owner.tap("📨 Gửi tin")
    owner.wait_for("Vai trò: nhân viên gửi tin")
    lan.tap("Đồng ý", shown["message_id"])
    lan.wait_for("dành cho quản lý")
    assert not type(oa).get_by_id(oa.id).published
    assert Confirmation.select().where(Confirmation.kind == "mode").count() == 0


def test_the_first_owner_who_leaves_another_can_go(desk):
    """An owner may step down when there is another one; the staff screens close for them."""
    owner, an = desk.owner(), desk.person(Role.OWNER, name="An")
    owner.say("/start")
    owner.wait_for("OA")
    open_card(an, "An")
    an.tap("🎚")
    an.wait_for("Vai trò mới")
    an.tap("🧰 Quản lý")
    an.wait_for("không còn là chủ sở hữu")
    assert row_of(an).role == Role.MANAGER


def test_a_long_list_has_pages(desk):
    """Eight at a time, owners first."""
    owner = desk.owner()
    for number in range(10):
        desk.person(Role.VIEWER, name=f"Người {number}")
    assert "11 người" in to_staff(owner)["text"]
    owner.tap("▶️")
    shown = owner.wait_for("Người 9")
    assert "Người 1 " not in shown["text"]


def test_who_may_not_see_money_sees_no_price(desk):
    """List of templates, preview, the yes, the ways to a person: none of them names an amount."""
    desk.oa()
    lan = desk.person(Role.OPERATOR, name="Lan")
    Staff.update(sees_money=False).where(Staff.telegram_id == lan.id).execute()
    lan.say('/zns 0901234567 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"')
    shown = lan.wait_for("Xem trước ZNS")
    assert "Có tính tiền" in shown["text"]
    assert not re.search(r"\d+đ", shown["text"] + str(shown["keyboard"]))
    lan.tap("✅ Gửi từ")
    lan.wait_for("ZNS")
    desk.work()
    assert not re.search(r"\d+đ", str([message["text"] for message in lan.chat()]))
    desk.follower()
    lan.say("/gui Minh Anh")
    assert "từ" not in lan.wait_for("Gửi được lúc này")["text"].partition("ZNS")[2]


def test_who_may_not_see_numbers_cannot_find_one_out(desk):
    """The card has no button for it, and a number is found by its whole or its last four digits only."""
    desk.oa()
    desk.follower("Trần Minh Anh", "84909998812")
    lan = desk.person(Role.OPERATOR, name="Lan")
    Staff.update(sees_numbers=False).where(Staff.telegram_id == lan.id).execute()
    lan.say("/khach 8812")
    assert "👁" not in str(lan.wait_for("Minh Anh")["keyboard"])
    lan.say("/khach 98812")
    lan.wait_for("0 người")
    lan.say("/khach 0909998812")
    lan.wait_for("Minh Anh")
    Staff.update(sees_numbers=True).where(Staff.telegram_id == lan.id).execute()
    lan.say("/khach 98812")
    lan.wait_for("Minh Anh")


def test_the_invite_flow_speaks_english_too(desk):
    """The same flow, in the other language, to the same greeting."""
    t = load()["en"]
    owner = desk.owner()
    owner.say("/start")
    owner.wait_for("OA")
    Staff.update(language="en").where(Staff.telegram_id == owner.id).execute()
    owner.say("/settings")
    owner.wait_for("Language")
    owner.tap("👥 Staff")
    owner.wait_for("Staff")
    owner.tap("➕ Invite")
    owner.wait_for("as what")
    owner.tap("👁 Viewer")
    owner.wait_for(t.plain("button.make_link"))
    owner.tap("✅ Make")
    link = LINK.search(owner.wait_for("t.me")["text"]).group()
    tuan = desk.person(role=None, name="Tuấn")
    tuan.open_link(link)
    tuan.wait_for("Hi Tuấn, you are a viewer of")


def test_a_number_on_the_screen_of_a_removed_person_goes(desk):
    """It would be hidden after ten minutes; now it goes with the person's rights."""
    desk.oa()
    desk.follower()
    owner, lan = desk.owner(), desk.person(Role.OPERATOR, name="Lan")
    lan.say("/khach Minh Anh")
    lan.wait_for("Minh Anh")
    lan.tap("👁 Hiện số")
    shown = lan.wait_for("090 999 8812")
    open_card(owner, "Lan")
    owner.tap("🗑")
    owner.wait_for("Cho nghỉ Lan?")
    owner.tap("🗑 Cho nghỉ Lan")
    owner.wait_for("Đã cho Lan nghỉ")
    lan.wait_until_deleted(shown["message_id"])
