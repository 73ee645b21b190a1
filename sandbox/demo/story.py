"""The story: what a person and a few customers do, and what must be seen after each act.

Nothing here reaches into the product: staff type and tap through the local Telegram, customers act through the local
Zalo, whose webhooks are signed, and what is checked is what people and Zalo can see.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.demo import connecting, keys, messages, registering
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
    ("A text · Gửi tin tư vấn", messages.text),
    ("An image · Gửi ảnh", messages.image),
    ("A refusal with its reason · Từ chối có lý do", messages.refusal),
    ("The connection is lost and mended · Mất kết nối, nối lại", connecting.reconnect),
    ("The keys are replaced · Thay khóa mã hóa", keys.rotate),
    ("A token renews itself · Token tự làm mới", messages.renewal),
    ("A second OA, by hand · OA thứ hai, dán token", registering.register),
]
