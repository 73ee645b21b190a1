"""Where Zalo's documents disagree or are silent: which of the shapes this OA's answers and events have."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Shapes:
    """Each field names its choices in CHOICES; the first one is the default."""

    old_messages: str = "closed"
    """The older free-form media and transaction messages: refused -233, taken, or an unknown address (404)."""
    quota_container: str = "asset"
    """quota/message by owner: a list in `data.asset`, in `data.assets`, or `data` itself (oa-api 9.2)."""
    uid_sent_time: str = "inside"
    """message/template: `sent_time` inside `data` or beside it (zns 1.5)."""
    template_ids: str = "mixed"
    """Numbers in the list and texts in the detail, or always one of them (zns 3.1)."""
    quota_numbers: str = "mixed"
    """Texts in the answer to a send and numbers in message/quota, or always one of them (zns 1.1, 2.2)."""
    timestamps: str = "text"
    """The `timestamp` of every event (webhooks 3.0)."""
    rating_method: str = "any"
    """The method that rating/get takes; another one is -106 (zns 2.5)."""
    ratings: str = "new"
    """`feedbacks`, `rating_type` and `option`, or `feedback` alone as before 2026 (zns 2.5)."""
    oa_key: str = "oaId"
    """What change_oa_daily_quota calls the OA (zns 9.6)."""
    quality_event: str = "text"
    """change_template_quality with the new value, or with previous and new one (zns 9.5)."""


CHOICES = {
    "old_messages": ("closed", "alive", "gone"),
    "quota_container": ("asset", "assets", "data"),
    "uid_sent_time": ("inside", "outside"),
    "template_ids": ("mixed", "number", "text"),
    "quota_numbers": ("mixed", "number", "text"),
    "timestamps": ("text", "number"),
    "rating_method": ("any", "GET", "POST"),
    "ratings": ("new", "old"),
    "oa_key": ("oaId", "oa_id"),
    "quality_event": ("text", "object"),
}
SHAPE_FIELDS = frozenset(item.name for item in fields(Shapes))


def set_shape(shapes: Shapes, name: str, value: object) -> None:
    """Choose one shape. Raises ValueError naming the choices."""
    if value not in CHOICES[name]:
        raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
    setattr(shapes, name, value)


def number_or_text(value: int, shape: str, usual: type) -> int | str:
    """`value` as the shape wants it; `usual` is its type when both kinds are mixed."""
    as_text = shape == "text" or (shape == "mixed" and usual is str)
    return str(value) if as_text else value
