"""Connecting OAs by Zalo's page: the link, every outcome on the same message, and the alerts with their cure."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    FollowerSync,
    Notice,
    OaState,
    OaToken,
    OauthState,
    OauthTicket,
    OfficialAccount,
    Role,
    Staff,
)
from sandbox.telegram.person import labels
from services import accounts, apps, connect_codes, connect_tickets, connect_worker, notices, token_loss
from services.audit import CLI
from services.connect_front import Front

PUBLIC = "https://desk.example.vn"


@pytest.fixture
def environment(environment):
    """A server with an address."""
    return {**environment, "PUBLIC_URL": PUBLIC}


@pytest.fixture(autouse=True)
def granted_app(town):
    """The local Zalo takes our callback and forgets what a test before allowed."""
    town.post("/_sandbox/app", {"redirect_uri": None})


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def secret_in(message) -> str:
    """The secret of the link under the URL button."""
    url = next(button["url"] for row in message["keyboard"] for button in row if button.get("url"))
    assert url.startswith(PUBLIC + connect_tickets.START)
    return parse_qs(urlsplit(url).query)["t"][0]


def at_zalo(house, message, *, oa_id="", deny=False) -> dict[str, str]:
    """The person opens the link, goes on to Zalo's page and presses its button; what Zalo sends back."""
    url = Front(house.settings).permission_url(secret_in(message))
    form = {"deny": "1"} if deny else {"oa_id": oa_id or house.town.oa["oa_id"]}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    with pytest.raises(urllib.error.HTTPError) as redirect:
        opener.open(url, urlencode(form).encode(), timeout=10)
    with redirect.value as answer:
        back = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in back.items()}


def return_from_zalo(house, message, **choice) -> None:
    """What the web process does with Zalo's answer, then what the worker does."""
    back, front = at_zalo(house, message, **choice), Front(house.settings)
    assert front.spend(house.clock.now(), back["state"], back.get("code", ""), back.get("oa_id", ""), "")
    work(house)
    house.drain()


def work(house) -> None:
    """A worker takes what waits."""

    async def once() -> None:
        desk = house.desk()
        try:
            while await connect_worker.step(desk):
                await connect_worker.finished()
        finally:
            await desk.close()

    asyncio.run(once())


def arrive(person):
    """Somebody who has opened the bot before: Telegram lets nobody else be written to."""
    person.say("/start")
    person.wait_for("🏢")
    return person


def ask_for_link(person, words):
    person.say("/oa")
    person.wait_for(words("button.connect"))
    person.tap(words("button.connect"))
    return person.wait_for(words("button.connect_open"))


def lose(house, oa, code=-14014, **more) -> None:
    """The OA's refresh token is dead."""
    assert token_loss.lost(house.desk(), oa, code, **more)
    house.drain()


def queue(house, oa, count=3) -> None:
    """Messages that wait for the OA."""
    now = house.clock.now()
    for at in range(count):
        Delivery.create(
            oa=oa, channel="cs", kind="text", recipient=f"55{at}", content={"text": "x"}, dedupe_key=f"w{at}",
            tracking_id=f"w{at}", held_reason="token", created_at=now,
        )  # fmt: skip


# --------------------------------------------------------------------------- the link


def test_connecting_comes_first_where_there_is_no_oa(desk, words):
    """Home without an OA offers the link before the guide, and tokens last, as the advanced way."""
    person = desk.person(language=words.language)
    person.say("/start")
    found = labels(person.wait_for(words("button.connect")))
    order = [words(key) for key in ("button.connect", "button.guide", "button.add_oa")]
    assert found[: len(order)] == order


def test_the_link_is_a_button_and_stands_in_no_text(desk, words):
    """Three short lines, the button, ten minutes and one use; the secret is only in the button, its hash in the row."""
    person = desk.person(language=words.language)
    shown = ask_for_link(person, words)
    secret = secret_in(shown)
    assert secret not in shown["text"]
    assert "09:10" in shown["text"]  # ten minutes from now
    assert shown["link_preview_options"] == {"is_disabled": True}  # nobody's crawler opens the link
    assert OauthTicket.get().secret_hash != secret
    assert secret not in str(list(AuditEntry.select().dicts())) + str(list(Notice.select().dicts()))


def test_operators_connect_nothing(desk):
    """They see no button, and a button from before their role changed refuses."""
    desk.oa()
    manager = desk.person(Role.MANAGER)
    manager.say("/oa hoa mai")
    card = manager.wait_for("🔌 Nối lại")
    Staff.update(role=Role.OPERATOR).where(Staff.telegram_id == manager.id).execute()
    manager.tap("🔌 Nối lại", card["message_id"])
    manager.wait_for("việc này dành cho quản lý")
    assert OauthTicket.select().count() == 0
    manager.say("/oa")
    assert "🔌" not in str(manager.wait_for("🏢 1 OA")["keyboard"])


