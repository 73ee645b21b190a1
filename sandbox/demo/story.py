"""The story: what a person and a few customers do, and what must be seen after each act.

Nothing here reaches into the product: staff type and tap through the local Telegram, customers act through the local
Zalo, whose webhooks are signed, and what is checked is what people and Zalo can see.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.demo import answers, connecting, keys, kinds, messages, registering
from sandbox.demo.stage import Missed, Stage
from sandbox.telegram.person import Refused


def play(stage: Stage) -> None:
    """All steps in order. Raises Missed at the first that is not seen."""
    for title, step in STEPS:
        stage.transcript.heading(title)
        try:
            step(stage)
        except Refused as refused:
            raise Missed(f"in the step “{title}”: {refused}") from None


STEPS: list[tuple[str, Callable[[Stage], None]]] = [
    ("Hoa opens the bot · Hoa mở bot", registering.arrive),
    ("She connects an OA · Kết nối OA bằng Zalo", connecting.connect),
    ("Customers come and go · Khách quan tâm, nhắn tin, rời đi", messages.customers_come),
    ("The follower list · Danh sách người quan tâm", messages.look_people_up),
    ("A ZNS · Gửi một ZNS", messages.zns),
    ("A text with a button · Tin tư vấn có nút", kinds.text),
    ("An image · Gửi ảnh", kinds.image),
    ("A form for her data · Biểu mẫu xin thông tin", kinds.form),
    ("A transaction message · Tin giao dịch theo mẫu", kinds.transaction),
    ("A media message · Tin truyền thông theo mẫu", kinds.media),
    ("A refusal, and the other way · Từ chối có lý do, gửi cách khác", kinds.refusal),
    ("The older free form · Tin giao dịch kiểu cũ", kinds.older),
    ("A customer is answered · Khách nhắn, trả lời ngay", answers.conversation),
    ("No more advertising · Khách nhắn «dừng»", answers.opt_out),
    ("Two stars · Khách chấm 2 sao", answers.rating),
    ("The connection is lost and mended · Mất kết nối, nối lại", connecting.reconnect),
    ("The keys are replaced · Thay khóa mã hóa", keys.rotate),
    ("A token renews itself · Token tự làm mới", messages.renewal),
    ("A second OA, by hand · OA thứ hai, dán token", registering.register),
]
