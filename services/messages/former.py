"""The two previews of before, for callers that have not moved yet."""

from __future__ import annotations

from collections.abc import Mapping

from models import Channel, Follower, OfficialAccount
from services import contents, templates
from services.desk import Desk
from services.messages.previews import Preview, preview


def preview_zns(desk: Desk, oa: OfficialAccount, phone: str, template_id: str, params: Mapping[str, str]) -> Preview:
    """A ZNS to a number."""
    content = contents.template(templates.get(oa, template_id), params, Channel.ZNS)
    return preview(desk, oa, content, phone=phone)


def preview_cs(
    desk: Desk, oa: OfficialAccount, follower: Follower, text: str = "", image: Mapping[str, str] | None = None
) -> Preview:
    """A text, or an image with `text` as its caption."""
    content = contents.image(**image, caption=text) if image else contents.text(text)
    return preview(desk, oa, content, follower=follower)
