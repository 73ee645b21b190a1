"""Who holds a token lease, written so that others on this machine can see whether that process still lives.

A killed process leaves its lease behind. Whoever waits for the lease to end waits a minute; whoever knows that the
process is gone need not, and runs no risk: what is gone can neither ask Zalo again nor save an answer.

Host names say nothing (every container may be called the same), nor do process ids (every container has a 1). What
counts is the boot of the kernel, the namespace in which it counts processes, and when the process began.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import cache
from pathlib import Path

_SEPARATOR = "."


def new() -> str:
    """A name for one lease of this process: machine, process id, when the process began, and chance."""
    pid = os.getpid()
    return _SEPARATOR.join((_machine(), str(pid), _born(pid) or "", secrets.token_hex(4)))


def gone(owner: str) -> bool:
    """True only when the process behind `owner` surely ended: it ran here, and its id is free or somebody else's.

    Of other machines and containers nothing is known; their leases are waited for.
    """
    machine, pid, born, *_ = (*owner.split(_SEPARATOR), "", "", "")
    if not machine or machine != _machine() or not pid.isdigit() or not born:
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it lives, under another user
    now = _born(int(pid))
    return now is not None and now != born


@cache
def _machine() -> str:
    """One boot of one kernel, and the namespace its process ids count in; empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")
        counted_as = os.readlink("/proc/self")
    except OSError:
        return ""
    if counted_as != str(os.getpid()):
        return ""  # this /proc is of another namespace: what it tells of a number is about somebody else
    return hashlib.sha256(f"{boot} {namespace}".encode()).hexdigest()[:12]


def _born(pid: int) -> str | None:
    """When the process began, in ticks of the kernel; "dead" for one that only waits to be buried, None: not told."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets, which may hold anything.
    fields = stat.rpartition(")")[2].split()
    return "dead" if fields[0] in {"Z", "X"} else fields[19]
