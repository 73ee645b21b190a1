"""Every button that changes something leaves one entry: who, what, which OA, from which message."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot import acts
from bot.forms.send import send_form
from db import to_ms
from models import (
    AuditEntry,
    ChatMessage,
    Conversation,
    Delivery,
    DeliveryState,
    Follower,
    Notice,
    NoticeState,
    OauthState,
    OauthTicket,
    OfficialAccount,
    Rating,
    Role,
    Staff,
    Stranger,
    TelegramGroup,
    ZnsTemplate,
)
from services import (
    apps,
    confirmations,
    connect_tickets,
    deliveries,
    drafts,
    halts,
    house,
    invitations,
    messages,
    opt_outs,
    staff,
    stop_all,
)
from services.audit import CLI, Actor
from tests.previews import cs_preview

APP = "4101110220330440551"
NEW_OA = "2902009009009009009"


@pytest.fixture
def environment(environment):
    """A server with an address, so that connecting can begin."""
    return {**environment, "PUBLIC_URL": "https://desk.example.vn"}


class Stage:
    """A house with one OA, one customer, a colleague, and the owner who taps."""

    def __init__(self, desk) -> None:
        self.house = desk
        self.desk = desk.desk()
        self.now = desk.clock.now()
        self.person = desk.owner()
        self.person.say("/start")
        self.person.wait_for("Chào")
        self.message = self.person.last()["message_id"]
        self.oa = desk.oa()
        self.fan = desk.follower()
        self.owner = Staff.get(Staff.telegram_id == self.person.id)
        number = desk.person(Role.OPERATOR, name="Lan").id
        self.lan = Staff.get(Staff.telegram_id == number)

    def again(self) -> OfficialAccount:
        return OfficialAccount.get_by_id(self.oa.id)

    def yes(self, kind: str, payload: dict, oa=None) -> str:
        return confirmations.ask(self.now, self.owner, kind, payload, oa)

    def actor(self) -> Actor:
        return Actor(self.owner.name, self.owner)

    def failed(self) -> Delivery:
        return Delivery.create(
            oa=self.oa, channel="cs", kind="text", recipient=self.fan.user_id, content={"text": "Chào"},
            dedupe_key="x", tracking_id=deliveries.new_tracking_id(self.now), created_at=self.now,
            state=DeliveryState.UNCERTAIN, staff_id=self.owner.telegram_id,
        )  # fmt: skip

    def waiting(self) -> Delivery:
        row = self.failed()
        Delivery.update(state=DeliveryState.QUEUED).where(Delivery.id == row.id).execute()
        return row

    def queued(self) -> None:
        Delivery.update(state=DeliveryState.QUEUED).where(Delivery.id == self.failed().id).execute()

    def app(self) -> str:
        apps.add(self.desk, CLI, APP, "Ứng dụng 2", "app-secret-of-the-second", "webhook-secret-of-the-second")
        return APP

    def stranger(self, **given) -> int:
        Stranger.create(telegram_id=7009, name="Tuấn", first_seen_at=self.now, last_seen_at=self.now, **given)
        return 7009

    def group(self, **given) -> int:
        return int(TelegramGroup.create(chat_id=-1009, title="Nhóm", seen_at=self.now, left_at=self.now, **given).id)

    def ticket(self) -> int:
        issued, pair = to_ms(self.now), {"access": "access-token-of-an", "refresh": "refresh-token-of-an"}
        times = {"issued": issued, "expires": issued + 90_000_000}
        sealed = connect_tickets._seal(self.desk.box, "mark", "pair", json.dumps({**pair, **times}))
        row = OauthTicket.create(
            secret_hash="mark", staff=self.owner, app_id=self.house.settings.zalo_app_id, state=OauthState.ASKING,
            pair=sealed, found_oa_id=NEW_OA, found_name="Nha khoa An", profile={}, chat_id=self.person.id,
            created_at=self.now, expires_at=self.now, used_at=self.now,
        )  # fmt: skip
        return int(row.id)


def stopped(stage: Stage, code: str = "-115") -> Stage:
    OfficialAccount.update(stopped_at=stage.now, stopped_code=code).execute()
    return stage


def all_stopped(stage: Stage) -> str:
    stop_all.stop_all(stage.desk, CLI)
    return stop_all.ask_start(stage.desk, stage.owner)[0]


def in_test_mode(stage: Stage) -> Stage:
    OfficialAccount.update(testing=True).execute()
    return stage


def fingerprint(stage: Stage) -> str:
    return str(apps.add_webhook_secret(stage.desk, CLI, stage.app(), "another-webhook-secret").fingerprint)


def preview(stage: Stage) -> str:
    return messages.ask(stage.desk, stage.owner, cs_preview(stage.desk, stage.again(), stage.fan, "Chào"))


def to_be_tested(stage: Stage) -> str:
    """A message being written, on the screen that is tapped, and somebody who may get tests."""
    Follower.update(tester=True).execute()
    form = send_form(stage.oa, person=stage.fan.id, way="cs", text="Chào")
    form.step, form.message_id = "preview", stage.message
    drafts.save(stage.now, stage.desk.box, stage.owner, form)
    return ""


def invitation(stage: Stage) -> int:
    rights = staff.usual(Role.OPERATOR)
    return int(invitations.create(stage.desk, stage.actor(), rights, timedelta(days=1), "An")[0].id)


def domain(stage: Stage) -> str:
    house.put(stage.now, house.VERIFICATION_CODE, "AbCdEf123")
    return ""


def template(stage: Stage, **given) -> ZnsTemplate:
    values = {"template_id": "300111", "name": "Lịch hẹn", "status": "ENABLE", "params": [], "synced_at": stage.now}
    return ZnsTemplate.create(oa=stage.oa, **values, **given)


def with_test_phone(stage: Stage) -> str:
    OfficialAccount.update(test_phones=["84901234567"]).execute()
    return f"{stage.oa.id}:0:4567"


def rating(stage: Stage) -> Rating:
    values = {"msg_id": "m1", "rate": 2, "note": "chờ lâu quá", "recipient": "84901234567"}
    return Rating.create(oa_id=stage.oa.oa_id, at=stage.now, **values)


def word(stage: Stage, kind: str = opt_outs.STOPPED) -> int:
    """The notice of a customer's word, in the chat of who taps."""
    said = {"oa_id": stage.oa.oa_id, "user_id": stage.fan.user_id, "row": stage.fan.id, "at": to_ms(stage.now)}
    row = Notice.create(
        chat_id=stage.person.id, kind=kind, ref=opt_outs.ref(stage.oa.oa_id, "m1"), payload={**said, "text": "dừng"},
        state=NoticeState.SENT, created_at=stage.now,
    )  # fmt: skip
    return int(row.id)


