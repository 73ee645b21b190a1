"""The wording of a template. Zalo's API never returns it, so a manager pastes it once, with `<param>` where values go.

It is only for people's eyes: what leaves are the values, the wording is Zalo's. Therefore it is checked both ways when
it is pasted, and not shown any longer once the template's parameters have changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from db import write
from models import OfficialAccount, ZnsTemplate
from services import audit
from services.audit import Actor
from services.desk import Desk
from services.errors import Invalid
from zalo.payload import clean

LONGEST = 3000  # well over what a template may hold (zns.md 3.6), well under a Telegram message
_MARK = re.compile(r"<([^<>\n]{1,60})>")


@dataclass(frozen=True)
class Pasted:
    """A wording that may be kept; `missing` are parameters it has no mark for (those of buttons have none)."""

    text: str
    missing: tuple[str, ...]


def check(template: ZnsTemplate, text: str) -> Pasted:
    """Read a pasted wording. Raises Invalid `body.empty`, `body.too_long` (length, limit), `body.unknown_marks`."""
    tidy = unicodedata.normalize("NFC", clean(text)).replace("\r\n", "\n").strip()
    if not tidy:
        raise Invalid("body.empty")
    if len(tidy) > LONGEST:
        raise Invalid("body.too_long", length=len(tidy), limit=LONGEST)
    names, used = _names(template), marks(tidy)
    unknown = [name for name in used if name not in names]
    if unknown:
        raise Invalid("body.unknown_marks", marks=unknown[:5], known=names)
    return Pasted(tidy, tuple(name for name in names if name not in used))


def keep(desk: Desk, actor: Actor, template: ZnsTemplate, text: str) -> ZnsTemplate:
    """Keep the wording in place of the one before, audited. Raises Invalid as `check`."""
    pasted, now = check(template, text), desk.now()
    with write():
        ZnsTemplate.update(body=pasted.text, body_at=now).where(ZnsTemplate.id == template.id).execute()
        _note(desk, actor, "template.body_set", template)
    template.body, template.body_at = pasted.text, now
    return template


def drop(desk: Desk, actor: Actor, template: ZnsTemplate) -> bool:
    """Forget the wording; False when there was none."""
    with write():
        dropped = ZnsTemplate.update(body="", body_at=None).where(ZnsTemplate.id == template.id, ZnsTemplate.body != "")
        if not dropped.execute():
            return False
        _note(desk, actor, "template.body_removed", template)
    template.body, template.body_at = "", None
    return True


def fits(template: ZnsTemplate) -> bool:
    """Whether the wording is of the template as it is now: Zalo may have given it other parameters since."""
    return bool(template.body) and set(marks(template.body)) <= set(_names(template))


def filled(template: ZnsTemplate, params: Mapping[str, str]) -> str:
    """The wording with the values in it; "" when nobody pasted one, or it is of an older template. No HTML."""
    return "".join(text for text, _ in pieces(template, params))


def pieces(template: ZnsTemplate, params: Mapping[str, str]) -> list[tuple[str, bool]]:
    """As `filled`, in pieces, each with whether it is a value (to be set in bold)."""
    if not fits(template):
        return []
    # Split once, not replaced one by one: a value may look like a mark itself.
    parts = _MARK.split(str(template.body))
    return [(params.get(part, "") if at % 2 else part, bool(at % 2)) for at, part in enumerate(parts)]


def marks(text: str) -> list[str]:
    """The names between < and > in a wording, each once, in order."""
    return list(dict.fromkeys(_MARK.findall(text)))


def _names(template: ZnsTemplate) -> list[str]:
    return [rule["name"] for rule in template.params or []]


def _note(desk: Desk, actor: Actor, action: str, template: ZnsTemplate) -> None:
    oa: OfficialAccount = template.oa
    detail = {"template_id": template.template_id}
    audit.record(desk.now(), actor, action, oa_id=oa.oa_id, target=template.name, detail=detail)
