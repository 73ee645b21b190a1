"""Hoa arrives; and an OA comes to the desk by hand."""

from __future__ import annotations

from sandbox.demo.messages import somebody_wrote_long_ago
from sandbox.demo.stage import PATIENCE, Stage


def arrive(stage: Stage) -> None:
    """Hoa opens the bot, in her language."""
    somebody_wrote_long_ago(stage)
    if stage.language != "vi":
        stage.hoa.say("/settings")
        stage.see(stage.words("language.en"), "the bot speaks Vietnamese until it is told otherwise")
        stage.tap("language.en")
    stage.hoa.say("/start")
    stage.see_text("button.connect", "the bot knows its owner and offers to connect an OA")
    stage.until(lambda: len(stage.hoa.commands()) > 3, "the commands menu is set in her language")


def register(stage: Stage) -> None:
    """By hand: every answer typed, every message with a token gone at once."""
    # As from the API Explorer of Zalo's developer pages; the pair of the start was replaced by the wrong choice before.
    oa = stage.control("tokens/issue", {"oa_id": stage.machine.ready["oas"][1]["oa_id"]})
    stage.hoa.say("/oa")
    stage.see(stage.words("button.connect"), "connecting by Zalo comes first, pasting tokens is for those who must")
    stage.tap("button.add_oa")
    stage.see_text("add_oa.ask_name", "the form asks for the name")
    stage.hoa.say("Nha khoa An")
    stage.see_text("add_oa.ask_oa_id", "then for the OA ID")
    stage.hoa.say(oa["oa_id"])
    stage.see_text("add_oa.ask_access", "then for the access token")
    for step, following in (("access", "refresh"), ("refresh", "description")):
        message = stage.hoa.say(oa[f"{step}_token"])
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
    stage.see(oa["oa_id"], "the card of the second OA")
