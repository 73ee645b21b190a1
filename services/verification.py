"""Zalo's check that the domain is ours: the code the web process shows while somebody taps Verify in the console.

The code is no secret: it stands on a public page. The one set in the bot wins over the environment's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from db import write
from services import audit, house
from services.audit import Actor
from services.desk import Desk
from services.errors import Invalid

# Zalo's codes have 35 or 36 of these characters; nobody promised the length.
_CODE = re.compile(r"[A-Za-z0-9_-]{10,80}")
_IN_TAG = re.compile(r"""content\s*=\s*["'“”‘’]?([A-Za-z0-9_-]+)""", re.IGNORECASE)
_IN_FILE = re.compile(r"zalo_verifier([A-Za-z0-9_-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Shown:
    """The code on the page now; "" when there is none."""

    code: str
    from_environment: bool


def shown(desk: Desk) -> Shown:
    """What the web process shows."""
    own = str(house.get(house.VERIFICATION_CODE) or "")
    return Shown(own or desk.settings.zalo_verification_code, not own)


def read(text: str) -> str:
    """The code in what was pasted: itself, the whole meta tag, or the file's name or address.

    Raises Invalid `verification.shape`.
    """
    found = _IN_TAG.search(text) or _IN_FILE.search(text)
    code = found.group(1) if found else text.strip()
    if not _CODE.fullmatch(code):
        raise Invalid("verification.shape")
    return code


def put(desk: Desk, actor: Actor, text: str) -> str:
    """Show another code from now on; returns it. Raises as `read`. Audited."""
    code = read(text)
    _change(desk, actor, code, "verification.set")
    return code


def clear(desk: Desk, actor: Actor) -> None:
    """Show the environment's code again, or none. Audited."""
    _change(desk, actor, "", "verification.cleared")


def _change(desk: Desk, actor: Actor, code: str, action: str) -> None:
    with write():
        house.put(desk.now(), house.VERIFICATION_CODE, code)
        audit.record(desk.now(), actor, action, target=code)
