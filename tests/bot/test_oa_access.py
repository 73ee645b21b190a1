"""Access to single OAs: whatever number a button carries, another OA's things do not exist for this person."""

from __future__ import annotations

from typing import Any

import pytest

from bot.roles import BUTTONS, COMMANDS, FORMS
from models import (
    AuditEntry,
    Confirmation,
    Conversation,
    Delivery,
    Draft,
    Follower,
    Notice,
    OauthTicket,
    OfficialAccount,
    Rating,
    Role,
    Staff,
    StaffOa,
    StaffUpdate,
    UpdateState,
    ZnsTemplate,
)
from services import accounts, confirmations, drafts, leaving, notices, watches
from services.audit import CLI, Actor, record
from services.drafts import Form

SECRETS = ("Kín Đáo", "Bí Ẩn", "4444", "thư mật", "Mẫu Mật", "2902009")
OWNERS_ONLY = "owners see every OA"
NOTHING = "carries no number of an OA, a person or a message"
EVERY_OA = "is about all OAs by design, and names none"

# Every button: what it may carry, with numbers of the other OA in their places; a new button must be added here.
CASES: dict[str, Any] = {
    **dict.fromkeys(("home", "help", "settings", "lang", "f", "kh.find", "oa.add", "guide", "cancel"), NOTHING),
    **dict.fromkeys(("stop", "stop.ask", "stop.over"), EVERY_OA),
    **{name: OWNERS_ONLY for name, role in BUTTONS.items() if role == Role.OWNER},
    "f.go": [""],
    "oas": ["0", "8"],
    "oa": ["{oa}"],
    "oa.edit": ["{oa}"],
    "oa.rename": ["{oa}"],
    "oa.describe": ["{oa}"],
    "oa.tokens": ["{oa}"],
    "oa.remove": ["{oa}"],
    "oa.gone": ["{remove_oa}", "{others}"],
    "oa.mode": ["{oa}:{revision}:paused", "{oa}:{revision}:live", "{oa}:{revision}:test"],
    "oa.live": ["{mode}", "{others}"],
    "oa.sync": ["{oa}"],
    "oa.check": ["{oa}"],
    "oa.resume": ["{oa}:{revision}"],
    "oa.prove": ["{oa}"],
    "oa.proved": ["{oa}"],
    "connect": ["{oa}"],
    "connect.by": ["{oa}:4101110220330440550"],
    "connect.away": ["{ticket}:home", "{ticket}:card", "{ticket}:paste", "{mine}:card", "{mine}:paste"],
    "connect.yes": ["{ticket}"],
    "connect.no": ["{ticket}"],
    "late.go": ["{oa}"],
    "late.drop": ["{oa}"],
    "late.dropped": ["{drop_waiting}", "{others}"],
    "kh": ["a:0", "f:0", "a:bi an:0"],
    "k": ["{k}"],
    "k.number": ["{k}"],
    "k.tester": ["{k}:1", "{k}:0"],
    "k.file": ["csv"],
    "k.past": ["{k}:0"],
    "ph.past": ["84901114444:0"],
    "oo": ["k{k}", "p84901114444"],
    "oo.no": ["k{k}:all", "p84901115555:all"],
    "oo.ask": ["k{k}", "p84901114444"],
    "oo.open": ["{reopen}", "{others}"],
    "oo.all": ["{word}"],
    "oo.stop": ["{word}"],
    "oo.undo": ["{word}"],
    "oo.visit": ["{word}"],
    "send": [""],
    "in": ["", "w:{oa}:0", "m:{oa}:0", "s:{oa}:0", "d:{oa}:0", "w:0:0", "m:0:0", "s:0:0", "d:0:0"],
    "in.c": ["{k}"],
    "in.next": ["{oa}", "0"],
    "in.take": ["{k}", "{k}:n"],
    "in.free": ["{k}"],
    "in.done": ["{k}:1790000000000", "{k}:1790000000000:n"],
    "in.hand": ["{k}"],
    "in.to": ["{k}:1"],
    "in.say": ["{k}"],
    "in.phone": ["{k}"],
    "in.keep": ["{replace_number}", "{others}"],
    "in.kept": ["{watch}"],
    "send.to": ["{k}"],
    "send.way": ["cs", "form", "uid", "zns", "promotion", "transaction"],
    "zns": [""],
    "zns.to": ["0901114444"],
    "send.edit": [""],
    "send.again": [""],
    "send.watch": [""],
    "send.keep": [""],
    "send.test": ["", "paid"],
    "d.stop": ["{d}", "{uncertain}"],
    "oa.form_image": ["{oa}"],
    "oa.uid_api": ["{oa}:{revision}:legacy", "{oa}:{revision}:template"],
    "yes": ["{send}", "{others}"],
    "oa.phones": ["{oa}"],
    "oa.phone_add": ["{oa}"],
    "oa.phone_drop": ["{oa}:0:4567"],
    "tpl": ["{oa}:0", "{oa}:8"],
    "tpl.card": ["{tpl}"],
    "tpl.all": ["{oa}"],
    "tpl.read": ["{tpl}"],
    "tpl.zns": ["{tpl}"],
    "tpl.uid": ["{tpl}"],
    "tpl.test": ["{tpl}"],
    "tpl.tested": ["{test_template}", "{others}"],
    "tpl.ratings": ["{tpl}:0"],
    "tpl.body": ["{tpl}"],
    "tpl.nobody": ["{tpl}"],
    "quota": ["{oa}"],
    "quota.read": ["{oa}"],
    "rate": ["{rating}"],
    "rate.write": ["{rating}"],
    "rate.number": ["{rating}"],
    "rate.done": ["{rating}"],
    "again": ["{d}", "{uncertain}"],
    "resend": ["{resend}", "{others}"],
    "audit": ["{view}", "{view}:b999", "{plain_view}"],
    "audit.oa": ["{view}:0"],
    "audit.who": ["{view}:0"],
    "audit.kind": ["{view}"],
    "audit.one": ["{plain_view}:{entry}"],
    "audit.file": ["{view}:csv"],
    "audit.message": ["{d}"],
}
# Every command, with the words somebody would try.
TYPED: dict[str, list[str]] = {
    "start": ["/start", "/start k{k}"],
    "send": ["/gui Bí Ẩn", "/gui 0901114444 chào", "/gui 0901114444 mau 880044", "/gui {user_id} chào"],
    "zns": ["/zns 0901114444 880044"],
    "followers": ["/khach Bí Ẩn", "/khach 0901114444", "/khach"],
    "oa": ["/oa", "/oa kin dao", "/oa {oa_id}"],
    "opt_out": ["/tuchoi", "/tuchoi 0901114444"],
    "inbox": ["/cho", "/cho kin dao"],
    "settings": ["/caidat"],
    "help": ["/trogiup"],
    "cancel": ["/huy"],
    "audit": ["/nhatky", "/nhatky kin dao"],
    "templates": ["/mau", "/mau 880044", "/mau mat"],
    "quota": ["/hanmuc"],
    "stop_all": [],  # EVERY_OA
}
PASTED = ["0901114444", "Bí Ẩn", "kin dao", "{tracking_id}", "{user_id}"]


