"""Other people's files: pictures whose address staff paste, and what Zalo's events point at.

Only https, only public addresses, at most three redirects, 5 MB, 5 seconds (see zalo.media). MEDIA_ALLOW_PRIVATE opens
private addresses and http, for the demo and tests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from services import uploads
from services.desk import Desk
from services.errors import Invalid
from services.uploads import Kept
from zalo import media
from zalo.media import MediaError

MAX_BYTES = 5 * 1024 * 1024


async def image(desk: Desk, url: str) -> Kept:
    """Fetch the picture behind an address and keep it as if it had been sent to us.

    Raises Invalid `media.<reason>` (zalo.media.MediaReason; limit in bytes, seconds, redirects), `image.not_a_picture`
    when the address answers something else (a page, mostly), and what `uploads.keep_image` raises.
    """
    data = await attachment(desk, url)
    return await asyncio.to_thread(uploads.keep_image, desk, data)


async def attachment(desk: Desk, url: str) -> bytes:
    """The bytes behind an address, not looked at. Raises Invalid `media.<reason>` (limit, seconds, redirects)."""
    try:
        return await media.fetch(url.strip(), max_bytes=MAX_BYTES, allow_private=desk.settings.media_allow_private)
    except MediaError as error:
        reason = error.reason.value
    limits: dict[str, Any] = {"limit": MAX_BYTES, "seconds": int(media.TOTAL_LIMIT), "redirects": media.MAX_REDIRECTS}
    raise Invalid(f"media.{reason}", **limits)
