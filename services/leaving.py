"""What of a person ends when they go, when their role shrinks, or when an OA is closed to them.

Each joins the transaction of the change: nobody taps a yes that outlived the right to it.
"""

from __future__ import annotations

from datetime import datetime

from models import (
    Confirmation,
    Conversation,
    Draft,
    Invitation,
    Notice,
    NoticeState,
    OauthState,
    OauthTicket,
    Role,
    Staff,
)
from services import staff

# Forms and questions somebody may keep open in a role; whatever is not named here ends with the higher role.
_SENDING = frozenset({"answer", "opt_out", "replace_number", "reopen", "send", "zns", "cs", "resend", "test_template"})
_MANAGING = frozenset(
    {
        "add_oa", "rename", "describe", "tokens", "form_image", "mode",
        "remove_oa", "drop_waiting", "stop_all", "template_body", "test_phones",
    }
)  # fmt: skip
KEPT: dict[Role, frozenset[str]] = {
    Role.VIEWER: frozenset(),
    Role.OPERATOR: _SENDING,
    Role.MANAGER: _SENDING | _MANAGING,
}
HIDE_NUMBER = "hide_number"
# A ticket whose code came back is the worker's, which asks for the right again before it exchanges and before it saves.
_WAITING_FOR_THEM = (OauthState.OPEN, OauthState.ASKING)


def end_all(now: datetime, person: Staff) -> None:
    """Everything: the open form, questions, connect links, invitations, what was still to be told."""
    Draft.delete().where(Draft.staff == person).execute()
    Confirmation.delete().where(Confirmation.staff == person, Confirmation.used_at.is_null()).execute()
    waiting = (Notice.chat_id == person.telegram_id, Notice.state == NoticeState.QUEUED)
    Notice.delete().where(*waiting, Notice.kind != HIDE_NUMBER).execute()
    hide_numbers(now, person)
    _drop_tickets(now, person)
    _revoke_invitations(now, person)
    _let_go_of_customers(person)


def hide_numbers(now: datetime, person: Staff) -> None:
    """A number they had opened goes now, not in ten minutes."""
    Notice.update(next_attempt_at=now).where(
        Notice.chat_id == person.telegram_id, Notice.state == NoticeState.QUEUED, Notice.kind == HIDE_NUMBER
    ).execute()


def end_above(now: datetime, person: Staff, role: Role) -> None:
    """What `role` may not do. The open form and the questions of lower roles stay."""
    if role == Role.OWNER:
        return
    kept = sorted(KEPT[role])
    Draft.delete().where(Draft.staff == person, Draft.kind.not_in(kept)).execute()
    open_ones = (Confirmation.staff == person) & Confirmation.used_at.is_null()
    Confirmation.delete().where(open_ones, Confirmation.kind.not_in(kept)).execute()
    _revoke_invitations(now, person)
    if not staff.RANK[role] >= staff.RANK[Role.MANAGER]:
        _drop_tickets(now, person)
    theirs = staff.usable_oas(person) if staff.RANK[role] >= staff.RANK[Role.OPERATOR] else []
    _let_go_of_customers(person, Conversation.oa_id.not_in([oa.oa_id for oa in theirs]))


def end_outside(now: datetime, person: Staff) -> None:
    """What concerns OAs this person may not use now. The open form is looked at when it is read (services.drafts)."""
    usable = staff.usable_oas(person)
    theirs = [oa.id for oa in usable]
    Confirmation.delete().where(
        Confirmation.staff == person,
        Confirmation.used_at.is_null(),
        Confirmation.oa.is_null(False),
        Confirmation.oa.not_in(theirs),
    ).execute()
    foreign = OauthTicket.oa.is_null(False) & OauthTicket.oa.not_in(theirs)
    _drop_tickets(now, person, foreign)
    if person.current_oa is not None and person.current_oa.id not in theirs:
        Staff.update(current_oa=None).where(Staff.id == person.id).execute()
    _let_go_of_customers(person, Conversation.oa_id.not_in([oa.oa_id for oa in usable]))


def _let_go_of_customers(person: Staff, *which: object) -> None:
    """Whom they looked after waits for everybody again, instead of for somebody who will not come."""
    held = Conversation.taken_by == person.telegram_id
    Conversation.update(taken_by=None, taken_at=None).where(held, *which).execute()


def _drop_tickets(now: datetime, person: Staff, *which: object) -> None:
    emptied = {"verifier": "", "code": "", "pair": "", "profile": None}
    OauthTicket.update(state=OauthState.DROPPED, ended_at=now, **emptied).where(
        OauthTicket.staff == person, OauthTicket.state.in_(_WAITING_FOR_THEM), *which
    ).execute()


def _revoke_invitations(now: datetime, person: Staff) -> None:
    Invitation.update(revoked_at=now).where(
        Invitation.created_by == person, Invitation.used_at.is_null(), Invitation.revoked_at.is_null()
    ).execute()


__all__ = ["KEPT", "end_above", "end_all", "end_outside", "hide_numbers"]