class Other:
    """An OA closed to the person, with everything that hangs on it; the person works with another one."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.acts = desk, 0
        self.read: set[tuple[int, int]] = set()
        self.own = desk.oa("Spa Hoa Mai")
        new = accounts.NewAccount("2902009008007006005", "Kín Đáo", "A" * 40, "R" * 40, published=True)
        self.oa = accounts.register(desk.desk(), CLI, new)
        self.person = desk.person(Role.MANAGER)
        self.staff = Staff.get(Staff.telegram_id == self.person.id)
        self.follower = desk.follower("Bí Ẩn", "84901114444", oa_id=self.oa.oa_id)
        self.template = ZnsTemplate.create(
            oa=self.oa, template_id="880044", name="Mẫu Mật", status="ENABLE", params=[], synced_at=desk.clock.now()
        )
        self.rating = Rating.create(
            oa_id=self.oa.oa_id, msg_id="r1", rate=1, note="thư mật", recipient="84901114444", template_id="880044",
            at=desk.clock.now(),
        )  # fmt: skip
        self.delivery, self.uncertain = self._delivery("1", "failed"), self._delivery("2", "uncertain")
        self.ticket, self.mine = self._ticket(desk.person(Role.MANAGER), "asking"), self._ticket(self.person, "open")
        self.tokens = {kind: self._ask(self.staff, kind) for kind in self._payloads()}
        said = {"oa_id": self.oa.oa_id, "row": self.follower.id, "at": 0, "text": "thư mật"}
        self.word = Notice.create(
            chat_id=self.person.id, kind="opted_out", ref=f"{self.oa.oa_id}:m1", payload=said, state="sent",
            created_at=desk.clock.now(),
        )  # fmt: skip
        waits = {"waiting_since": desk.clock.now(), "last_inbound_at": desk.clock.now(), "last_text": "thư mật"}
        self.talk = Conversation.create(oa_id=self.oa.oa_id, user_id=self.follower.user_id, **waits)
        self.watch = watches.add(
            desk.clock.now(), self.staff, self.oa.oa_id, self.follower.user_id, {"text": "thư mật"}
        )
        self.others = self._ask(Staff.get(Staff.telegram_id == desk.person(Role.MANAGER).id), "send")
        record(desk.clock.now(), CLI, "oa.renamed", oa_id=self.oa.oa_id, target="Kín Đáo")
        self.entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
        # Closed by hand: what stood open before stays, as if the closing had overlooked it.
        Staff.update(every_oa=False, current_oa=self.oa).where(Staff.id == self.staff.id).execute()
        StaffOa.create(staff=self.staff, oa=self.own)

    def _delivery(self, number: str, state: str) -> Delivery:
        values = {"channel": "cs", "kind": "text", "recipient": self.follower.user_id, "recipient_name": "Bí Ẩn"}
        text = {"text": "thư mật"}
        row = {"oa": self.oa, "dedupe_key": number, "tracking_id": f"d{number * 20}", "state": state, "content": text}
        return Delivery.create(**row, created_at=self.desk.clock.now(), **values)

    def _ticket(self, person: Any, state: str) -> OauthTicket:
        now = self.desk.clock.now()
        return OauthTicket.create(
            secret_hash=f"{person.id}", staff=Staff.get(Staff.telegram_id == person.id), oa=self.oa, app_id="1",
            state=state, chat_id=person.id, found_name="Kín Đáo", found_oa_id=self.oa.oa_id, created_at=now,
            expires_at=now.replace(year=2027),
        )  # fmt: skip

    def _payloads(self) -> dict[str, dict[str, Any]]:
        return {
            "mode": {"oa": self.oa.id, "mode": "paused"},
            "remove_oa": {"oa": self.oa.id},
            "drop_waiting": {"oa": self.oa.id},
            "send": {
                "channel": "cs",
                "kind": "text",
                "send_class": "care",
                "data": {"text": "thư mật"},
                "phone": "",
                "user_id": self.follower.user_id,
                "price": 0,
            },
            "resend": {"delivery": self.uncertain.id},
            "reopen": {"target": f"k{self.follower.id}", "at": 0},
            "replace_number": {"row": self.follower.id, "phone": "84938123812", "at": 0, "replace": "84901114444"},
            "test_template": {"template": self.template.id, "values": {}},
        }

    def _ask(self, person: Staff, kind: str) -> str:
        return confirmations.ask(self.desk.clock.now(), person, kind, self._payloads()[kind], self.oa)

    def fill(self, pattern: str) -> str:
        """A case with the other OA's numbers in it."""
        return pattern.format(
            oa=self.oa.id, revision=self.oa.revision, k=self.follower.id, d=self.delivery.id, oa_id=self.oa.oa_id,
            uncertain=self.uncertain.id, ticket=self.ticket.id, mine=self.mine.id, entry=self.entry.id,
            view=f"{self.oa.id}.0.-.30.0", plain_view="0.0.-.30.0", others=self.others,
            word=self.word.id, watch=self.watch.id, tpl=self.template.id, rating=self.rating.id,
            tracking_id=self.delivery.tracking_id, user_id=self.follower.user_id, **self.tokens,
        )  # fmt: skip

    def state(self) -> list[Any]:
        """Everything about the other OA that a tap could change."""
        mine = Delivery.select().where(Delivery.oa == self.oa).order_by(Delivery.id)
        used = Confirmation.select().where(Confirmation.used_at.is_null(False)).count()
        chosen = Staff.get_by_id(self.staff.id).current_oa
        done = (AuditEntry.oa_id == self.oa.oa_id) & (AuditEntry.result == "done")
        return [
            OfficialAccount.get_by_id(self.oa.id).__data__,
            [(row.id, row.state) for row in mine],
            Follower.get_by_id(self.follower.id).__data__,
            Conversation.get_by_id(self.talk.id).__data__,
            OauthTicket.get_by_id(self.ticket.id).state,
            (used, AuditEntry.select().where(done).count(), chosen.id if chosen else None),
        ]

    def shown(self, said: str = "") -> list[str]:
        """What of the other OA can be read in what is new in the chat, besides words the person said just now."""
        new = [m for m in self.person.chat() if m["from"] == "bot" and (m["message_id"], m["edits"]) not in self.read]
        self.read |= {(m["message_id"], m["edits"]) for m in new}
        told = " ".join(m["text"] + str(m["keyboard"]) + self._file(m) for m in new)
        return [word for word in SECRETS if word in told and word not in said]

    def handled(self) -> None:
        """Wait until the bot has dealt with everything the person did."""
        self.acts += 1
        mine = StaffUpdate.chat_id == self.person.id
        over = StaffUpdate.state.in_([UpdateState.DONE, UpdateState.FAILED])
        self.desk.wait_until(lambda: StaffUpdate.select().where(mine, over).count() == self.acts)

    def _file(self, message: dict[str, Any]) -> str:
        return self.person.download(message).decode() if message["file"] else ""


