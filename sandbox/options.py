"""What a sandbox is started with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Start options; each can be given on the command line of `python -m sandbox serve`."""

    host: str = "127.0.0.1"
    port: int = 8400
    followers: int = 30
    oas: int = 1
    latency_ms: int = 0
    webhook_url: str | None = None
    retry_scale: float = 1.0
    empty_refresh: bool = False
    receipts: bool = True
    seed: int = 2026
