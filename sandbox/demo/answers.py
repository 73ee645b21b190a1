"""Customers speak up: a question that is answered, a no to advertising, and two stars."""

from __future__ import annotations

from sandbox.demo.filling import fill
from sandbox.demo.messages import state
from sandbox.demo.stage import Missed, Stage

RATING = "300113"
PHONE = "84908128812"
LEAVING = "4219935181909378004"  # wants no advertising
ASKING = "4219935181909378005"  # writes for the first time
QUESTION = ("Shop ơi", "bé nhà mình 3 tuổi", "có gội đầu cho bé không ạ?")
ANSWER = "Dạ có ạ, 60.000đ chị nhé."


def conversation(stage: Stage) -> None:
    """She writes three lines; staff see one message, reply to it, and she reads the answer."""
    stage.control("users", {"user_id": ASKING, "display_name": "Phạm Ngọc Mai", "is_follower": True})
    stage.hoa.mark()
    stage.transcript.note(f"Ngọc Mai writes {len(QUESTION)} lines, one after the other")
    for line in QUESTION:
        stage.customer("user_send_text", user_id=ASKING, text=line)
    notice = stage.see(
        lambda message: all(line in message["text"] for line in QUESTION), "all of it in one message of the bot"
    )
    before = len(stage.accepted())
    stage.hoa.say(ANSWER, reply_to=notice["message_id"])
    body = stage.arrives(before, "cs", ASKING, "replying to that message is answering her: Zalo has it")["body"]
    if body["message"]["text"] != ANSWER:
        raise Missed(f"at Zalo: {body}, and not the answer")
    stage.see("👁", "she has seen the answer")


def opt_out(stage: Stage) -> None:
    """Exactly one word, and advertising is over, with a word back."""
    stage.control("users", {"user_id": LEAVING, "display_name": "Đỗ Thu Hà", "is_follower": True})
    stage.customer("follow", user_id=LEAVING)
    before = len(stage.accepted())
    stage.hoa.mark()
    stage.transcript.note("Thu Hà writes “dừng”")
    stage.customer("user_send_text", user_id=LEAVING, text="dừng")
    stage.arrives(before, "cs", LEAVING, "she gets a word back: no more advertising")
    stage.see_text("notice.opted_out", "staff hear of it, with an undo")


def rating(stage: Stage) -> None:
    """A rating template goes out, two stars come back."""
    before = len(stage.accepted())
    preview = fill(stage, RATING, stage.hoa.say(f'/zns 0908128812 {RATING} customer_name="Trần Minh Anh"'))
    stage.tap("button.yes_money")
    stage.arrives(before, "zns", PHONE, "Zalo has the question how it was")
    stage.see_on(preview, state(stage, "delivered"), "delivered")
    stage.hoa.mark()
    stage.transcript.note("Minh Anh gives two stars and writes why")
    stage.customer("user_feedback", phone=PHONE, template_id=RATING, rate=2, note="Chờ lâu quá")
    stage.see(
        lambda message: "⭐ 2" in message["text"] and "Chờ lâu quá" in message["text"], "staff hear of it at once"
    )
