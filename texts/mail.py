"""The letter that goes out while Telegram cannot be reached: plain text, Vietnamese and then English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.mail import Alert, Letter
from texts import LANGUAGES, Texts, figures
from texts.html import bare

MOST = 30  # matters in a letter; the rest is a figure


def render(texts: Mapping[str, Texts], now: datetime, alerts: Sequence[Alert]) -> Letter:
    """The letter about these matters."""
    first = texts[LANGUAGES[0]]
    body = "\n\n-- \n\n".join(_part(texts[language], now, alerts) for language in LANGUAGES)
    return Letter(first.plain("mail.subject", count=len(alerts)), body + "\n")


def _part(t: Texts, now: datetime, alerts: Sequence[Alert]) -> str:
    told = [_matter(t, now, alert) for alert in alerts[:MOST]]
    if len(alerts) > MOST:
        told.append(t.plain("mail.more", count=len(alerts) - MOST))
    return "\n\n".join([t.plain("mail.head"), *told, t.plain("mail.foot")])


def _matter(t: Texts, now: datetime, alert: Alert) -> str:
    since = t.plain("mail.since", when=figures.moment(t.language, alert.since, now))
    return f"* {_told(t, alert)}\n  ({since})"


def _told(t: Texts, alert: Alert) -> str:
    """The notice as it stands in Telegram, without its buttons and tags."""
    key = f"notice.{alert.kind}"
    if key not in t:
        return t.plain("mail.kind_other", kind=alert.kind)
    name = alert.oa_name or str(alert.payload.get("oa_id", ""))
    return bare(t.lenient(key, {**alert.payload, "name": name, "kind": alert.kind})).replace("\n", "\n  ")
