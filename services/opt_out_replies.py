"""The answer to a customer who ended advertising, or wants it back: short, at once, at most one of a kind a day.

`services.opt_outs` noted what is to be answered in the transaction of the customer's word. An answer that would come
later than an hour after the word is not sent any more.
"""

from __future__ import annotations

from typing import Any

import structlog

from db import from_ms, write
from models import Delivery, Follower, OaState, OfficialAccount, Setting
from services import conversation_facts, messages, opt_outs
from services.desk import VIETNAM, Desk
from services.errors import DeskError

log = structlog.get_logger(__name__)

# To customers, who are written to in Vietnamese whatever language the staff reads.
WORDINGS = {
    "stop": "Dạ, {oa} đã ngưng gửi tin quảng cáo cho bạn. Khi nào muốn nhận lại, bạn chỉ cần nhắn NHAN. Cảm ơn bạn ạ!",
    "return": "Dạ, {oa} sẽ lại gửi tin ưu đãi cho bạn. Muốn ngưng lúc nào, bạn chỉ cần nhắn DUNG. Cảm ơn bạn ạ!",
}


def send(desk: Desk) -> int:
    """Give every answer that is due; returns how many messages were made. Safe to run twice at once, and again."""
    notes = Setting.select(Setting.name).where(Setting.name.startswith(opt_outs.TO_ANSWER)).order_by(Setting.id)
    return sum(_settle(desk, name) for name in [row.name for row in notes])


def _settle(desk: Desk, name: str) -> bool:
    """The message and the end of the note in one transaction: neither is there without the other."""
    with write():
        note = Setting.get_or_none(Setting.name == name)
        if note is None:
            return False  # another process was faster
        Setting.delete().where(Setting.id == note.id).execute()
        row = _answer(desk, note.value)
        if row is not None:
            _confirm(row, note.value)
            opt_outs.retell(desk.now(), opt_outs.NOTICES, note.value["oa_id"], note.value["msg_id"], {"answered": True})
    return row is not None


def _confirm(row: Delivery, said: dict[str, Any]) -> None:
    """Nobody has to answer a "dừng" any more. A "nhận" may be about an order, so it waits for a person."""
    if said["meaning"] == opt_outs.Meaning.STOP:
        conversation_facts.confirm(said["oa_id"], said["user_id"], from_ms(said["at"]), row.id)


def _answer(desk: Desk, said: dict[str, Any]) -> Delivery | None:
    here = (OfficialAccount.oa_id == said["oa_id"]) & (OfficialAccount.state != OaState.REMOVED)
    oa = OfficialAccount.get_or_none(here)
    person = Follower.get_or_none(Follower.oa_id == said["oa_id"], Follower.user_id == said["user_id"])
    if oa is None or person is None or from_ms(said["at"]) + opt_outs.ANSWER_WITHIN < desk.now():
        return None
    today = f"{desk.now().astimezone(VIETNAM):%Y-%m-%d}"  # one of a kind for a person and day
    key = f"opt_out:{said['meaning']}:{said['oa_id']}:{said['user_id']}:{today}"
    try:
        return messages.automatic(desk, oa, person, WORDINGS[said["meaning"]].format(oa=oa.name), key)
    except DeskError as problem:
        log.warning("opt_out_not_answered", oa_id=oa.oa_id, problem=problem.key)
        return None
