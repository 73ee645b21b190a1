"""An OA is connected by Zalo's own page, loses the permission, and is connected again."""

from __future__ import annotations

from sandbox.demo.browser import Browser, Page
from sandbox.demo.stage import Missed, Stage
from sandbox.telegram.person import Seen


def connect(stage: Stage) -> None:
    """The first OA: a link, Zalo's page, a yes to its name."""
    stage.tap("button.connect")
    shown = stage.see(stage.words("button.connect_open"), "a link for her alone, good once and for ten minutes")
    link = _link(stage, shown)
    _preview(stage, link)
    page = _allow(stage, link, stage.oa["oa_id"])
    _reads(stage, page, "connect_page.asking.title", "Zalo's permission is there; the page sends her back to Telegram")
    _reads(stage, Browser().open(page.url), "connect_page.used", "the page opened once more changes nothing")
    stage.see_text("connect.ask", "in Telegram: is it this OA? Without her yes it is not added")
    stage.tap("button.connect_yes")
    stage.see(stage.oa["oa_id"], "added, and still paused: nothing leaves before somebody says so")
    stage.hoa.say(f"/oa {stage.oa['oa_id']}")
    stage.see(stage.words("button.set_live"), "the card: a line for each thing that can stop sending")
    stage.tap("button.set_live")
    stage.see(stage.words("button.mode_yes"), "towards sending only after a question")
    stage.tap("button.mode_yes")
    stage.see(stage.words("mode.live"), "live")
    rows = stage.until(lambda: stage.listed("followers", "--oa", stage.oa["oa_id"]), "the follower list is pulled")
    stage.transcript.note(f"  {len(rows)} people so far")


def reconnect(stage: Stage) -> None:
    """The OA's admin takes the permission away; staff hear of it and mend it, after one wrong choice."""
    stage.transcript.note("Somebody takes the app's permission away, in Zalo")
    stage.customer("permission_revoked")
    stage.see_text("alert.lost", "the bot says at once that the connection is lost, with the button that mends it")
    stage.tap("button.reconnect")
    link = _link(stage, stage.see(stage.words("button.connect_open"), "a link for this OA"))
    page = _allow(stage, link, stage.machine.ready["oas"][1]["oa_id"])
    _reads(stage, page, "connect_page.wrong_oa.title", "she chose the wrong OA: the page says which was expected")
    stage.see_text("error.connect.wrong_oa.what", "the bot says the same on the message of the link")
    stage.tap("button.connect_again")
    page = _allow(stage, _link(stage, stage.wait(stage.words("button.connect_open"))), stage.oa["oa_id"])
    _reads(stage, page, "connect_page.connected.title", "the right one: connected")
    stage.see_text("connect.done", "the bot says so on the same message")


def _link(stage: Stage, message: Seen) -> str:
    label = stage.words("button.connect_open")
    buttons = [button for row in message["keyboard"] for button in row if button["text"] == label]
    return str(buttons[0]["url"])


def _preview(stage: Stage, link: str) -> None:
    """What a messenger's link preview does before any person."""
    for _ in range(2):
        page = Browser().open(link)
    if page.status != 200:
        raise Missed(f"the page of the link answered {page.status}")
    stage.saw("opened twice by a link preview, the link is as good as before")


def _allow(stage: Stage, link: str, oa_id: str) -> Page:
    """Go through both pages as a person does."""
    browser = Browser()
    consent = browser.open(link).link(f"{stage.machine.sandbox}/oauth/")
    if oa_id not in browser.open(consent).html:
        raise Missed("Zalo's permission page does not offer the OA")
    return browser.open(consent, {"oa_id": oa_id})


def _reads(stage: Stage, page: Page, key: str, what: str) -> None:
    if stage.words(key) not in page.text:
        raise Missed(f"not seen: {what}\nthe page says: {page.text}")
    stage.saw(what)
