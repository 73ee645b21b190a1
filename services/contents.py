"""What is said in a message, of any kind, before and after it is frozen in a delivery.

The makers turn what staff wrote or sent into a `Content`; each raises Invalid with the key of the broken rule
(`text.too_long`, `buttons.too_many`, `row.value_long` ...) and the values that name the field. `body` makes what leaves
out of frozen content, and so is the judge of every limit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models import Channel, SendClass, ZnsTemplate
from services import button_lines, documents, placeholders
from services.errors import Invalid
from zalo import documents as wire_documents
from zalo import messages
from zalo.documents import Banner
from zalo.messages import InvalidMessage
from zalo.payload import clean

ADVERTISING = "[QC]"  # how advertising begins in Vietnam: whoever writes it has marked it as such
_ANYBODY = "0"  # stands for the recipient while a content is only checked


@dataclass(frozen=True)
class Content:
    """One message without its recipient. `data` is what a delivery freezes; placeholders in it are open until
    `services.placeholders.fill`, and a brace of a filled one is a brace."""

    channel: Channel
    kind: str  # text, image, gif, file, form, template, promotion, or transaction_*
    send_class: SendClass
    data: dict[str, Any] = field(repr=False)
    filled: bool = False


def text(raw: str) -> Content:
    """A consultation message. Its last lines may be buttons: `[Mở web] https://example.vn`, `[Gọi] tel:0901234567`,
    `[Nhắn tin] sms:0901234567 nội dung`, `[Xem lịch] #lich`, `[Ẩn] !#lich`. One that begins with `[QC]` is advertising.
    """
    try:
        wording, buttons = button_lines.split(_tidy(raw))
    except InvalidMessage as error:
        raise as_invalid(error) from None
    return _consultation("text", {"text": wording} | ({"buttons": buttons} if buttons else {}))


def image(*, upload: str = "", url: str = "", caption: str = "") -> Content:
    """A picture we keep, or one that Zalo fetches from `url`; exactly one of both."""
    if bool(upload) == bool(url):
        raise Invalid("image.url_invalid")
    return _consultation("image", {"text": _tidy(caption), "image": {"upload": upload} if upload else {"url": url}})


def gif(upload: str, width: int, height: int, caption: str = "") -> Content:
    """A moving picture we keep, with its size in pixels."""
    return _consultation("gif", {"text": _tidy(caption), "gif": {"upload": upload, "width": width, "height": height}})


def file(upload: str, name: str) -> Content:
    """A file we keep; `name` is what it was called when it was sent to us."""
    return _consultation("file", {"file": {"upload": upload, "name": clean(name)[:200]}})


def form(title: str, subtitle: str, image_url: str) -> Content:
    """The form that asks for a person's name, phone and address."""
    shown = {"title": _tidy(title), "subtitle": _tidy(subtitle), "image_url": image_url.strip()}
    return _consultation("form", {"form": shown})


def document(raw: str, *, banner: Mapping[str, str] | None = None) -> Content:
    """A media or transaction message in the older free form, written as `key: value` lines (services.documents).

    `banner` is {"upload": name} or {"url": address}, for a picture that was sent instead of written. Errors name the
    `line` where there is one.
    """
    found = documents.read(_tidy(raw), banner)
    promotion = found.kind == wire_documents.PROMOTION
    made = Content(
        Channel.PROMOTION if promotion else Channel.TRANSACTION,
        found.kind,
        SendClass.PROMOTION if promotion else SendClass.TRANSACTION,
        {"document": found.data},
    )
    try:
        _check(made)
    except InvalidMessage as error:
        raise found.located(as_invalid(error)) from None
    except Invalid as error:
        raise found.located(error) from None
    return made


def template(template: ZnsTemplate, params: Mapping[str, str], channel: Channel) -> Content:
    """An approved template to a phone (Channel.ZNS) or to a user id (Channel.UID); its tag decides the class.

    Values are checked against the template's rules once placeholders are filled in (services.templates).
    """
    from services.preflight.tags import class_of_tag  # here: the preflight knows deliveries, and those what they hold

    data = {"template_id": template.template_id, "template_name": template.name, "params": dict(params)}
    made = Content(channel, "template", class_of_tag(template.tag), data)
    placeholders.sketch(made.kind, made.data)
    return made


