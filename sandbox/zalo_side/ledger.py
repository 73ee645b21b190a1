"""Everything the sandbox accepted for sending, in order."""

import secrets
from typing import Any


def new_message_id() -> str:
    """Twenty lowercase hex digits, the form of Zalo's message ids."""
    return secrets.token_hex(10)


class Ledger:
    """An append-only list; the index of a message is its place, counted from 1."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str | None, str, dict[str, Any], int]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def accept(
        self,
        oa_id: str,
        channel: str,
        recipient: str,
        tracking_id: str | None,
        msg_id: str,
        body: dict[str, Any],
        at_ms: int,
    ) -> None:
        self._rows.append((oa_id, channel, recipient, tracking_id, msg_id, body, at_ms))

    def after(self, index: int) -> list[dict[str, Any]]:
        """The accepted messages behind `index`, oldest first."""
        names = ("oa_id", "channel", "recipient", "tracking_id", "msg_id", "body", "at")
        start = max(0, index)
        return [
            {"index": place, **dict(zip(names, row, strict=True))}
            for place, row in enumerate(self._rows[start:], start + 1)
        ]

    def clear(self) -> None:
        self._rows.clear()
