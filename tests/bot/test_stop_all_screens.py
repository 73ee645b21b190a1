"""/dunghet in the local Telegram: one tap stops everything, a manager lets it go again."""

from __future__ import annotations

from models import AuditEntry, Delivery, DeliveryState, OfficialAccount, Role, Staff, StaffOa
from services import halts, stop_all


def audited(action):
    return [(row.staff_id, row.chat_id, row.result) for row in AuditEntry.select().where(AuditEntry.action == action)]


def test_one_word_stops_everything_and_a_manager_lets_it_go(desk, words):
    """Typed by an operator, without a question; managers are told with the button, and told when it is over."""
    lan = desk.person(Role.OPERATOR, language=words.language, name="Lan")
    hoa = desk.person(Role.MANAGER, language=words.language, name="Hoa")
    oa = desk.oa()
    hoa.say("/start")  # a bot writes to nobody who never wrote to it
    hoa.wait_for("Spa Hoa Mai")
    lan.say("/dunghet" if words.language == "vi" else "/stopall")
    told = lan.wait_for(words("stop_all.means"))
    assert words("button.start_all") not in str(told["keyboard"])
    assert OfficialAccount.get_by_id(oa.id).stopped_code == "stopall"
    alert = hoa.wait_for(words("button.start_all"))
    assert "Lan" in alert["text"]
    hoa.tap(words("button.start_all"))
    hoa.wait_for(words("stop_all.ask_title"))
    assert stop_all.in_force() is not None
    hoa.mark()
    hoa.tap("▶️")
    hoa.wait_for("Spa Hoa Mai")
    over = hoa.wait_for(lambda message: message["message_id"] == alert["message_id"])
    assert words("button.start_all") not in str(over["keyboard"])
    lan.wait_for("Hoa")
    assert OfficialAccount.get_by_id(oa.id).stopped_at is None
    assert audited("stop_all.on") == [(lan.id, lan.id, "done")]
    assert audited("stop_all.off") == [(hoa.id, hoa.id, "done")]


def test_the_button_in_the_settings_stops_at_one_tap(desk):
    """Operators have it, viewers do not."""
    lan, an = desk.person(Role.OPERATOR), desk.person(Role.VIEWER)
    desk.oa()
    an.say("/caidat")
    assert "Dừng hết" not in str(an.wait_for("Cài đặt")["keyboard"])
    lan.say("/caidat")
    lan.wait_for("Cài đặt")
    lan.tap("⛔ Dừng hết")
    lan.wait_for("Đã dừng gửi toàn bộ 1 OA")
    assert stop_all.in_force() is not None


def test_pressed_again_it_says_since_when(desk):
    """The second press changes nothing and tells nobody anew."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    lan = desk.person(Role.OPERATOR, name="Lan")
    desk.oa()
    lan.say("/dunghet")
    lan.wait_for("Đã dừng gửi toàn bộ")
    hoa.say("/dunghet")
    shown = hoa.wait_for("đã dừng gửi từ trước")
    assert "Lan dừng lúc 09:00" in shown["text"]
    assert "Cho gửi tiếp" in str(shown["keyboard"])
    assert len(audited("stop_all.on")) == 1


def test_the_desk_and_the_cards_say_it_first(desk):
    """Under the title of the desk and of the OA's card, with the button for a manager."""
    hoa = desk.person(Role.MANAGER)
    lan = desk.person(Role.OPERATOR, name="Lan")
    oa = desk.oa()
    lan.say("/dunghet")
    lan.wait_for("Đã dừng")
    hoa.say("/start")
    home = hoa.wait_for("Hôm nay")
    assert "⛔ Đang dừng gửi toàn bộ: Lan" in home["text"].splitlines()[1]
    assert "Mọi thứ ổn" not in home["text"]
    assert home["keyboard"][0][0]["text"] == "▶️ Cho gửi tiếp"
    hoa.say("/oa hoa mai")
    card = hoa.wait_for("người quan tâm")
    assert "Đang dừng gửi toàn bộ: Lan" in card["text"].splitlines()[1]
    hoa.tap_data(f"1:oa.resume:{oa.id}:{OfficialAccount.get_by_id(oa.id).revision}", card["message_id"], force=True)
    hoa.wait_for("mọi OA đang dừng gửi: Lan")
    assert audited("oa.resumed") == [(hoa.id, hoa.id, "send.stop_all")]


