"""The story: what a person and a few customers do, and what must be seen after each act.

Nothing here reaches into the product: staff type and tap through the local Telegram, customers act through the local
Zalo, whose webhooks are signed, and what is checked is what people and Zalo can see.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.demo.machine import OWNER_ID, ROOT, Machine
from sandbox.demo.transcript import Transcript
from sandbox.demo.words import Words
from sandbox.telegram.person import NotSeen, Person, Refused, Seen

PATIENCE = 30.0  # seconds a step may take; usually well under one
APPOINTMENT = "300111"
MINH_ANH = "4219935181909378001"  # follows and writes during the story
LATE_USER = "4219935181909378003"  # wrote eleven days ago


class Missed(Exception):
    """A step was not seen; the text says which, and what was there instead."""


@dataclass
class Stage:
    """Where the story is played."""

    machine: Machine
    transcript: Transcript
    name: str
    language: str
    seen: int = 0
    words: Words = field(init=False)
    hoa: Person = field(init=False)

    def __post_init__(self) -> None:
        self.words = Words(self.language)
        self.hoa = Person(self.machine.sandbox, OWNER_ID, self.name, self.language)

    @property
    def oa(self) -> dict[str, str]:
        first: dict[str, str] = self.machine.ready["oas"][0]
        return first

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """One of the sandbox's control paths; GET without a body."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.machine.sandbox}/_sandbox/{path}", data=data)  # noqa: S310
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)

    def customer(self, event: str, **more: Any) -> None:
        """A customer acts; Zalo signs the event and posts it to the webhook."""
        self.control("events", {"event": event, "oa_id": self.oa["oa_id"], **more})

    def tap(self, key: str) -> None:
        """Tap the button whose label stands under this key of the texts."""
        self.hoa.tap(self.words(key))

    def say(self, vietnamese: str, english: str) -> int:
        """Type a command by the name it has in her language."""
        return self.hoa.say(vietnamese if self.language == "vi" else english)

    def wait(self, wanted: str | Callable[[Seen], bool], what: str = "an answer") -> Seen:
        """Wait until the bot shows it, without counting it. Raises Missed."""
        try:
            return self.hoa.wait_for(wanted, PATIENCE)
        except NotSeen as missing:
            raise Missed(f"not seen: {what}\n{missing}") from None

    def see(self, wanted: str | Callable[[Seen], bool], what: str) -> Seen:
        """Wait until the bot shows it. Raises Missed."""
        found = self.wait(wanted, what)
        self.saw(what)
        return found

    def see_text(self, key: str, what: str) -> Seen:
        """Wait until a text of the product stands on the screen."""
        return self.see(self.words.middle(key), what)

    def until(self, ready: Callable[[], Any], what: str) -> Any:
        """Wait until something is true at Zalo's side or in the lists. Raises Missed."""
        end = time.monotonic() + PATIENCE
        while not (found := ready()):
            if time.monotonic() > end:
                raise Missed(f"not seen: {what}")
            self.machine.check()
            time.sleep(0.2)
        self.saw(what)
        return found

    def saw(self, what: str) -> None:
        """Count and print a check that passed."""
        self.seen += 1
        self.transcript.note(f"✓ {what}")

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """What the command line prints as JSON lines."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words, "--json"],
            cwd=ROOT,
            env=self.machine.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Missed(f"manage.py {' '.join(words)}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def play(stage: Stage) -> None:
    """All steps in order. Raises Missed at the first that is not seen."""
    for title, step in STEPS:
        stage.transcript.heading(title)
        try:
            step(stage)
        except Refused as refused:
            raise Missed(f"in the step “{title}”: {refused}") from None


def _arrive(stage: Stage) -> None:
    stage.control("users", {"user_id": LATE_USER, "display_name": "Quốc Bảo", "is_follower": True})
    stage.control("users", {"user_id": LATE_USER, "last_interaction": _days_ago(stage, 11)})
    if stage.language != "vi":
        stage.hoa.say("/settings")
        stage.see(stage.words("language.en"), "the bot speaks Vietnamese until it is told otherwise")
        stage.tap("language.en")
    stage.hoa.say("/start")
    stage.see_text("button.add_oa", "the bot knows its owner and offers to add an OA")
    stage.until(lambda: len(stage.hoa.commands()) > 3, "the commands menu is set in her language")


def _register(stage: Stage) -> None:
    stage.tap("button.add_oa")
    stage.see_text("add_oa.ask_name", "the form asks for the name")
    stage.hoa.say("Spa Hoa Mai")
    stage.see_text("add_oa.ask_oa_id", "then for the OA ID")
    stage.hoa.say(stage.oa["oa_id"])
    stage.see_text("add_oa.ask_access", "then for the access token")
    for step, following in (("access", "refresh"), ("refresh", "description")):
        message = stage.hoa.say(stage.oa[f"{step}_token"])
        stage.hoa.wait_until_deleted(message, PATIENCE)
        stage.saw(f"the message with the {step} token is deleted at once")
        stage.see_text(
            f"add_oa.ask_{following}",
            f"then for the {following} token" if following == "refresh" else "then for a description",
        )
    stage.tap("button.skip")
    stage.see_text("add_oa.ask_published", "published, yes or no?")
    stage.tap("button.yes_plain")
    stage.see_text("add_oa.ask_testing", "testing, yes or no?")
    stage.tap("button.no")
    stage.see_text("oa.prove_offer", "Zalo knows the token; proving the refresh token is offered with a warning")
    stage.tap("button.later_card")
    stage.see(stage.oa["oa_id"], "the card: a line for each thing that can stop sending")
    rows = stage.until(lambda: stage.listed("followers", "--oa", stage.oa["oa_id"]), "the follower list is pulled")
    stage.transcript.note(f"  {len(rows)} people so far")


def _customers_come(stage: Stage) -> None:
    stage.control("users", {"user_id": MINH_ANH, "display_name": "Trần Minh Anh", "phone": "84908128812"})
    stage.transcript.note(
        "Minh Anh follows the OA, writes, and sends her number with Zalo's form; somebody else leaves"
    )
    leaver = next(row["user_id"] for row in _people(stage) if row["user_id"] not in {MINH_ANH, LATE_USER})
    stage.customer("follow", user_id=MINH_ANH)
    stage.customer("user_send_text", user_id=MINH_ANH, text="Shop ơi mai còn chỗ 9h không ạ?")
    info = {"name": "Trần Minh Anh", "phone": "84908128812", "address": "12 Lê Lợi"}
    stage.customer("user_submit_info", user_id=MINH_ANH, info=info)
    stage.customer("unfollow", user_id=leaver)
    stage.until(lambda: _person(stage, MINH_ANH).get("display_name"), "Minh Anh is on the list, with her profile")
    stage.until(lambda: _person(stage, leaver).get("is_follower") is False, "the one who left is known to have left")
    stage.until(lambda: _person(stage, MINH_ANH).get("phone"), "her number is in her profile")


def _look_people_up(stage: Stage) -> None:
    stage.say("/khach", "/followers")
    stage.see("Trần Minh Anh", "the follower list")
    stage.say("/khach minh anh", "/find minh anh")
    stage.see("8812", "found by name without accents; her number is masked")


def _zns(stage: Stage) -> None:
    line = f'/zns 0901234567 {APPOINTMENT} customer_name="Nguyễn Thị Lan"'
    _fill(stage, stage.hoa.say(line))
    stage.tap("button.yes_money")
    stage.see(_state(stage, "sent"), "sent: the preview itself became the result")
    stage.see(_state(stage, "delivered"), "delivered: the receipt is on the same message")
    accepted = stage.control("messages")
    if [row["recipient"] for row in accepted] != ["84901234567"]:
        raise Missed(f"Zalo accepted {accepted}, and not one ZNS to one number")
    stage.saw("Zalo accepted exactly one message")


def _fill(stage: Stage, typed: int) -> None:
    """Answer what the template still asks, with Zalo's own sample, until the preview stands below message `typed`."""
    samples = next(t["sample"] for t in stage.machine.ready["templates"] if t["template_id"] == APPOINTMENT)
    preview, question = stage.words("button.yes_money"), stage.words.middle("zns.ask_param")

    def is_preview(message: Seen) -> bool:
        return preview in _buttons(message)

    for name in samples:
        # An answer's screen comes below it; the one above is edited too, when it loses its buttons.
        below = typed
        shown = stage.wait(lambda m: m["message_id"] > below and (is_preview(m) or question in m["text"]))  # noqa: B023
        if is_preview(shown):
            break
        asked = next((each for each in samples if each in shown["text"].rpartition(question)[2]), name)
        stage.saw(f"asked for {asked}, with its rule")
        typed = stage.hoa.say(samples[asked])
    stage.see(is_preview, "the preview: to whom, which template, what it costs, in which mode")