def test_a_new_link_ends_the_old_one(desk):
    """Only the newest works."""
    person = desk.person()
    first = secret_in(ask_for_link(person, desk.vi))
    person.tap("🔄 Link mới")
    person.wait_for(lambda message: message["keyboard"] and first not in str(message["keyboard"]))
    states = [row.state for row in OauthTicket.select().order_by(OauthTicket.id)]
    assert states == [OauthState.DROPPED, OauthState.OPEN]


def test_an_unused_link_says_that_it_is_over(desk, words):
    """After ten minutes the same message says so and offers another."""
    person = desk.person(language=words.language)
    shown = ask_for_link(person, words)
    desk.settle()
    desk.advance(minutes=10, seconds=1)
    connect_tickets.expire(desk.clock.now())
    desk.drain()
    over = person.wait_for(words("connect.over"))
    assert over["message_id"] == shown["message_id"]
    assert words("button.connect_again") in labels(over)


def test_who_turns_to_something_else_keeps_that_screen(desk):
    """The expiry does not overwrite what the message shows by then, and the outcome comes as a message of its own."""
    person = desk.person()
    shown = ask_for_link(person, desk.vi)
    person.tap("🏠", shown["message_id"])
    person.wait_for("Thêm OA đầu tiên")
    return_from_zalo(desk, shown)
    asked = person.wait_for("Đúng OA này?")
    assert asked["message_id"] != shown["message_id"]


def test_leaving_an_unused_link_cancels_its_expiry(desk):
    """Nothing more is said about it."""
    person = desk.person()
    shown = ask_for_link(person, desk.vi)
    person.tap("⬅️", shown["message_id"])
    person.wait_for("OA nào khớp")
    desk.settle()
    assert Notice.select().where(Notice.kind == "connect").count() == 0
    desk.advance(minutes=11)
    desk.drain()
    assert "OA nào khớp" in person.last()["text"]


def test_tokens_can_be_pasted_all_the_same(desk):
    """The advanced way opens the form, on the same message."""
    person = desk.person()
    ask_for_link(person, desk.vi)
    person.tap("⌨️")
    person.wait_for("OA này gọi là gì?")


# --------------------------------------------------------------------------- a new OA


def test_a_new_oa_is_active_only_after_its_name_was_confirmed(desk, words):
    """The same person says yes; then the card, paused, its tokens proven, its followers being read."""
    person = desk.person(language=words.language)
    shown = ask_for_link(person, words)
    return_from_zalo(desk, shown)
    asked = person.wait_for(words("button.connect_yes"))
    assert asked["message_id"] == shown["message_id"]
    assert desk.town.oa["oa_id"] in asked["text"]
    assert OfficialAccount.select().count() == 0
    person.tap(words("button.connect_yes"))
    card = person.wait_for(words("connect.added"))
    oa = OfficialAccount.get()
    assert (oa.published, OaToken.get().state, FollowerSync.select().count()) == (False, "ok", 1)
    assert words("connect.next_publish") in card["text"]
    assert "🔌" in str(card["keyboard"])
    desk.drain()
    assert words("connect.added") in person.last()["text"]  # nothing edits the card away


def test_no_means_that_nothing_is_added(desk, words):
    """The tokens are erased, and another link is one tap away."""
    person = desk.person(language=words.language)
    return_from_zalo(desk, ask_for_link(person, words))
    person.wait_for(words("button.connect_no"))
    person.tap(words("button.connect_no"))
    said = person.wait_for(words("connect.refused"))
    assert words("button.connect_again") in labels(said)
    assert (OfficialAccount.select().count(), OauthTicket.get().pair) == (0, "")


def test_only_the_person_who_asked_can_confirm(desk):
    """The button of somebody else's question does nothing."""
    person, other = desk.person(), desk.person(name="Tuấn")
    return_from_zalo(desk, ask_for_link(person, desk.vi))
    person.wait_for("Đúng OA này?")
    other.say("/start")
    screen = other.wait_for("Chưa có OA")
    other.tap_data(f"1:connect.yes:{OauthTicket.get().id}", screen["message_id"], force=True)
    other.wait_for("không phải của bạn")
    assert OfficialAccount.select().count() == 0


