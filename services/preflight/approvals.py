"""The rules about templates: whether Zalo approved them, for whom, and whether they go by user id."""

from __future__ import annotations

from services.errors import Refusal
from services.preflight.facts import Facts
from services.preflight.rules import OTP_TIMEOUT_MS, Finding, is_development
from services.preflight.tags import class_of_tag, is_known
from services.preflight.verdicts import Letter, Note


def no_template(facts: Facts, letter: Letter) -> Finding:
    """None of the kind, or it is gone."""
    return Refusal("way.no_template") if letter.template is None else None


def not_approved(facts: Facts, letter: Letter) -> Finding:
    """In review, a draft or rejected. Whether development reaches one in review is not documented (zns.md 1.1)."""
    row = letter.template
    if row is None or row.status in {"ENABLE", "DISABLE", "DELETE"}:
        return None
    if row.status == "PENDING_REVIEW" and is_development(facts, letter):
        return Note("template_in_review", {"template": row.name})
    return _not_sendable(letter, "-131")


def disabled(facts: Facts, letter: Letter) -> Finding:
    """Zalo switches templates of low quality off."""
    return _not_sendable(letter, "-146") if letter.template and letter.template.status == "DISABLE" else None


def deleted(facts: Facts, letter: Letter) -> Finding:
    """Gone at Zalo."""
    return _not_sendable(letter, "-109") if letter.template and letter.template.status == "DELETE" else None


def kind_not_allowed(facts: Facts, letter: Letter) -> Finding:
    """The OA may not send this kind of content, by the list Zalo gave of those it may; old and new names are in use."""
    row, tags = letter.template, facts.oa.zns_quota.get("tags")
    if row is None or not tags or not all(is_known(tag) for tag in tags):
        return None
    if class_of_tag(row.tag) in {class_of_tag(tag) for tag in tags}:
        return None
    return Refusal("template.kind_not_allowed", code="-145", template=row.name, name=facts.oa.name)


def _not_sendable(letter: Letter, code: str) -> Refusal:
    row = letter.template
    assert row is not None
    return Refusal(
        "template.not_sendable",
        code=code,
        template_id=row.template_id,
        template=row.name,
        status=row.status,
        reason=row.reason,
    )


def not_by_user(facts: Facts, letter: Letter) -> Finding:
    """Templates before 2025-12-10, one-time passwords, response buttons and journeys; Zalo does not list which."""
    row = letter.template
    if row is None:
        return None
    if row.uid_refused_at or row.tag.upper() == "OTP" or row.timeout_ms <= OTP_TIMEOUT_MS or _responds(letter):
        return Refusal("template.not_by_user", code="-249", template_id=row.template_id, template=row.name)
    return Note("by_user_unknown", {"template": row.name})


def _responds(letter: Letter) -> bool:
    row = letter.template
    buttons = (row.buttons or []) if row is not None else []
    return any("response" in str(button.get("type", "")).lower() for button in buttons if isinstance(button, dict))
