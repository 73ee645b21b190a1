"""Zalo's error codes: what each means and what to do about it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from zalo.error_kinds import ErrorClass, ErrorInfo, ResumeAt, Scope, Table

_C, _R, _S = ErrorClass, ResumeAt, Scope


def _table(*groups: Iterable[ErrorInfo]) -> Mapping[int, ErrorInfo]:
    return MappingProxyType({info.code: info for group in groups for info in group})


def _same(error_class: ErrorClass, meanings: Mapping[int, str]) -> list[ErrorInfo]:
    return [ErrorInfo(code, error_class, meaning) for code, meaning in meanings.items()]


def _optout(code: int, meaning: str) -> ErrorInfo:
    return ErrorInfo(code, _C.RECIPIENT, meaning, remember_optout=True)


# Documented for one host or another, or seen in production: all mean "renew the token", wherever they come.
_TOKEN = _same(
    _C.TOKEN,
    {
        -216: "access token invalid or expired",
        -220: "access token expired or removed",
        -124: "access token invalid",
        216: "access token invalid",
        -401: "access token not accepted",
        401: "access token not accepted",
    },
)
_RATE = [ErrorInfo(-32, _C.LATER, "calls per minute used up", _R.NEXT_MINUTE)]

OA_ERRORS = _table(
    _TOKEN,
    _RATE,
    _same(_C.TRANSIENT, {-200: "sending failed at Zalo", -214: "article or media still being processed"}),
    _same(
        _C.FIX,
        {
            -100: "uploaded attachment expired, upload it again",
            -201: "a parameter is wrong",
            -210: "a size or count is over its limit",
            -233: "message type not supported",
            -238: "group asset already used or disabled",
            -240: "call to a version that Zalo switched off",
            -241: "group asset already used",
            -249: "template cannot be sent to a user id",
            -403: "OA is not in the group",
            -1340: "lead form not found",
            -1341: "OA has no access to the lead form",
            404: "no such API path",
        },
    ),
    _same(
        _C.RECIPIENT,
        {
            -213: "person does not follow the OA",
            # The person's own daily or monthly allowance; repeating tomorrow would only knock again.
            -218: "person has had all the messages they may get",
            -227: "person is banned or inactive for over 45 days",
            -230: "person has not written to the OA for 7 days",
            -232: "person never interacted, or too long ago",
            # Zalo says stop, but what is dead is one group chat, not the OA.
            -237: "the group is disabled",
        },
    ),
    [_optout(-217, "person refuses invitations of the OA"), _optout(-244, "person refuses this kind of message")],
    [
        # Zalo does not say which allowance, nor when it returns: a day later is asked again.
        ErrorInfo(-211, _C.LATER, "allowance of this feature used up", _R.NEXT_DAY),
        ErrorInfo(-234, _C.LATER, "this kind of message is not sent at night", _R.NIGHT_END),
    ],
    _same(
        _C.GLOBAL,
        {
            -204: "OA disabled or deleted",
            -205: "OA does not exist",
            -209: "app not activated",
            -212: "app has not registered this API product",
            -219: "app removed or disabled",
            -221: "OA must be verified first",
            -223: "OA has not granted the app this permission",
            -224: "OA package does not include the API",
            -235: "API not available to this type of OA",
            # Named wrong input by Zalo, yet with a wrong proof no call of the app can succeed.
            -242: "appsecret_proof is wrong",
            -248: "content breaks Zalo's platform rules",
            -320: "app not linked to a Zalo Cloud / ZBS account",
            -321: "Zalo Cloud / ZBS account out of money",
        },
    ),
)

ZNS_ERRORS = _table(
    _TOKEN,
    _RATE,
    _same(
        _C.TRANSIENT,
        {-100: "unknown error at Zalo", -129: "RSA key generation failed", -152: "end-to-end key not fetched"},
    ),
    _same(
        _C.GLOBAL,
        {
            -101: "app invalid",
            -102: "app does not exist",
            -103: "app not activated",
            -104: "app secret wrong",
            -105: "app not linked to an OA",
            -115: "wallet out of balance",
            -120: "OA has no permission for this feature",
            -1241: "appsecret_proof is wrong",
            -125: "OA id invalid",
            -135: "OA may not send ZNS (unverified or free package)",
            -1351: "OA blocked from ZNS for a violation",
            -136: "OA or app not linked to a Zalo Cloud / ZBS account",
            -137: "wallet could not be charged",
            -138: "app has no permission for this",
            -1381: "extension has no permission on the wallet account",
        },
    ),
    _same(
        _C.TEMPLATE,
        {
            -109: "template id invalid",
            -113: "template button invalid",
            -117: "no permission for this template",
            -131: "template not approved",
            # Stops one class of content, not the whole OA.
            -145: "OA may not send this kind of content",
            -146: "template disabled for low quality",
        },
    ),
    _same(
        _C.FIX,
        {
            -106: "method not supported",
            -107: "message id invalid",
            -108: "phone number invalid",
            -1091: "template cannot be edited now",
            -111: "template data empty",
            -112: "template data of a wrong type",
            -1121: "a parameter is too long",
            -1122: "a parameter is missing",
            -1123: "QR code could not be made",
            -1124: "a parameter has a wrong format",
            -1131: "button link invalid",
            -116: "text invalid",
            -1201: "OA may not create promotion templates",
            -1202: "OA has no media permission",
            -121: "body empty",
            -122: "body is not JSON",
            -123: "encrypted data not readable",
            # Stops tests only; an OA must not stop real messages by it.
            -126: "allowance for development messages used up",
            -127: "test messages go only to administrators",
            -128: "encoding key missing",
            -130: "content too long",
            -132: "a parameter is wrong",
            -142: "RSA key missing",
            -143: "RSA key exists already",
            -148: "journey token missing",
            -149: "journey token invalid",
            -1491: "journey token does not fit the template",
            -150: "journey token expired",
            -151: "template is not end-to-end encrypted",
            -153: "data breaks the specification",
            -158: "file too large",
            -159: "file format wrong",
            -161: "sending mode invalid",
            -162: "this sending mode is for promotion only",
        },
    ),
    _same(
        _C.RECIPIENT,
        {
            -110: "person's Zalo version is too old",
            -114: "person cannot receive now (inactive, refusing or outdated app)",
            -118: "no Zalo account for this number",
            -119: "account cannot receive",
            -134: "person has not consented",
            -140: "person not eligible for promotion of this OA",
        },
    ),
    [_optout(-139, "person refuses this kind of message"), _optout(-141, "person refuses messages of this OA")],
    [
        ErrorInfo(-133, _C.LATER, "template not sent at night", _R.NIGHT_END, scope=_S.TEMPLATE),
        ErrorInfo(-144, _C.LATER, "daily limit of the OA reached", _R.NEXT_DAY),
        ErrorInfo(-1441, _C.LATER, "monthly promotion limit of the OA reached", _R.NEXT_MONTH),
        ErrorInfo(-147, _C.LATER, "daily limit of the template reached", _R.NEXT_DAY, scope=_S.TEMPLATE),
        ErrorInfo(-1471, _C.LATER, "person's monthly promotion limit", _R.NEXT_MONTH, scope=_S.RECIPIENT),
        ErrorInfo(-1472, _C.LATER, "person's daily promotion limit", _R.NEXT_DAY, scope=_S.RECIPIENT),
        ErrorInfo(-160, _C.LATER, "daily limit of template edits or uploads reached", _R.NEXT_DAY),
    ],
)

# No official table exists; these were seen by integrators, most of them on the login endpoint.
OAUTH_ERRORS = _table(
    _TOKEN,
    _RATE,
    _same(
        _C.GLOBAL,
        {
            -14002: "app id wrong, or app not activated",
            -14003: "redirect address is not the one saved in the console",
            -14004: "app secret wrong",
            -14012: "OA may not be granted to this app",
            -14024: "OA may not be granted to this app",
        },
    ),
    _same(
        _C.FIX,
        {
            -14005: "authorisation code wrong, used or expired",
            -14018: "grant type wrong",
            404: "no such API path",
        },
    ),
    _same(_C.TOKEN, {-14014: "refresh token unknown, used or expired: the OA must grant again"}),
)

_TABLES: Mapping[Table, Mapping[int, ErrorInfo]] = {
    Table.OA: OA_ERRORS,
    Table.ZNS: ZNS_ERRORS,
    Table.OAUTH: OAUTH_ERRORS,
}

# -223 has two meanings, and only its text tells them apart.
_ARTICLE_QUOTA = ErrorInfo(-223, _C.LATER, "monthly number of articles used up", _R.NEXT_MONTH)


def lookup(table: Table, code: int, message: str = "") -> ErrorInfo:
    """What `code` means in `table`; a code in no table has class UNKNOWN. `message` settles -223 only."""
    if table is Table.OA and code == -223 and "quota" in message.lower():
        return _ARTICLE_QUOTA
    known = _TABLES[table].get(code)
    return known or ErrorInfo(code, ErrorClass.UNKNOWN, "code unknown to this library")