def _text(stage: Stage) -> None:
    stage.say("/gui minh anh", "/send minh anh")
    stage.see(stage.words("button.way_cs"), "who first, then how: the ways that are open now")
    stage.hoa.tap(f"1 {stage.words('button.way_cs')}")
    stage.see_text("send.ask_content", "what to send?")
    stage.hoa.say("Dạ mai 9h còn chỗ ạ, em giữ chỗ cho chị nhé.")
    stage.see(stage.words("button.yes"), "the preview, with the OA's name on the button")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "sent, delivered and seen, all on one message")


def _image(stage: Stage) -> None:
    stage.hoa.send_photo(_picture(), caption="Bảng giá tháng 11")
    stage.see_text("send.ask_who", "a photo with no form open: for whom?")
    stage.hoa.say("0908128812")
    stage.see(stage.words("button.yes"), "found by phone; the preview")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "the picture arrived and was seen")


def _refusal(stage: Stage) -> None:
    accepted = len(stage.control("messages"))
    stage.say("/gui quoc bao", "/send quoc bao")
    stage.see_text("send.not_now", "he wrote eleven days ago: the screen says which ways are closed, and why")
    stage.hoa.say("Chào anh Bảo, spa có lịch mới ạ")
    stage.see_text("error.send.window_closed.what", "refused before anything left, with the reason")
    if len(stage.control("messages")) != accepted:
        raise Missed("a refused message left all the same")
    stage.saw("nothing left")
    stage.tap("button.cancel")
    stage.see_text("cancel.done", "dropped")