def test_a_question_nobody_answered_for_a_day_is_over(desk):
    """The message says so; the tokens are erased."""
    person = desk.person()
    return_from_zalo(desk, ask_for_link(person, desk.vi))
    person.wait_for("Đúng OA này?")
    desk.clock.advance(hours=25)
    connect_tickets.expire(desk.clock.now())
    person.mark()
    desk.drain()
    person.wait_for("Link đã hết hạn")


# --------------------------------------------------------------------------- what goes wrong


def test_saying_no_at_zalo_is_told(desk, words):
    """Four parts, and another try."""
    person = desk.person(language=words.language)
    shown = ask_for_link(person, words)
    person.mark()
    return_from_zalo(desk, shown, deny=True)
    said = person.wait_for(words("error.connect.denied.what"))
    assert words("error.head_lost") in said["text"]
    assert words("button.connect_again") in labels(said)


def test_zalos_refusal_is_explained_with_its_code(desk, words):
    """A wrong app secret is the classic: the code, its words, and the page of the guide about secrets."""
    person = desk.person(language=words.language)
    shown = ask_for_link(person, words)
    desk.town.post("/_sandbox/faults", {"match": "/oauth/v4/oa/access_token", "kind": "error", "code": -14004})
    person.mark()
    return_from_zalo(desk, shown)
    said = person.wait_for("-14004")
    assert words("code.oauth.-14004.what") in said["text"].lower() or words("code.oauth.-14004.what") in said["text"]
    guide = next(b for row in said["keyboard"] for b in row if b["text"] == words("button.guide"))
    assert guide["data"].endswith("guide:secrets")


def test_the_wrong_oa_is_named_beside_the_right_one(desk, words):
    """Reconnecting one OA while choosing another on Zalo's page changes nothing for the one that was meant."""
    person = desk.person(language=words.language)
    other = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)
    person.say("/oa gara")
    person.wait_for(words("button.reconnect_card"))
    person.tap(words("button.reconnect_card"))
    shown = person.wait_for(words("button.connect_open"))
    assert "777000111222" in shown["text"]
    person.mark()
    return_from_zalo(desk, shown)
    said = person.wait_for(desk.town.oa["oa_id"])
    assert "Gara Tín" in said["text"]
    assert OfficialAccount.select().count() == 1
    assert OaToken.select().where(OaToken.oa == other).count() == 0


def ended(house, person, words, state, code) -> dict:
    """What the link's message says when its ticket ended like this, the local Zalo's OA having been chosen."""
    person.say("/oa gara")
    person.wait_for(words("button.reconnect_card"))
    person.tap(words("button.reconnect_card"))
    person.wait_for(words("button.connect_open"))
    person.mark()
    ticket = OauthTicket.get()
    ticket.used_at, ticket.found_oa_id, ticket.found_name = house.clock.now(), house.town.oa["oa_id"], "Tên ở Zalo"
    ticket.save()
    assert connect_tickets.end(house.clock.now(), ticket, state, code)
    house.drain()
    return person.wait_for("Tên ở Zalo" if state is not OauthState.FAILED else f"#{ticket.id}")


@pytest.fixture
def gara(desk):
    return OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)


def test_the_wrong_oa_of_another_app_is_said_to_keep_its_connection(desk, gara, words):
    """Nothing of it was changed, and nothing else is claimed."""
    person = desk.person(language=words.language)
    there = desk.oa("Tên ở Zalo")
    said = ended(desk, person, words, OauthState.WRONG_OA, connect_codes.OTHER_APP)
    assert there.oa_id in said["text"]
    assert words.t.raw("error.connect.wrong_oa_kept.lost").rpartition("}")[2] in said["text"]


def test_the_wrong_oa_that_is_not_theirs_is_not_said_to_be_here(desk, gara, words):
    """By its name at Zalo, which the person saw there; what it is called here is not theirs to know."""
    person = desk.person(language=words.language)
    desk.oa("Tên nội bộ")
    said = ended(desk, person, words, OauthState.WRONG_OA, connect_codes.NOT_YOURS)
    assert "Tên nội bộ" not in said["text"]
    assert words.t.raw("error.connect.wrong_oa.lost").rpartition("}")[2] in said["text"]


@pytest.mark.parametrize("code", sorted(connect_codes.OURS))
def test_every_end_of_our_own_has_its_words(desk, gara, words, code):
    """No end is told by the text for codes nobody knows."""
    person = desk.person(language=words.language)
    said = ended(desk, person, words, OauthState.FAILED, code)
    assert words(f"code.oauth.{code}.what")[1:] in said["text"]


def test_a_question_that_a_newer_one_replaced_says_so(desk, gara, words):
    """Without a button for yet another link: the newer message asks."""
    person = desk.person(language=words.language)
    said = ended(desk, person, words, OauthState.DROPPED, connect_codes.NEWER)
    assert words("connect.newer") in said["text"]
    assert words("button.connect_again") not in labels(said)