def test_without_any_oa_the_desk_says_it_too(desk):
    """Nobody wonders why the first OA they add stands still."""
    hoa = desk.person(Role.MANAGER)
    hoa.say("/dunghet")
    hoa.wait_for("Đã dừng")
    hoa.say("/start")
    assert "Đang dừng gửi toàn bộ" in hoa.wait_for("Chào")["text"].splitlines()[0]


def test_a_preview_from_before_sends_nothing(desk):
    """The yes is refused with what is to be done, is not spent, and works when everything goes again."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    desk.oa()
    desk.follower()
    hoa.say("/gui 0909998812 Chào chị")
    preview = hoa.wait_for("Xem trước")
    yes = preview["keyboard"][0][0]["text"]
    stop_all.stop_all(desk.desk(), desk.actor())
    hoa.tap(yes)
    refused = hoa.wait_for("mọi OA đang dừng gửi: máy chủ")
    assert refused["message_id"] == preview["message_id"]
    assert not Delivery.select().exists()
    assert audited("message.accepted") == [(hoa.id, hoa.id, "send.stop_all")]


def test_a_held_message_goes_when_everything_goes_again(desk):
    """It says why it waits, then it is sent."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    desk.oa()
    desk.follower()
    hoa.say("/gui 0909998812 Chào chị")
    hoa.wait_for("Xem trước")
    hoa.tap("✅")
    hoa.wait_for("đang chờ")
    hoa.say("/dunghet")
    hoa.wait_for("Đã dừng")
    desk.work()
    row = Delivery.get()
    assert (row.state, row.held_reason) == (DeliveryState.QUEUED, "stopped")
    hoa.tap("▶️ Cho gửi tiếp")
    hoa.wait_for("1 tin đang đợi sẽ đi ngay")
    hoa.tap("▶️ Cho gửi tiếp 1 OA")
    hoa.wait_for("Đã cho gửi tiếp 1 OA")
    desk.work()
    assert Delivery.get().state == DeliveryState.SENT


def test_who_may_use_one_oa_stops_all_and_starts_none(desk):
    """The screen says that all OAs stand; there is no button, and its data is refused and written down."""
    an = desk.person(Role.MANAGER, name="An")
    oa = desk.oa()
    Staff.update(every_oa=False).where(Staff.telegram_id == an.id).execute()
    StaffOa.create(staff=Staff.get(Staff.telegram_id == an.id), oa=oa)
    an.say("/dunghet")
    shown = an.wait_for("không chỉ những OA bạn được dùng")
    assert "Cho gửi tiếp" not in str(shown["keyboard"])
    an.tap_data("1:stop.ask", shown["message_id"], force=True)
    an.wait_for("chỉ được dùng một số OA")
    assert stop_all.in_force() is not None
    assert audited("stop_all.off") == [(an.id, an.id, "stop_all.every_oa")]


def test_an_own_reason_is_named_before_and_stays(desk):
    """The question says which OA stays stopped."""
    hoa = desk.person(Role.MANAGER)
    oa = desk.oa()
    halts.stop(desk.clock.now(), oa, "-115", "no money")
    hoa.say("/dunghet")
    hoa.wait_for("Đã dừng")
    hoa.tap("▶️")
    asked = hoa.wait_for("Vẫn dừng vì lý do riêng")
    assert "Spa Hoa Mai" in asked["text"]
    hoa.tap("▶️")
    hoa.wait_for("Đã cho gửi tiếp 0 OA")
    assert OfficialAccount.get_by_id(oa.id).stopped_code == "-115"
