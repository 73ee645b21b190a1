"""When people's phones report: the echo, the received and the seen receipt of each message."""

from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class ReceiptTimes:
    """Seconds after acceptance. `jitter_s` adds up to that much, `seen_first` swaps received and seen."""

    enabled: bool = True
    echo_s: float = 0.0
    received_s: float = 0.3
    seen_s: float = 1.0
    jitter_s: float = 0.0
    seen_first: bool = False
    zns_arrival_s: float = 0.0
    """Extra sandbox seconds a ZNS is on its way; above the template's timeout it never arrives."""

    def pair(self, random: Random) -> tuple[float, float]:
        """The delays of received and seen for one message."""
        extra = random.random() * self.jitter_s if self.jitter_s else 0.0
        times = (self.received_s + extra, self.seen_s + extra)
        return (times[1], times[0]) if self.seen_first else times