def advertising(content: Content) -> Content:
    """The same, marked by its writer as advertising: other hours, caps and consents count."""
    return replace(content, send_class=SendClass.PROMOTION)


def quoting(content: Content, msg_id: str) -> Content:
    """The same text as an answer to the person's message `msg_id`; other kinds cannot quote, and stay as they are."""
    return replace(content, data={**content.data, "quote": msg_id}) if content.kind == "text" else content


def check(content: Content) -> None:
    """Raise Invalid for the first limit of Zalo that this content breaks, its placeholders filled in or not."""
    try:
        _check(content)
    except InvalidMessage as error:
        raise as_invalid(error) from None


def as_invalid(error: InvalidMessage) -> Invalid:
    """A broken rule of Zalo's as an error with a text."""
    return Invalid(error.rule, **error.values)


def uploads(data: Mapping[str, Any]) -> dict[str, str]:
    """The files of ours that frozen content is made of: name -> kind at Zalo (image, gif, file)."""
    parts = {kind: data.get(kind) or {} for kind in ("image", "gif", "file")}
    banner = (data.get("document") or {}).get("banner") or {}
    found = {part["upload"]: kind for kind, part in parts.items() if part.get("upload")}
    return found | ({banner["upload"]: "image"} if banner.get("upload") else {})


def body(data: Mapping[str, Any], kind: str, user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    """What leaves for `user_id`, of frozen content. Pure. Raises InvalidMessage with the broken rule.

    `handles` gives for the name of every upload its attachment id, or the token of a file.
    """
    if kind in _BODIES:
        return _BODIES[kind](data, user_id, handles)
    return _document(data, kind, user_id, handles)


def typed(kind: str, data: Mapping[str, Any]) -> str:
    """Frozen content as its writer would type it: braces doubled, buttons as lines; "" where nothing was typed."""
    if kind in ("text", "image", "gif"):
        lines = [data.get("text") or "", *(button_lines.written(button) for button in data.get("buttons") or [])]
        return placeholders.escaped("\n".join(lines))
    return placeholders.escaped(documents.written(kind, data["document"])) if "document" in data else ""


def _consultation(kind: str, data: dict[str, Any]) -> Content:
    made = Content(Channel.CS, kind, SendClass.CARE, data)
    check(made)
    return advertising(made) if str(data.get("text") or "").upper().startswith(ADVERTISING) else made


def _check(content: Content) -> None:
    data = content.data if content.filled else placeholders.sketch(content.kind, content.data)
    body(data, content.kind, _ANYBODY, uploads(data))


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", clean(text)).strip()


def _text(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    return messages.text(user_id, data["text"], quote=data.get("quote"), buttons=data.get("buttons") or ())


def _image(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    picture = data["image"]
    if "upload" in picture:
        return messages.image_by_id(user_id, handles.get(picture["upload"], ""), data.get("text"))
    return messages.image_by_url(user_id, picture["url"], data.get("text"))


def _gif(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    picture = data["gif"]
    handle = handles.get(picture["upload"], "")
    return messages.gif(user_id, handle, picture["width"], picture["height"], data.get("text"))


def _file(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    return messages.file(user_id, handles.get(data["file"]["upload"], ""))


def _form(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    return messages.request_info(user_id, **data["form"])


def _template(data: Mapping[str, Any], user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    return messages.template(user_id, data["template_id"], data["params"])


def _document(data: Mapping[str, Any], kind: str, user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    found = data["document"]
    given, buttons = found.get("banner"), found.get("buttons") or ()
    banner = Banner(given.get("url", ""), handles.get(given.get("upload", ""), "")) if given else None
    if kind == wire_documents.PROMOTION:
        return wire_documents.promotion(user_id, found["elements"], buttons, banner=banner)
    language = found.get("language", "VI")
    return wire_documents.transaction(user_id, kind, found["elements"], buttons, banner=banner, language=language)


Body = Callable[[Mapping[str, Any], str, Mapping[str, str]], dict[str, Any]]
_BODIES: Mapping[str, Body] = {
    "text": _text,
    "image": _image,
    "gif": _gif,
    "file": _file,
    "form": _form,
    "template": _template,
}
