"""What the other side did.

    ZaloError
      NotSent       the request surely never reached Zalo: safe to repeat
      PerhapsSent   nobody knows whether Zalo acted on it: never repeat a send because of it
      Refused       Zalo answered with a code: it did not act
        ConsumedRefreshToken

No error of this tree carries a token, a secret or a phone number in its text.
"""

from zalo.error_codes import OA_ERRORS, OAUTH_ERRORS, ZNS_ERRORS, lookup
from zalo.error_kinds import ErrorClass, ErrorInfo, ResumeAt, Scope, Table

__all__ = [
    "OAUTH_ERRORS",
    "OA_ERRORS",
    "ZNS_ERRORS",
    "ConsumedRefreshToken",
    "ErrorClass",
    "ErrorInfo",
    "NotSent",
    "PerhapsSent",
    "Refused",
    "ResumeAt",
    "Scope",
    "Table",
    "ZaloError",
    "lookup",
]


class ZaloError(Exception):
    """Anything that went wrong between us and Zalo."""


class NotSent(ZaloError):
    """The request surely never reached Zalo; repeating it cannot act twice."""


class PerhapsSent(ZaloError):
    """The outcome is unknown: the connection died, time ran out, or the answer was not Zalo's JSON.

    `status` is the HTTP status when an answer arrived, `empty_body` tells a 200 answer without a body.
    """

    def __init__(self, text: str, *, status: int | None = None, empty_body: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.empty_body = empty_body


class Refused(ZaloError):
    """Zalo answered with an error code.

    `message` is Zalo's own text, cleaned, cut and without our token or secret. It may still name a
    person, so it is not part of `str(error)`.
    """

    def __init__(self, table: Table, code: int, message: str = "") -> None:
        self.table = table
        self.code = code
        self.message = message
        self.info: ErrorInfo = lookup(table, code, message)
        super().__init__(f"Zalo refused with {code} ({table.value}, {self.error_class.value}): {self.info.meaning}")

    @property
    def error_class(self) -> ErrorClass:
        """What the refusal means for the caller."""
        return self.info.error_class


class ConsumedRefreshToken(Refused):
    """Zalo answered a refresh with 200 and no body: the refresh token was used before.

    Seen in production by one integrator; other dead refresh tokens get -14014, so this one has that code too.
    """

    empty_body = True

    def __init__(self) -> None:
        super().__init__(Table.OAUTH, -14014, "")