def waiting(stage: Stage, phone: str = "", **given) -> Stage:
    """The customer wrote and waits."""
    Follower.update(phone="").where(Follower.id == stage.fan.id).execute()
    mine = {"oa_id": stage.fan.oa_id, "user_id": stage.fan.user_id}
    times = {"waiting_since": stage.now, "last_inbound_at": stage.now}
    Conversation.create(**mine, **times, **given)
    ChatMessage.create(
        **mine, msg_id="m1", inbound=True, kind="text", text=f"Shop ơi {phone}", at=stage.now, told_at=stage.now
    )
    return stage


def other_number(stage: Stage) -> str:
    waiting(stage, phone="0938123812")
    payload = {"row": stage.fan.id, "phone": "84938123812", "at": 0, "replace": ""}
    return stage.yes("replace_number", payload, stage.oa)


# Button: what stands behind its name in the callback data.
TAPS: dict[str, Callable[[Stage], str]] = {
    "lang": lambda s: "en",
    "oa.mode": lambda s: f"{s.oa.id}:{s.oa.revision}:paused",
    "oa.live": lambda s: in_test_mode(s).yes("mode", {"oa": s.oa.id, "mode": "live"}, s.again()),
    "oa.gone": lambda s: s.yes("remove_oa", {"oa": s.oa.id}, s.oa),
    "oa.sync": lambda s: f"{s.oa.id}",
    "oa.check": lambda s: f"{s.oa.id}",
    "oa.resume": lambda s: f"{stopped(s).oa.id}:{s.again().revision}",
    "oa.proved": lambda s: f"{s.oa.id}",
    "connect": lambda s: "0",
    "connect.by": lambda s: f"0:{s.house.settings.zalo_app_id}",
    "connect.yes": lambda s: f"{s.ticket()}",
    "connect.no": lambda s: f"{s.ticket()}",
    "late.go": lambda s: f"{stopped(s, halts.RECONNECTED).oa.id}",
    "late.dropped": lambda s: stopped(s, halts.RECONNECTED).yes("drop_waiting", {"oa": s.oa.id}, s.again()),
    "app.dropped": lambda s: s.yes("drop_webhook_secret", {"app": APP, "print": fingerprint(s)}),
    "app.gone": lambda s: s.yes("remove_app", {"app": s.app()}),
    "domain.clear": domain,
    "st.role": lambda s: f"{s.lan.id}:manager",
    "st.owner": lambda s: s.yes("make_owner", {"staff": s.lan.id}),
    "st.lang": lambda s: f"{s.lan.id}:en",
    "st.numbers": lambda s: f"{s.lan.id}:0",
    "st.money": lambda s: f"{s.lan.id}:0",
    "st.oa": lambda s: f"{s.lan.id}:{s.oa.id}:1:0",
    "st.every": lambda s: f"{s.lan.id}:0",
    "st.gone": lambda s: s.yes("dismiss", {"staff": s.lan.id}),
    "st.revoke": lambda s: f"{invitation(s)}",
    "st.admit": lambda s: f"{s.stranger()}:operator",
    "st.ignore": lambda s: f"{s.stranger()}",
    "st.heed": lambda s: f"{s.stranger(ignored_at=s.now)}",
    "st.allow": lambda s: f"{s.group()}",
    "st.forbid": lambda s: f"{s.group(allowed=True)}",
    "k.number": lambda s: f"{s.fan.id}",
    "k.tester": lambda s: f"{s.fan.id}:1",
    "k.file": lambda s: "csv",
    "oo.no": lambda s: f"k{s.fan.id}:promotion",
    "oo.open": lambda s: s.yes("reopen", {"target": f"k{s.fan.id}", "at": to_ms(s.now)}),
    "oo.all": lambda s: f"{word(s)}",
    "oo.stop": lambda s: f"{word(s, opt_outs.ASKED)}",
    "oo.undo": lambda s: f"{word(s)}",
    "k.erased": lambda s: s.yes("erase", {"row": s.fan.id, "everywhere": False}),
    "oa.phone_drop": lambda s: with_test_phone(s),
    "tpl.all": lambda s: f"{s.oa.id}",
    "tpl.read": lambda s: f"{template(s).id}",
    "tpl.tested": lambda s: (
        with_test_phone(s) and s.yes("test_template", {"template": template(s).id, "values": {}}, s.oa)
    ),
    "tpl.nobody": lambda s: f"{template(s, body='Chào').id}",
    "quota.read": lambda s: f"{s.oa.id}",
    "rate.number": lambda s: f"{rating(s).id}",
    "rate.done": lambda s: f"{rating(s).id}",
    "in.next": lambda s: f"{waiting(s).oa.id}",
    "in.take": lambda s: f"{waiting(s).fan.id}",
    "in.free": lambda s: f"{waiting(s, taken_by=s.owner.telegram_id, taken_at=s.now).fan.id}",
    "in.done": lambda s: f"{waiting(s).fan.id}:{to_ms(s.now)}",
    "in.to": lambda s: f"{waiting(s).fan.id}:{s.lan.id}",
    "in.phone": lambda s: f"{waiting(s, phone='0938123812').fan.id}",
    "in.keep": other_number,
    "yes": preview,
    "oa.uid_api": lambda s: f"{s.oa.id}:{s.oa.revision}:legacy",
    "send.test": to_be_tested,
    "d.stop": lambda s: f"{s.waiting().id}",
    "resend": lambda s: messages.ask_resend(s.desk, s.owner, s.failed()),
    "stop": lambda s: "",
    "stop.over": all_stopped,
    "audit.file": lambda s: "0.0.-.30.0:csv",
}
# What concerns no OA, or every one.
HOUSE = {
    "lang", "connect", "connect.by", "app.dropped", "app.gone", "domain.clear", "st.role", "st.owner", "st.lang",
    "st.numbers", "st.money", "st.every", "st.gone", "st.revoke", "st.admit", "st.ignore", "st.heed", "st.allow",
    "st.forbid", "stop", "stop.over", "audit.file",
}  # fmt: skip
OTHER_OA = {"connect.yes": NEW_OA, "connect.no": NEW_OA}


