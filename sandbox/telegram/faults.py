"""Troubles on order: what the local Bot API does wrong, to whom, and how often."""

from dataclasses import asdict, dataclass
from typing import Any

from sandbox.telegram.errors import ControlError

# Reached by a fault only when it names them, or when all is down.
SPARED = ("getupdates", "download")
NUMBERS = ("times", "chat_id", "retry_after", "delay_ms", "code")
KINDS = ("429", "502", "slow", "conflict", "down", "lost_answer", "error")


@dataclass
class Fault:
    """One order. `times` None means until it is cleared; method and chat_id None mean any."""

    kind: str
    times: int | None = 1
    method: str | None = None
    chat_id: int | None = None
    retry_after: int = 1
    delay_ms: int = 0
    code: int = 500
    description: str = "Internal Server Error"

    def fits(self, method: str, chat_id: int | None) -> bool:
        """Whether a request is meant."""
        if self.times is not None and self.times <= 0:
            return False
        wanted = "getupdates" if self.kind == "conflict" else (self.method or "").lower()
        if wanted and wanted != method.lower():
            return False
        # Its repetitions would use up the count before the request that was meant.
        if not wanted and method.lower() in SPARED and self.kind != "down":
            return False
        return self.chat_id is None or self.chat_id == chat_id


def read_fault(body: dict[str, Any]) -> Fault:
    """The order in a control request; raises ControlError 400."""
    kind = body.get("kind")
    if kind not in KINDS:
        raise ControlError(400, f"kind must be one of {', '.join(KINDS)}")
    unknown = set(body) - set(Fault.__dataclass_fields__)
    if unknown:
        raise ControlError(400, f"unknown fields: {', '.join(sorted(unknown))}")
    for name, value in body.items():
        if value is not None and not isinstance(value, int if name in NUMBERS else str):
            raise ControlError(400, f"{name} has the wrong type")
    given = {name: value for name, value in body.items() if value is not None or name == "times"}
    return Fault(**{**({"times": None} if kind == "down" else {}), **given})


class Faults:
    """Orders in the sequence they came; each request takes the first that fits."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def order(self, body: dict[str, Any]) -> Fault:
        """Take one order; raises ControlError when it cannot be understood."""
        fault = read_fault(body)
        self.orders.append(fault)
        return fault

    def take(self, method: str, chat_id: int | None) -> Fault | None:
        """The fault this request meets, counted down."""
        for fault in self.orders:
            if fault.fits(method, chat_id):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """All is well again."""
        self.orders.clear()

    def view(self) -> list[dict[str, Any]]:
        """Orders not used up yet."""
        return [asdict(fault) for fault in self.orders if fault.times is None or fault.times > 0]
