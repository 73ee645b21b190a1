"""What happened to each accepted ZNS, and what each phone got before."""

from collections import Counter
from dataclasses import dataclass

from sandbox.zalo_side.clock import DAY_MS
from sandbox.zalo_side.templates import Tag

RELATION_MS = 183 * DAY_MS


@dataclass(slots=True)
class SentZns:
    """One accepted ZNS; `delivered_at` None until it reached the phone."""

    oa_id: str
    recipient: str
    template_id: str = ""
    delivered_at: int | None = None
    price: int = 0


class ZnsLog:
    """By message id, and by OA and phone."""

    def __init__(self) -> None:
        self._sent: dict[str, SentZns] = {}
        self._related: dict[tuple[str, str], int] = {}
        self._promoted: Counter[tuple[str, str, str]] = Counter()
        self.ratings: dict[str, list[dict[str, object]]] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def find(self, msg_id: str) -> SentZns | None:
        return self._sent.get(msg_id)

    def add(self, msg_id: str, sent: SentZns, tag: Tag, day: str, now_ms: int) -> None:
        """Remember an accepted message and what it means for later promotion to this phone."""
        self._sent[msg_id] = sent
        key = (sent.oa_id, sent.recipient)
        if tag is Tag.PROMOTION:
            self._promoted[(*key, day)] += 1
            self._promoted[(*key, day[:7])] += 1
        else:
            self._related[key] = now_ms

    def related(self, oa_id: str, recipient: str, now_ms: int) -> bool:
        """Got a transaction or care message of this OA within six months."""
        at = self._related.get((oa_id, recipient))
        return at is not None and now_ms - at < RELATION_MS

    def promoted(self, oa_id: str, recipient: str, period: str) -> int:
        """Promotion messages accepted in a day (YYYY-MM-DD) or a month (YYYY-MM)."""
        return self._promoted[(oa_id, recipient, period)]