@pytest.fixture
def other(desk: Any) -> Other:
    return Other(desk)


def test_every_button_is_classified():
    """Whoever adds a button says here what it carries, and it is tried below."""
    assert set(CASES) == set(BUTTONS)
    assert {command.action for command in COMMANDS} == set(TYPED)


def test_no_button_reaches_an_oa_that_is_closed(desk, other):
    """All of them, with numbers of the other OA, its people, messages, links and questions.

    Nothing is shown, nothing is done, and no defect is met.
    """
    other.person.say("/start")
    first = other.person.wait_for("Spa Hoa Mai")["message_id"]
    other.handled()
    before = other.state()
    for action, patterns in CASES.items():
        for pattern in patterns if isinstance(patterns, list) else []:
            data = f"1:{action}:{other.fill(pattern)}".rstrip(":")
            other.person.tap_data(data, first, force=True)
            other.handled()
            assert other.shown(data) == [], data
            assert other.state() == before, data
            _clear(other, data)


def test_no_command_finds_an_oa_that_is_closed(desk, other):
    """Nor its people: by name, number or id, typed as a command or pasted."""
    before = other.state()
    for text in [*(text for texts in TYPED.values() for text in texts), *PASTED]:
        other.person.say(other.fill(text))
        other.handled()
        assert other.shown(text) == [], text
        assert other.state()[:4] == before[:4], text
        _clear(other, text)


