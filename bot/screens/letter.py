"""A message as its reader will see it: words, buttons and what they do, pictures, forms, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.html_cut import cut
from services import phones
from texts import Texts
from texts.html import Html, escape, lines

# What a button of Zalo does (oa-api.md 5.2), and the part of its payload that says it.
EFFECTS = {
    "oa.open.url": "open",
    "oa.open.phone": "call",
    "oa.open.sms": "sms",
    "oa.query.show": "say",
    "oa.query.hide": "say_hidden",
}
DOTS = {"green": "🟢", "blue": "🔵", "yellow": "🟡", "red": "🔴", "grey": "⚪"}


def letter(
    t: Texts, kind: str, data: Mapping[str, Any], *, about: Mapping[str, Any] | None = None, limit: int = 0
) -> Html:
    """The message in a block of its own. `about` tells name and bytes of what was just sent; `limit` cuts words."""
    made = _parts(t, kind, data, about or {})
    inner = lines(*made) or Html("–")
    return Html(f"<blockquote>{cut(inner, limit) if limit else inner}</blockquote>")


def template_letter(t: Texts, params: Mapping[str, str], body: str = "", buttons: Iterable[Any] = ()) -> Html:
    """A template: its wording if somebody pasted it, else its fields; its buttons."""
    shown = [escape(body)] if body else [field_line(name, value) for name, value in params.items()]
    titles = [str(button.get("title") or "") for button in buttons if isinstance(button, Mapping)]
    inner = lines(*shown, *(Html(f"🔘 {escape(title)}") for title in titles if title)) or t("letter.no_fields")
    return Html(f"<blockquote>{inner}</blockquote>")


def field_line(name: str, value: str) -> Html:
    """A field of a template."""
    return Html(f"{escape(name)}: <b>{escape(value) or '–'}</b>")


def _parts(t: Texts, kind: str, data: Mapping[str, Any], about: Mapping[str, Any]) -> list[Html]:
    if kind == "template":
        return [field_line(name, value) for name, value in (data.get("params") or {}).items()]
    if data.get("form"):
        return _form(t, data["form"])
    if data.get("document"):
        return _document(t, data["document"])
    parts = [_picture(t, name, data[name], about) for name in ("image", "gif", "file") if data.get(name)]
    text = [escape(data["text"])] if data.get("text") else []
    return [*parts, *text, *_buttons(t, data.get("buttons") or ())]


def _picture(t: Texts, kind: str, given: Mapping[str, Any], about: Mapping[str, Any]) -> Html:
    """🖼 ảnh bạn gửi · 182 KB; a file by the name it had."""
    name = given.get("url") or given.get("name") or about.get("name") or ""
    size = f" · {size_of(t, about['size'])}" if about.get("size") else ""
    if kind == "image" and given.get("url"):
        return t("letter.image_url", url=name, size=size)
    spaced = name if kind == "file" or not name else f" {name}"
    return t(f"letter.{kind}", name=spaced, size=size)


def size_of(t: Texts, size: int) -> str:
    """182 KB, 1,2 MB."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    whole = f"{size / 1024 / 1024:.1f}"
    return f"{whole if t.language == 'en' else whole.replace('.', ',')} MB"


def _form(t: Texts, form: Mapping[str, str]) -> list[Html]:
    picture = t("letter.image_url", url=form.get("image_url", ""), size="")
    title = Html(f"<b>{escape(form.get('title', ''))}</b>")
    return [picture, title, escape(form.get("subtitle", "")), t("letter.form_button")]


def _document(t: Texts, document: Mapping[str, Any]) -> list[Html]:
    banner = document.get("banner") or {}
    shown: list[Html] = []
    if banner:
        address = banner.get("url") or ""
        shown.append(t("letter.image_url", url=address, size="") if address else t("letter.image", name="", size=""))
    for element in document.get("elements") or ():
        shown += _element(element)
    return [*shown, *_buttons(t, document.get("buttons") or ())]


def _element(element: Mapping[str, Any]) -> list[Html]:
    kind, content = element.get("type"), element.get("content")
    if kind == "table" and isinstance(content, list):
        return [_row(row) for row in content]
    plain = escape(str(content or "").replace("<br>", "\n"))
    return [Html(f"<b>{plain}</b>")] if kind == "header" else [plain]


def _row(row: Mapping[str, str]) -> Html:
    dot = DOTS.get(row.get("style", ""), "")
    return Html(f"▫️ {escape(row.get('key', ''))}: <b>{escape(row.get('value', ''))}</b>{f' {dot}' if dot else ''}")


def _buttons(t: Texts, buttons: Iterable[Mapping[str, Any]]) -> list[Html]:
    return [_button(t, button) for button in buttons]


def _button(t: Texts, button: Mapping[str, Any]) -> Html:
    payload = button.get("payload")
    given = payload if isinstance(payload, Mapping) else {}
    code = str(given.get("phone_code") or "")
    values = {
        "url": given.get("url") or "",
        "phone": phones.local(code) if code.startswith("84") else code,
        "content": given.get("content") or "",
        "words": payload if isinstance(payload, str) else "",
    }
    effect = t.lenient(f"letter.button_{EFFECTS.get(str(button.get('type')), 'open')}", values)
    return Html(f"🔘 <b>{escape(str(button.get('title') or ''))}</b> · {effect}")