def _renewal(stage: Stage) -> None:
    before = _tokens(stage)
    stage.control("tokens/expire", {"oa_id": stage.oa["oa_id"]})
    stage.transcript.note("Zalo lets the access token expire, a day ahead of time")
    words = "Em nhắn để chị yên tâm là lịch vẫn giữ ạ"
    stage.say(f"/gui 0908128812 {words}", f"/send 0908128812 {words}")
    stage.see(stage.words("button.yes"), "the preview")
    stage.tap("button.yes")
    stage.see(_state(stage, "seen"), "the message went out all the same")
    if _tokens(stage) == before:
        raise Missed("the tokens were not renewed")
    stage.saw("both tokens were renewed on the way, once")
    stage.hoa.say("/oa hoa mai")
    stage.see(stage.oa["oa_id"], "the card says when it was renewed, and when next")


STEPS: list[tuple[str, Callable[[Stage], None]]] = [
    ("Hoa opens the bot · Hoa mở bot", _arrive),
    ("She registers an OA · Đăng ký OA", _register),
    ("Customers come and go · Khách quan tâm, nhắn tin, rời đi", _customers_come),
    ("The follower list · Danh sách người quan tâm", _look_people_up),
    ("A ZNS · Gửi một ZNS", _zns),
    ("A text · Gửi tin tư vấn", _text),
    ("An image · Gửi ảnh", _image),
    ("A refusal with its reason · Từ chối có lý do", _refusal),
    ("A token renews itself · Token tự làm mới", _renewal),
]


def _state(stage: Stage, state: str) -> str:
    return stage.words(f"state.{state}")


def _buttons(message: Seen) -> str:
    return "\n".join(button["text"] for row in message["keyboard"] for button in row)


def _people(stage: Stage) -> list[dict[str, Any]]:
    return stage.listed("followers", "--oa", stage.oa["oa_id"])


def _person(stage: Stage, user_id: str) -> dict[str, Any]:
    return next((row for row in _people(stage) if row["user_id"] == user_id), {})


def _tokens(stage: Stage) -> Any:
    state = stage.control("state")
    return next((oa["access_token"], oa["refresh_token"]) for oa in state["oas"] if oa["oa_id"] == stage.oa["oa_id"])


def _days_ago(stage: Stage, days: int) -> int:
    now: int = stage.control("state")["clock"]["now_ms"]
    return now - days * 86_400_000


def _picture(width: int = 320, height: int = 180) -> bytes:
    """A PNG of two colours, made here so that no file has to be shipped."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + (b"\xe9\x6a\x8d" if y < height // 2 else b"\xff\xf4\xe0") * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