def _clear(other: Other, tried: str) -> None:
    """The next case begins with nothing open; a defect met on the way is told by its words."""
    assert "mã tra cứu" not in " ".join(m["text"] for m in other.person.chat() if m["from"] == "bot"), tried
    Draft.delete().where(Draft.staff == other.staff).execute()
    # What they did about a number they typed themselves is theirs to see.
    AuditEntry.delete().where(AuditEntry.staff_id == other.staff.telegram_id, AuditEntry.oa_id == "").execute()


def test_huge_numbers_are_old_keyboards(desk, other):
    """More digits than any database number has."""
    other.person.say("/start")
    first = other.person.wait_for("Spa Hoa Mai")["message_id"]
    other.handled()
    nines = "9" * 40
    data = [f"{name}:{nines}:1:live" for name in ("oa", "k", "again", "oa.mode", "oa.sync", "connect", "audit.message")]
    for action in [
        *data,
        f"audit:{nines}.0.-.30.0",
        f"audit:0.{nines}.-.30.0",
        f"audit:0.0.-.30.0:b{nines[:20]}",
        "oa:²",
    ]:
        other.person.tap_data(f"1:{action}", first, force=True)
        other.handled()
        _clear(other, action)


def test_a_form_about_a_closed_oa_is_gone(desk, other):
    """Its next answer is an ordinary text, and "go on" finds nothing."""
    for kind, data in (("rename", {}), ("zns", {"phone": "84901114444", "template": "", "typed": True, "params": {}})):
        form = Form(kind, "name" if kind == "rename" else "template", {"oa": other.oa.id, **data}, 1)
        drafts.save(desk.clock.now(), desk.desk().box, other.staff, form)
        other.person.say("Tên Khác")
        other.handled()
        assert Draft.select().count() == 0
    assert OfficialAccount.get_by_id(other.oa.id).name == "Kín Đáo"
    assert other.shown() == []