def test_without_an_address_the_way_is_shown(house, words):
    """PUBLIC_URL missing: said in four parts, with the guide and the way by tokens."""
    object.__setattr__(house.settings, "public_url", "")
    house.start()
    person = house.person(language=words.language)
    person.say("/start")
    person.wait_for(words("button.connect"))
    person.tap(words("button.connect"))
    said = person.wait_for(words("error.connect.no_public_url.what"))
    assert words("button.connect_paste") in labels(said)


# --------------------------------------------------------------------------- several apps


def test_with_several_apps_the_person_chooses_first(desk, words):
    """The link belongs to the app that was tapped."""
    apps.add(desk.desk(), CLI, "990011223344", "Ứng dụng hai", "SecretOfTheApp2222", "WebhookKeyOfApp222")
    person = desk.person(language=words.language)
    person.say("/start")
    person.wait_for(words("button.connect"))
    person.tap(words("button.connect"))
    person.wait_for(words("connect.which_app"))
    person.tap("🧩 Ứng dụng hai")
    shown = person.wait_for(words("button.connect_open"))
    assert "Ứng dụng hai" in shown["text"]
    assert OauthTicket.get().app_id == "990011223344"
    person.tap(words("button.connect_app"))
    person.wait_for(words("connect.which_app"))


def test_an_oa_is_reconnected_through_its_own_app(desk):
    """No question then; the choice is one tap away."""
    desk.oa()
    apps.add(desk.desk(), CLI, "990011223344", "Ứng dụng hai", "SecretOfTheApp2222", "WebhookKeyOfApp222")
    person = desk.person()
    person.say("/oa hoa mai")
    person.wait_for("🔌 Nối lại")
    person.tap("🔌 Nối lại")
    person.wait_for("🔌 Mở Zalo")
    assert OauthTicket.get().app_id == desk.settings.zalo_app_id


# --------------------------------------------------------------------------- alerts


def test_a_lost_connection_is_told_with_the_button_that_mends_it(desk, words):
    """How many wait, none lost; the tap opens a link for this very OA, and the alert stays."""
    oa, person = desk.oa(), arrive(desk.person(language=words.language))
    queue(desk, oa)
    lose(desk, oa)
    alert = person.wait_for(words("alert.lost"))
    assert "3" in alert["text"]
    person.tap(words("button.reconnect"))
    shown = person.wait_for(words("button.connect_open"))
    assert shown["message_id"] != alert["message_id"]
    assert OauthTicket.get().oa_id == oa.id


def test_reconnected_within_the_hour_everything_goes_on(desk):
    """The link's own message says so; what waited is due again."""
    oa, person = desk.oa(), arrive(desk.person())
    queue(desk, oa)
    lose(desk, oa)
    person.wait_for("Mất kết nối Zalo")
    person.tap("🔌 Nối lại (1 phút)")
    return_from_zalo(desk, person.wait_for("🔌 Mở Zalo"))
    said = person.wait_for("Đã kết nối")
    assert "3 tin đang đợi tự gửi tiếp" in said["text"]
    assert OfficialAccount.get_by_id(oa.id).state == OaState.ACTIVE
    assert Delivery.select().where(Delivery.held_reason == "token").count() == 0


@pytest.mark.parametrize(
    ("more", "key"), [({"code": "permission_revoked"}, "revoked"), ({"lost": True}, "answer_lost")]
)
def test_the_alert_says_why_when_it_is_known(desk, words, more, key):
    """The OA's owner took the permission back, or Zalo's answer never arrived."""
    oa, person = desk.oa(), arrive(desk.person(language=words.language))
    lose(desk, oa, **more)
    assert words(f"alert.{key}") in person.wait_for(words("alert.lost"))["text"]
    person.say("/oa hoa mai")
    line = "revoked" if key == "revoked" else "broken"
    person.wait_for(words(f"ready.connection.{line}"))


def test_an_alert_that_comes_late_is_still_true(desk):
    """Telegram was away while somebody reconnected: it says that all is well."""
    oa, person = desk.oa(), arrive(desk.person())
    assert token_loss.lost(desk.desk(), oa, -14014)
    OfficialAccount.update(state=OaState.ACTIVE).where(OfficialAccount.id == oa.id).execute()
    desk.drain()
    assert "🔌 Nối lại" not in str(person.wait_for("Đã nối lại Zalo")["keyboard"])


