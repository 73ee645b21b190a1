"""Half-finished forms, one a person, sealed because they may hold tokens; a restart loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import Draft, Staff
from secretbox import SecretBox
from services import reach


@dataclass
class Form:
    """A form being filled: which one, which question is open, and the answers so far."""

    kind: str
    step: str
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    message_id: int | None = None  # the screen it is shown on


def save(now: datetime, box: SecretBox, staff: Staff, form: Form) -> None:
    """Keep `form` as the person's only draft."""
    sealed = box.seal(json.dumps(form.data), _context(staff))
    values = {"kind": form.kind, "step": form.step, "data": sealed, "message_id": form.message_id, "updated_at": now}
    Draft.insert(staff=staff, **values).on_conflict(conflict_target=[Draft.staff], update=values).execute()


def load(box: SecretBox, staff: Staff) -> Form | None:
    """The person's draft, if any. One about an OA (`data["oa"]`, its row number) that is removed, or closed to the
    person meanwhile, is forgotten.
    """
    row = Draft.get_or_none(Draft.staff == staff)
    if row is None:
        return None
    data = json.loads(box.open(row.data, _context(staff)))
    if data.get("oa") is not None and reach.oa(staff, data["oa"]) is None:
        clear(staff)
        return None
    return Form(row.kind, row.step, data, row.message_id)


def clear(staff: Staff) -> bool:
    """Forget the draft; False when there was none."""
    return bool(Draft.delete().where(Draft.staff == staff).execute())


def _context(staff: Staff) -> str:
    return f"draft:{staff.telegram_id}:data"
