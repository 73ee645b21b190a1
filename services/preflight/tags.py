"""What kind of message a template is, by the tag Zalo approved it with: the three of today and the six before 2024."""

from __future__ import annotations

from models import SendClass

# Zalo's own mapping of the six old tags (zns.md 5.1); templates keep the tag they were approved with.
_CLASSES = {
    SendClass.TRANSACTION: {"TRANSACTION", "OTP", "IN_TRANSACTION", "POST_TRANSACTION", "1"},
    SendClass.CARE: {"CUSTOMER_CARE", "ACCOUNT_UPDATE", "GENERAL_UPDATE", "2"},
    SendClass.PROMOTION: {"PROMOTION", "FOLLOW_UP", "3"},
}


def class_of_tag(tag: str) -> SendClass:
    """The class a template's tag stands for; CARE for a tag nobody knows."""
    name = tag.strip().upper()
    return next((found for found, tags in _CLASSES.items() if name in tags), SendClass.CARE)


def is_promotion(tag: str) -> bool:
    """Whether Zalo takes messages with this tag for advertising (tag 3)."""
    return class_of_tag(tag) == SendClass.PROMOTION


def is_known(tag: str) -> bool:
    """Whether this is one of the tags Zalo documented."""
    return any(tag.strip().upper() in tags for tags in _CLASSES.values())
