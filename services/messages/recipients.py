"""What a message may say about its reader: the name they are known by, and how one speaks to them."""

from __future__ import annotations

from models import Contact, Follower, OfficialAccount
from services import followers, phones
from services.names import fold_name
from services.placeholders import Recipient

# How Vietnamese address each other; the first word of a nickname staff gave, or a tag of the OA.
_FORMS = {"anh": "anh", "chi": "chị", "co": "cô", "chu": "chú", "bac": "bác", "ong": "ông", "ba": "bà", "em": "em"}


def of(oa: OfficialAccount, person: Follower | None, phone: str = "") -> Recipient:
    """The reader behind a follower's row, a number, or both. `phone` is 84... or ""."""
    who = person or _sharing(oa, phone)
    if who is None:
        return _by_phone(oa, phone)
    form, nickname = _addressed(who)
    name = nickname or str((who.shared_info or {}).get("name") or "") or str(who.display_name)
    return Recipient(
        name=name,
        phone=phone or who.phone,
        address_as=form or _tagged(oa, who),
        oa=oa.name,
        called=followers.called(who),
    )


def shown(reader: Recipient) -> Recipient:
    """The same for a test: what nobody knows of this reader shows as its own name in brackets."""
    return Recipient(
        name=reader.name or "[name]",
        phone=reader.phone or "84900000000",
        address_as=reader.address_as or "[xung_ho]",
        oa=reader.oa,
        called=reader.called,
    )


def _by_phone(oa: OfficialAccount, phone: str) -> Recipient:
    contact = Contact.get_or_none(Contact.phone == phone) if phone else None
    name = str(contact.name) if contact is not None else ""
    return Recipient(name=name, phone=phone, oa=oa.name, called=phones.mask(phone) if phone else "")


def _addressed(person: Follower) -> tuple[str, str]:
    """`chị Lan` as ("chị", "Lan"). "Anh" with a capital may as well be a given name, and stays one."""
    first, _, rest = str(person.nickname).strip().partition(" ")
    form = _FORMS.get(fold_name(first), "")
    if not form or not rest.strip() or first.casefold() != form or first == "Anh":
        return "", str(person.nickname).strip()
    return form, rest.strip()


def _tagged(oa: OfficialAccount, person: Follower) -> str:
    tags = followers.tags_of(oa.oa_id, [person.user_id])[person.user_id]
    return next((_FORMS[fold_name(tag)] for tag in tags if fold_name(tag) in _FORMS), "")


def _sharing(oa: OfficialAccount, phone: str) -> Follower | None:
    if not phone:
        return None
    theirs = list(Follower.select().where(Follower.oa_id == oa.oa_id, Follower.phone == phone).limit(2))
    return theirs[0] if len(theirs) == 1 else None  # two people with one number are nobody