def test_every_button_that_changes_something_is_tapped_here():
    """Whoever adds one adds its tap."""
    assert set(TAPS) == set(acts.BUTTONS)


@pytest.mark.parametrize("button", sorted(TAPS))
def test_a_tap_leaves_an_entry(desk, button):
    """Done by this person, in this chat, from this message, about this OA; once."""
    stage = Stage(desk)
    rest = TAPS[button](stage)
    tap(stage, button, rest)
    action = acts.BUTTONS[button]
    desk.wait_until(lambda: entries(stage, action))
    desk.settle()
    (entry,) = entries(stage, action)
    assert (entry.actor, entry.chat_id, entry.message_id) == ("Chủ", stage.person.id, stage.message)
    assert entry.result == "done"
    if button not in HOUSE:
        assert entry.oa_id == OTHER_OA.get(button, stage.oa.oa_id)


@pytest.mark.parametrize("button", sorted({*acts.BUTTONS, *acts.LEADS_TO} - {"lang"}))
def test_a_tap_without_the_right_leaves_an_entry_too(desk, button):
    """With the role it lacks as the result, once, and nothing is done."""
    viewer = desk.person(Role.VIEWER)
    viewer.say("/start")
    viewer.wait_for("Chưa có OA")
    message = viewer.last()["message_id"]
    viewer.tap_data(f"1:{button}:1:2", message, force=True)
    viewer.wait_for("dành cho")
    desk.settle()
    (entry,) = AuditEntry.select()
    action = acts.BUTTONS.get(button) or acts.LEADS_TO[button]
    assert (entry.staff_id, entry.action, entry.chat_id, entry.message_id) == (viewer.id, action, viewer.id, message)
    assert entry.result.startswith("role.")


