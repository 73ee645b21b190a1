"""The guide in the bot and its page in docs/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.html_cut import length
from bot.markup import to
from bot.screens.guide import EVENTS, MAX_COPY, STEPS, values
from bot.telegram_limits import MAX_TEXT
from models import Role
from sandbox.telegram.person import labels
from services import addresses
from services.events import _READERS
from texts import load
from webhook.door import PATH

DOC = (Path(__file__).parents[2] / "docs/connect.md").read_text(encoding="utf-8")
TEXTS = load()
PUBLIC = "https://desk.example.vn"


@pytest.fixture
def environment(environment):
    """A server with an address."""
    return {**environment, "PUBLIC_URL": PUBLIC}


def test_the_document_and_the_bot_name_the_same_steps():
    """In the same order: whoever reads one finds their place in the other."""
    headings = re.findall(r"^## \d+\. (.+)$", DOC, re.MULTILINE)
    assert headings == [TEXTS["en"].raw(f"guide.{step}.title") for step in STEPS]


def test_the_document_names_the_console_in_its_own_words():
    """What stands on Zalo's pages in Vietnamese is found in the document as it stands there."""
    for label in ("Official Account Callback Url", "Thay đổi", "Webhook Retry", "Lọc cú pháp", "OA Secret Key"):
        assert label in DOC
        assert any(label in TEXTS["vi"].raw(f"guide.{step}.body") for step in STEPS)


def test_every_event_we_read_is_on_the_list_to_tick():
    """In the bot and in the document; a family is written with a star."""
    for place in ("\n".join(EVENTS), DOC):
        named = set(re.findall(r"[a-z_]+_[a-z_*]+|follow|unfollow", place))
        wanted = set(_READERS) - {"user_asking_product", "user_call_oa"}  # shops and calls: of no use to most OAs
        assert wanted <= named | {"follow", "unfollow"}


def test_the_addresses_are_those_that_answer():
    """The guide's webhook address is the one of the web process."""
    assert addresses.WEBHOOK == PATH
    assert all(path in DOC for path in (addresses.WEBHOOK, addresses.CALLBACK))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_fits_into_one_message(house, language):
    """With the values filled in."""
    for step in STEPS:
        body = TEXTS[language](f"guide.{step}.body", **values(house.settings))
        assert length(body) < MAX_TEXT - 300
    assert all(len(value) <= MAX_COPY for name, value in values(house.settings).items() if name != "events")


def test_the_pages_are_turned_one_after_the_other(desk, words):
    """From the help, forward to the end and back, all on one message; the values of this installation to copy."""
    person = desk.person(language=words.language)
    person.say("/trogiup")
    person.wait_for(words("button.guide"))
    person.tap(words("button.guide"))
    copies = set()
    for at, step in enumerate(STEPS):
        page = person.wait_for(words(f"guide.{step}.title"))
        copies |= {b["copy_text"]["text"] for row in page["keyboard"] for b in row if b.get("copy_text")}
        if at + 1 < len(STEPS):
            person.tap("▶️")
    assert {f"{PUBLIC}/webhook/zalo", f"{PUBLIC}/oauth/zalo/callback", "desk.example.vn"} <= copies
    assert "▶️" not in labels(page)
    person.tap("◀️")
    person.wait_for(words(f"guide.{STEPS[-2]}.title"))


def test_without_an_address_the_guide_says_so(house, words):
    """PUBLIC_URL is not set: nothing wrong is offered to copy."""
    object.__setattr__(house.settings, "public_url", "")
    house.start()
    person = house.person(language=words.language)
    person.say("/start")
    shown = person.wait_for(words("button.guide"))
    for step in ("domain", "callback", "webhook"):
        person.tap_data(to("guide", step), shown["message_id"], force=True)
        page = person.wait_for(words("guide.no_public_url"))
        assert not [b for row in page["keyboard"] for b in row if b.get("copy_text")]


def test_the_last_page_connects_those_who_may(desk):
    """A viewer reads it without the button."""
    for role, there in ((Role.MANAGER, True), (Role.VIEWER, False)):
        person = desk.person(role)
        person.say("/trogiup")
        shown = person.wait_for("📘 Hướng dẫn")
        person.tap_data(to("guide", "connect"), shown["message_id"], force=True)
        assert ("🔌 Kết nối bằng Zalo" in labels(person.wait_for("trang 9/9"))) is there


@pytest.mark.parametrize("typed", ["118", "-118", "−118"])
def test_a_code_is_explained_with_and_without_its_minus(desk, words, typed):
    """Zalo's codes are negative; whoever leaves the minus out means the same one."""
    person = desk.person(language=words.language)
    person.say(f"/help {typed}")
    shown = person.wait_for(words("codes.title"))
    assert "-118" in shown["text"]
    assert words("codes.unknown") not in shown["text"]


@pytest.mark.parametrize("typed", ["999999", "-999999", "7"])
def test_a_code_nobody_knows_is_told_as_it_was_typed(desk, words, typed):
    """And not answered with the general help."""
    person = desk.person(language=words.language)
    person.say(f"/trogiup {typed}")
    shown = person.wait_for(words("codes.unknown"))
    assert f"{words('codes.title')} {typed}" in shown["text"].replace("\xa0", " ")


def test_a_page_nobody_knows_opens_the_first(desk):
    """As every old button does, it leads somewhere."""
    person = desk.person()
    person.say("/trogiup")
    shown = person.wait_for("📘 Hướng dẫn")
    person.tap_data(to("guide", "nothing"), shown["message_id"], force=True)
    person.wait_for("trang 1/9")
