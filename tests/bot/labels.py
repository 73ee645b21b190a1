"""What stands on a keyboard."""

from __future__ import annotations

from typing import Any


def label_of(shown: Any, part: str) -> str:
    """The label of the button that holds this."""
    found = [button["text"] for row in shown["keyboard"] for button in row if part in button["text"]]
    assert found, (part, shown["keyboard"])
    return str(found[0])
