"""What ends a ticket, or holds it up, besides Zalo's own numbers. The words are texts `code.oauth.<code>`."""

from __future__ import annotations

LOST = "lost"  # Zalo's answer to the exchange never reached us
UNREACHABLE = "unreachable"
NO_REFRESH = "no_refresh"
NO_OA = "no_oa"
UNREADABLE = "unreadable"  # sealed with a key this process does not have
APP_GONE = "app_gone"
OA_GONE = "oa_gone"  # removed by staff while it was being connected
NOT_YOURS = "not_yours"  # the chosen OA is closed to the person
BROKEN = "broken"  # a defect of ours, or a worker that stood still for a day

OURS = frozenset({LOST, UNREACHABLE, NO_REFRESH, NO_OA, UNREADABLE, APP_GONE, OA_GONE, NOT_YOURS, BROKEN})

# Told by the words of the state, and not by a text of their own.
OTHER_APP = "other_app"  # wrong_oa: the chosen OA belongs to another Zalo app, and keeps its connection
NEWER = "newer"  # dropped: somebody granted the same OA once more, and is asked now
