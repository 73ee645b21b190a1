"""What Zalo or the way to it did wrong, as the errors that screens know how to explain."""

from __future__ import annotations

from services.errors import Conflict, DeskError, Refusal
from zalo.errors import OA_ERRORS, OAUTH_ERRORS, ZNS_ERRORS, Refused, Table, ZaloError

# What calls to Zalo raise, for callers that can do without an answer.
FROM_ZALO = (ZaloError,)


def explain(error: Exception) -> DeskError | None:
    """The same trouble as a DeskError; None for what is neither ours nor Zalo's: a defect."""
    if isinstance(error, DeskError):
        return error
    if isinstance(error, Refused):
        return Refusal(f"zalo.{error.error_class.value}", code=str(error.code), table=error.table.value)
    if isinstance(error, ZaloError):
        return Conflict("zalo.unreachable")
    return None


def classes_of(code: int) -> dict[str, str]:
    """For each of Zalo's code tables that has `code`: its class. The same number may mean two things."""
    tables = {Table.ZNS: ZNS_ERRORS, Table.OA: OA_ERRORS, Table.OAUTH: OAUTH_ERRORS}
    return {name.value: table[code].error_class.value for name, table in tables.items() if code in table}
