"""The browser of the story: what somebody does who taps a link on a phone, as far as pages without scripts go."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener


@dataclass(frozen=True)
class Page:
    """What was shown in the end, redirects followed."""

    url: str
    status: int
    html: str

    @property
    def text(self) -> str:
        """The words on it, without tags and double spaces."""
        reader = _Reader()
        reader.feed(self.html)
        return " ".join(" ".join(reader.words).split())

    def link(self, beginning: str) -> str:
        """The first link whose address begins so. Raises LookupError."""
        reader = _Reader()
        reader.feed(self.html)
        found = next((address for address in reader.links if address.startswith(beginning)), None)
        if found is None:
            raise LookupError(f"no link to {beginning.partition('?')[0]} on the page")
        return urljoin(self.url, found)


class Browser:
    """Opens pages and sends forms. Keeps nothing: the product's pages set no cookie, which is seen by this."""

    def __init__(self) -> None:
        self._opener = build_opener(ProxyHandler({}), HTTPRedirectHandler())

    def open(self, url: str, form: dict[str, str] | None = None) -> Page:
        """The page of a link, or what comes of sending a form to it; an error page is a page."""
        data = None if form is None else urlencode(form).encode()
        try:
            with self._opener.open(Request(url, data=data), timeout=40) as answer:  # noqa: S310
                return _page(answer, answer.status)
        except HTTPError as answer:
            with answer:
                return _page(answer, answer.code)


def _page(answer: Any, status: int) -> Page:
    return Page(answer.geturl(), status, answer.read().decode("utf-8", "replace"))


class _Reader(HTMLParser):
    """Words and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"style", "title"}
        if tag == "a":
            self.links += [unescape(value) for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
