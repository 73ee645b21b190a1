"""What a manager chooses about an OA's messages: the way of media and transaction messages, the form's picture."""

from __future__ import annotations

from models import OfficialAccount, UidMessageApi
from services import accounts
from services.audit import Actor
from services.desk import Desk


def set_uid_message_api(desk: Desk, actor: Actor, oa: OfficialAccount, api: UidMessageApi) -> None:
    """Send media and transaction messages by approved template, or in the older free form. Audited.

    Open confirmations of this OA become void. Safe to call twice: the second time changes and writes nothing.
    """
    if oa.uid_message_api != api:
        accounts.change(desk, actor, oa, "oa.uid_message_api", uid_message_api=str(api))


def set_form_image(desk: Desk, actor: Actor, oa: OfficialAccount, address: str) -> None:
    """The picture above the information form; "" for the OA's own cover. The address was looked at before. Audited."""
    if oa.form_image != address:
        accounts.change(desk, actor, oa, "oa.form_image", form_image=address)