def away_for_hours(desk, oa, count=3):
    """Lost, and back after three hours, with messages waiting."""
    queue(desk, oa, count)
    lose(desk, oa)
    OfficialAccount.update(lost_at=desk.clock.now() - timedelta(hours=3)).where(OfficialAccount.id == oa.id).execute()


def come_back(desk, person):
    person.wait_for("Mất kết nối Zalo")
    person.tap("🔌 Nối lại (1 phút)")
    return_from_zalo(desk, person.wait_for("🔌 Mở Zalo"))
    return person.wait_for("Đã nối lại sau 3 giờ")


def test_back_after_hours_a_manager_lets_it_go(desk):
    """The question names how long and how many; nothing leaves before the answer."""
    oa, person = desk.oa(), arrive(desk.person())
    away_for_hours(desk, oa)
    asked = come_back(desk, person)
    assert "3 tin còn đợi" in asked["text"]
    assert OfficialAccount.get_by_id(oa.id).stopped_code == "reconnected"
    person.tap("▶️ Gửi tiếp", asked["message_id"])
    person.wait_for("Spa Hoa Mai · 🟢")
    assert OfficialAccount.get_by_id(oa.id).stopped_at is None
    # The question again, from before: it is answered, so the card is shown instead.
    person.tap("🗑 Bỏ 3 tin", asked["message_id"])
    person.wait_for("Spa Hoa Mai · 🟢")
    assert Delivery.select().where(Delivery.state == DeliveryState.QUEUED).count() == 3


def test_back_after_hours_what_waits_is_dropped_after_a_question(desk):
    """From the card as well as from the alert; a second yes does nothing."""
    oa, person = desk.oa(), arrive(desk.person())
    away_for_hours(desk, oa)
    come_back(desk, person)
    person.say("/oa hoa mai")
    card = person.wait_for("đang chờ bạn quyết định")
    assert "▶️ Gửi tiếp" in labels(card)
    person.tap("🗑 Bỏ 3 tin", card["message_id"])
    question = person.wait_for("Bỏ 3 tin đang đợi?")
    assert Delivery.select().where(Delivery.state == DeliveryState.QUEUED).count() == 3
    yes = question["keyboard"][0][0]
    person.tap_data(yes["data"], question["message_id"])
    person.wait_for("Đã bỏ 3 tin")
    assert Delivery.select().where(Delivery.state == DeliveryState.CANCELLED).count() == 3
    assert OfficialAccount.get_by_id(oa.id).stopped_at is None
    again = person.tap_data(yes["data"], question["message_id"], wait=True, force=True)
    assert "đã được bấm rồi" in again["text"]


@pytest.mark.parametrize(
    ("kind", "payload", "shown", "button"),
    [
        ("refresh_expiring", {"days": 3}, "còn 3 ngày", "🔌 Nối lại (1 phút)"),
        ("package_ending", {"days": 9, "until": "2026-12-02"}, "02/12", "🏢 Mở thẻ OA"),
        ("package_ending", {"days": 0, "until": "2026-11-23"}, "hết hôm nay", "🏢 Mở thẻ OA"),
        ("oa_idle", {"days": 151}, "151 ngày", "🏢 Mở thẻ OA"),
        ("oauth_refused", {"code": -14004}, "Zalo từ chối làm mới", "🏢 Mở thẻ OA"),
    ],
)
def test_what_is_about_to_end_is_told_with_its_button(desk, kind, payload, shown, button):
    """Each alert leads to where it is mended."""
    oa, person = desk.oa(), arrive(desk.person())
    notices.alert(desk.clock.now(), kind, "x", {"oa_id": oa.oa_id, **payload})
    desk.drain()
    assert button in labels(person.wait_for(shown))


def test_trouble_with_the_app_leads_the_owner_to_it(desk):
    """Others get the card only."""
    owner, oa = desk.owner(), desk.oa()
    owner.say("/start")
    owner.wait_for("Hôm nay")
    notices.alert(desk.clock.now(), "oauth_refused", "y", {"oa_id": oa.oa_id, "code": -14004})
    desk.drain()
    owner.wait_for("Zalo từ chối làm mới")
    owner.tap("🧩 Ứng dụng Zalo")
    owner.wait_for(desk.settings.zalo_app_id)


def test_an_oa_that_was_removed_alerts_nobody(desk):
    """Nothing is left to mend."""
    person, oa = desk.person(), desk.oa()
    accounts.remove(desk.desk(), CLI, oa)
    notices.alert(desk.clock.now(), "refresh_expiring", "z", {"oa_id": oa.oa_id, "days": 1})
    desk.drain()
    assert not [message for message in person.chat() if "còn 1 ngày" in message["text"]]
