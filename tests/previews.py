"""Previews of the two commonest messages, for tests about something else."""

from __future__ import annotations

from collections.abc import Mapping

from models import Channel, Follower, OfficialAccount
from services import contents, messages, templates
from services.desk import Desk
from services.messages import Preview


def zns_preview(desk: Desk, oa: OfficialAccount, phone: str, template_id: str, params: Mapping[str, str]) -> Preview:
    """A ZNS to a number, in any spelling."""
    content = contents.template(templates.get(oa, template_id), params, Channel.ZNS)
    return messages.preview(desk, oa, content, phone=phone)


def cs_preview(
    desk: Desk, oa: OfficialAccount, person: Follower, text: str = "", image: Mapping[str, str] | None = None
) -> Preview:
    """A text, or an image with `text` as its caption."""
    content = contents.image(**image, caption=text) if image else contents.text(text)
    return messages.preview(desk, oa, content, follower=person)