def test_notices_about_a_closed_oa_are_not_shown(desk, other):
    """Posted before it was closed: alerts, a message's state, a question about one."""
    now, chat = desk.clock.now(), other.person.id
    other.person.say("/start")
    other.person.wait_for("Spa Hoa Mai")
    notices.post(now, chat, "oa_stopped", "x", {"oa_id": other.oa.oa_id, "code": "-1", "message": "Kín Đáo"})
    notices.post(now, chat, "uncertain", "y", {"delivery": other.uncertain.id})
    notices.post(now, chat, "delivery", "z", {"delivery": other.delivery.id})
    desk.drain()
    desk.wait_until(lambda: not Notice.select().where(Notice.state == "queued").count())
    assert other.shown() == []


def test_a_number_on_the_screen_goes_when_its_oa_is_closed(desk, other):
    """The card with the full number is taken over by a screen without it."""
    Staff.update(every_oa=True).where(Staff.id == other.staff.id).execute()
    other.person.say("/khach Bí Ẩn")
    other.person.wait_for("444")
    other.person.tap("👁 Hiện số")
    other.person.wait_for("090 111 4444")
    Staff.update(every_oa=False).where(Staff.id == other.staff.id).execute()
    desk.advance(minutes=11)
    desk.drain()
    desk.wait_until(lambda: "4444" not in other.person.last()["text"])


def test_what_may_be_kept_in_a_role_is_what_the_role_may_do():
    """services.leaving knows kinds of forms by name: none of them needs more than its role."""
    rank = list(Role)
    for role, kept in leaving.KEPT.items():
        for kind in kept & set(FORMS):
            assert rank.index(FORMS[kind]) <= rank.index(role), kind
    assert {kind for kind, role in FORMS.items() if role == Role.OPERATOR} <= leaving.KEPT[Role.OPERATOR]
    assert {kind for kind, role in FORMS.items() if role == Role.MANAGER} <= leaving.KEPT[Role.MANAGER]


def test_a_person_with_one_oa_needs_not_choose_it(desk, other):
    """It is the one they work with, whatever was chosen before."""
    other.person.say("/start")
    assert "Spa Hoa Mai" in other.person.wait_for("Hôm nay")["text"]


def test_whoever_registers_an_oa_may_use_it(desk, other):
    """A manager of single OAs is not locked out of the one they just added."""
    new = accounts.NewAccount("2902007007007007007", "Mới", "A" * 40, "R" * 40)
    made = accounts.register(desk.desk(), Actor("Hoa", Staff.get_by_id(other.staff.id)), new)
    assert StaffOa.select().where(StaffOa.oa == made).count() == 1