@pytest.mark.parametrize("button", ["zns", "send", "kh", "audit", "st"])
def test_looking_without_the_right_leaves_none(desk, button):
    """Nobody was kept from changing anything."""
    viewer = desk.person(Role.VIEWER)
    viewer.say("/start")
    viewer.wait_for("Chưa có OA")
    viewer.tap_data(f"1:{button}", viewer.last()["message_id"], force=True)
    viewer.wait_for("dành cho")
    desk.settle()
    assert not AuditEntry.select().exists()


def test_a_second_tap_is_no_refusal(desk):
    """The yes that served already leaves the one entry of the act."""
    stage = Stage(desk)
    rest = preview(stage)
    for _ in range(2):
        stage.person.tap_data(f"1:yes:{rest}", stage.message, force=True, wait=True)
    desk.settle()
    assert [entry.result for entry in entries(stage, "message.accepted")] == ["done"]


def test_a_yes_after_a_change_is_a_refusal_and_a_new_preview(desk):
    """The OA stopped sending between the preview and the yes: written once, with the reason."""
    hoa = desk.person(Role.MANAGER)
    oa = desk.oa()
    desk.follower()
    hoa.say("/gui 0909998812 Chào")
    hoa.wait_for("Xem trước")
    OfficialAccount.update(revision=OfficialAccount.revision + 1).where(OfficialAccount.id == oa.id).execute()
    hoa.tap("✅")
    hoa.wait_for("vừa được đổi chế độ")
    desk.settle()
    (entry,) = AuditEntry.select().where(AuditEntry.action == "message.accepted")
    assert (entry.result, entry.oa_id, entry.staff_id) == ("confirm.oa_changed", oa.oa_id, hoa.id)


def test_a_form_that_could_not_be_finished_is_a_refusal(desk):
    """The role went while the question stood open; the answer changes nothing."""
    hoa = desk.person(Role.MANAGER)
    oa = desk.oa()
    hoa.say("/oa hoa mai")
    card = hoa.wait_for("người quan tâm")
    hoa.tap_data(f"1:oa.rename:{oa.id}", card["message_id"], force=True)
    hoa.wait_for("Spa Hoa Mai")
    desk.settle()
    Staff.update(role=Role.VIEWER).where(Staff.telegram_id == hoa.id).execute()
    hoa.say("Tên khác")
    hoa.wait_for("dành cho quản lý")
    (entry,) = AuditEntry.select().where(AuditEntry.action == "oa.renamed")
    assert (entry.result, entry.oa_id) == ("role.manager", oa.oa_id)
    assert OfficialAccount.get_by_id(oa.id).name == "Spa Hoa Mai"


def tap(stage: Stage, button: str, rest: str) -> None:
    data = f"1:{button}:{rest}" if rest else f"1:{button}"
    stage.person.tap_data(data, stage.message, force=True)


def entries(stage: Stage, action: str) -> list[AuditEntry]:
    mine = (
        (AuditEntry.staff_id == stage.person.id) & (AuditEntry.action == action) & AuditEntry.message_id.is_null(False)
    )
    return list(AuditEntry.select().where(mine))
