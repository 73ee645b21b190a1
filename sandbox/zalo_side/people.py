"""The people an OA knows: followers, former followers and those who wrote to it."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.zalo_side.clock import HOUR_MS
from sandbox.zalo_side.names import full_name
from sandbox.zalo_side.zns_errors import ZNS_MESSAGES

SPECIAL_ENDINGS = frozenset(f"{-code:04d}" for code in ZNS_MESSAGES)
TAGGED_FROM = 8_000  # people; well below what Zalo lists of one tag
PREFIXES = ("90", "91", "93", "96", "97", "98", "32", "35", "38", "70", "77", "79", "83", "85")


@dataclass(slots=True)
class Person:
    """One Zalo user as one OA sees them. `last_interaction` is epoch ms, 0 = never."""

    user_id: str
    user_id_by_app: str
    name: str
    phone: str = ""
    is_follower: bool = True
    last_interaction: int = 0
    tags: tuple[str, ...] = ()
    alias: str = ""
    notes: tuple[str, ...] = ()
    external_id: str = ""
    shared_info: dict[str, Any] | None = None
    related: bool = False
    """Got a transaction or care message before, so promotion by ZNS is allowed."""
    blocked: bool = False
    inactive: bool = False
    opted_out: bool = False
    restricted: bool = False
    capped: bool = False
    no_account: bool = False
    desktop: bool = False
    """Uses Zalo on a computer only: no receipts."""
    unreachable: bool = False
    """ZNS is accepted but never arrives."""
    is_sensitive: bool = False
    refuses: int = 0
    """A number of either error table that every message to this person is answered with; 0: none."""


PATCHABLE = frozenset(Person.__slots__) - {"user_id", "user_id_by_app", "phone", "tags", "notes"}


def digits(seed: str, length: int = 19, first: str = "6") -> str:
    """A decimal id of `length` digits that always comes out the same for `seed`."""
    number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big")
    return first + str(number).zfill(20)[-(length - 1) :]


def phone_number(index: int) -> str:
    """The index-th sandbox phone: a valid mobile number whose ending is not an error code of the test convention."""
    prefix = PREFIXES[index % len(PREFIXES)]
    serial = (index * 7_919_003 + 2_345_671) % 10_000_000
    while f"{serial % 10_000:04d}" in SPECIAL_ENDINGS:
        serial = (serial + 200) % 10_000_000
    return f"84{prefix}{serial:07d}"


class Directory:
    """All people of one OA, in a fixed order, found by user id or phone."""

    def __init__(self, oa_id: str, app_id: str, seed: int) -> None:
        self._oa_id = oa_id
        self._app_id = app_id
        self._random = Random(f"{seed}:{oa_id}")
        self._seed = seed
        self.everyone: list[Person] = []
        self.tag_names: dict[str, None] = {}
        self._by_id: dict[str, Person] = {}
        self._by_phone: dict[str, Person] = {}

    def __len__(self) -> int:
        return len(self.everyone)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.everyone)

    def find(self, user_id: str) -> Person | None:
        return self._by_id.get(user_id)

    def by_phone(self, phone: str) -> Person | None:
        return self._by_phone.get(phone)

    def add(self, person: Person) -> Person:
        self.everyone.append(person)
        self._by_id[person.user_id] = person
        if person.phone:
            self._by_phone[person.phone] = person
        self.note_tags(person.tags)
        return person

    def newcomer(self, user_id: str | None = None) -> Person:
        """A person the OA did not know yet, with a natural name and a phone; not yet a follower."""
        index = len(self.everyone)
        own_id = user_id or digits(f"{self._seed}:{self._oa_id}:{index}")
        by_app = digits(f"{self._app_id}:{own_id}", first="8")
        name = full_name(self._random)
        return self.add(Person(own_id, by_app, name, phone_number(index), is_follower=False))

    def find_or_add(self, user_id: str) -> Person:
        return self._by_id.get(user_id) or self.newcomer(user_id)

    def set_phone(self, person: Person, phone: str) -> None:
        self._by_phone.pop(person.phone, None)
        person.phone = phone
        if phone:
            self._by_phone[phone] = person

    def note_tags(self, tags: Iterable[str]) -> None:
        for tag in tags:
            self.tag_names.setdefault(tag)

    def followers(self) -> int:
        return sum(person.is_follower for person in self.everyone)

    def populate(self, count: int, now_ms: int) -> None:
        """Add `count` followers who interacted within the last 24 hours; some tagged, some shared their phone.

        Zalo's list ends at 10,000 people a filter and filters by days at the finest, so of more people one could not
        read all. From there on everybody has a tag that fewer share, as businesses of that size divide their customers.
        """
        for index in range(count):
            person = self.newcomer()
            person.is_follower = True
            person.related = True
            person.last_interaction = now_ms - (index * 1_234_567) % (23 * HOUR_MS)
            if index % 5 == 0:
                person.tags = ("vip",) if index % 10 else ("vip", "khách quen")
            if count > TAGGED_FROM:
                person.tags = (*person.tags, f"nhóm {index // TAGGED_FROM + 1}")
            self.note_tags(person.tags)
            if index % 3 == 0:
                person.shared_info = {"name": person.name, "phone": person.phone}
