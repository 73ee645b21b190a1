"""What each page of connecting says, made from the ticket as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup

from models import OauthState
from services.connect_front import Seen
from texts import Texts
from texts.figures import clock

OK, WRONG, UNKNOWN, GONE, AWAY = 200, 400, 404, 410, 503
EVERY = 4  # seconds between two looks of a page that waits
_TABLES = ("oauth", "oa")  # where the exchange and `getoa` may have got a number from


@dataclass(frozen=True)
class Page:
    """One page; the texts are HTML, `again` is where it looks next by itself."""

    status: int
    sign: str  # go, good, bad, wait
    title: Markup
    body: tuple[Markup, ...] = ()
    small: tuple[Markup, ...] = ()
    button: Markup | None = None
    address: str = ""
    again: str = ""
    every: int = EVERY


def plain(t: Texts, which: str, status: int, sign: str = "bad", **values: object) -> Page:
    """A page with a title, a sentence, and what to do."""
    body = (_html(t, f"{which}.what", **values), _html(t, f"{which}.do", **values))
    return Page(status, sign, _html(t, f"{which}.title"), body)


def start(t: Texts, seen: Seen, address: str) -> Page:
    """The button that leads to Zalo."""
    lead = _html(t, "start.this_oa", name=seen.expected) if seen.expected else _html(t, "start.any_oa")
    small = (_html(t, "start.limits", time=clock(seen.expires_at)), _html(t, "start.password"))
    return Page(
        OK, "go", _html(t, "start.title"), (lead, _html(t, "start.steps")), small, _html(t, "start.button"), address
    )


def outcome(t: Texts, seen: Seen, again: str) -> Page:
    """What came of a ticket that is spent; while the worker is at it, a page that looks again by itself."""
    match seen.state:
        case OauthState.CONNECTED:
            return plain(t, "connected", OK, "good", name=seen.found)
        case OauthState.ASKING:
            return plain(t, "asking", OK, "go", name=seen.found)
        case OauthState.WRONG_OA:
            return plain(t, "wrong_oa", WRONG, expected=seen.expected, found=seen.found)
        case OauthState.DENIED:
            return _with_code(t, plain(t, "denied", OK), seen)
        case OauthState.FAILED:
            return _failed(t, seen)
        case OauthState.DROPPED:
            return _dropped(t, seen)
    return replace(plain(t, "late", OK, "wait"), again=again)


def used(t: Texts, page: Page) -> Page:
    """The same for a link that was opened again: nothing happens by it any more."""
    return page if page.again else replace(page, status=GONE, small=(*page.small, _html(t, "used")))


def closed(t: Texts, seen: Seen, now: datetime) -> Page | None:
    """Why an unspent ticket can't be used; None while it can."""
    if seen.state is OauthState.DROPPED:
        return _dropped(t, seen)
    return plain(t, "expired", GONE, "wait") if seen.expires_at <= now else None


def _dropped(t: Texts, seen: Seen) -> Page:
    if seen.used_at is not None:
        return plain(t, "dropped", GONE)
    early = seen.ended_at is not None and seen.ended_at < seen.expires_at
    return plain(t, "replaced" if early else "expired", GONE, "wait")


def _failed(t: Texts, seen: Seen) -> Page:
    known = next((f"code.{table}.{seen.code}" for table in _TABLES if f"code.{table}.{seen.code}.what" in t), "")
    what = t(f"{known}.what") if known else t("connect_page.failed.unknown")
    do = t(f"{known}.do") if f"{known}.do" in t else t("connect_page.failed.do")
    page = Page(WRONG, "bad", _html(t, "failed.title"), (_sentence(what), _sentence(do)))
    return _with_code(t, page, seen)


def _with_code(t: Texts, page: Page, seen: Seen) -> Page:
    number = seen.code.removeprefix("-").isdigit()
    return replace(page, small=(*page.small, _html(t, "code", code=seen.code))) if number else page


def _sentence(text: str) -> Markup:
    """Texts of codes go on after a colon in the bot; here they stand alone."""
    return Markup(text[:1].upper() + text[1:])  # noqa: S704 - Texts has escaped what came from outside


def _html(t: Texts, key: str, **values: object) -> Markup:
    return Markup(t(f"connect_page.{key}", **values))  # noqa: S704 - Texts has escaped what came from outside
