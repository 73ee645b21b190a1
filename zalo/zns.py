"""ZNS (since 2026 "ZBS template messages"): paid template messages to a phone number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from zalo.client import Answer, Call, Host, Zalo
from zalo.errors import PerhapsSent, Table
from zalo.messages import TRACKING_ID, InvalidMessage
from zalo.payload import as_dict, as_id, as_int, as_list, as_moment, as_text

DEFAULT_TIMEOUT = timedelta(hours=2)  # 15 s for one-time passwords; each template says its own
TEMPLATE_PAGE = 100


@dataclass(frozen=True, slots=True)
class SentZns:
    """Zalo accepted the message, which is not yet delivery. Quotas are None when Zalo did not say."""

    msg_id: str
    sent_at: datetime | None
    remaining_quota: int | None
    daily_quota: int | None


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """`status`: -1 unknown message, 0 not on the phone yet, 1 delivered."""

    status: int
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Quota:
    """Sending allowances; None where Zalo leaves one out (also for unlimited)."""

    daily: int | None
    remaining: int | None
    monthly_promotion: int | None
    remaining_monthly_promotion: int | None
    next_month_promotion: int | None  # Zalo's estimate
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Quality:
    """HIGH, MEDIUM, LOW or UNDEFINED over the last 48 hours and the last 7 days."""

    current: str
    week: str


@dataclass(frozen=True, slots=True)
class TemplateSummary:
    """A line of the template list."""

    template_id: str
    name: str
    status: str
    quality: str | None


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One page of the template list and the number of all."""

    items: tuple[TemplateSummary, ...]
    total: int


@dataclass(frozen=True, slots=True)
class TemplateParam:
    """One parameter; lengths are in characters after NFC."""

    name: str
    required: bool
    max_length: int | None
    min_length: int
    accept_null: bool
    type: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template's details. Prices are VND without VAT, by phone number and by user id."""

    template_id: str
    name: str
    status: str
    params: tuple[TemplateParam, ...]
    buttons: tuple[dict[str, Any], ...]
    timeout: timedelta
    preview_url: str | None
    quality: str | None
    tag: str | None
    price_phone: int | None
    price_uid: int | None
    reason: str | None
    daily_quota: int | None
    remaining_quota: int | None
    raw: dict[str, Any] = field(repr=False)


async def send(
    zalo: Zalo,
    token: str,
    *,
    phone: str,
    template_id: str,
    params: Mapping[str, str],
    tracking_id: str,
    development: bool,
) -> SentZns:
    """Send one ZNS, once. `phone` as `84...`; `tracking_id` up to 48 letters and digits, new for every attempt.

    Raises PerhapsSent when it may have gone out (and be billed): only the delivery webhook with the same
    tracking id settles that, since Zalo is not known to drop repeated tracking ids.
    """
    if not TRACKING_ID.fullmatch(tracking_id):
        raise InvalidMessage("tracking id must be 1 to 48 letters and digits")
    body: dict[str, Any] = {
        "phone": phone,
        "template_id": template_id,
        "template_data": dict(params),
        "tracking_id": tracking_id,
    }
    if development:
        body["mode"] = "development"
    answer = await zalo.call(Call("POST", Host.BUSINESS, "/message/template", Table.ZNS, token=token, json=body))
    return _sent(as_dict(answer.data))


async def message_status(zalo: Zalo, token: str, msg_id: str) -> MessageStatus:
    """Whether a ZNS reached the phone. Raises ZaloError."""
    data = as_dict((await _get(zalo, token, "/message/status", {"message_id": msg_id})).data)
    status = as_int(data.get("status"))
    return MessageStatus(-1 if status is None else status, as_moment(data.get("delivery_time")))


async def quota(zalo: Zalo, token: str) -> Quota:
    """The OA's allowances of today and this month. Raises ZaloError."""
    data = as_dict((await _get(zalo, token, "/message/quota")).data)
    return Quota(
        daily=_allowance(data.get("dailyQuota")),
        remaining=_allowance(data.get("remainingQuota")),
        monthly_promotion=_allowance(data.get("monthlyPromotionQuota")),
        remaining_monthly_promotion=_allowance(data.get("remainingMonthlyPromotionQuota")),
        next_month_promotion=_allowance(data.get("estimatedNextMonthPromotionQuota")),
        raw=data,
    )


async def quality(zalo: Zalo, token: str) -> Quality:
    """How people rate the OA's sending. Raises ZaloError."""
    data = as_dict((await _get(zalo, token, "/quality")).data)
    undefined = "UNDEFINED"
    return Quality(as_text(data.get("oaCurrentQuality")) or undefined, as_text(data.get("oa7dayQuality")) or undefined)


async def allowed_tags(zalo: Zalo, token: str) -> tuple[str, ...]:
    """The kinds of content the OA may send. Open words: the samples known still show the names of before 2024."""
    found = (as_text(item) for item in as_list((await _get(zalo, token, "/message/template-tag")).data))
    return tuple(tag for tag in found if tag)


async def list_templates(
    zalo: Zalo, token: str, offset: int, limit: int = TEMPLATE_PAGE, status: int | None = None
) -> TemplatePage:
    """A page of templates, at most 100; `status` 1 enabled, 2 pending, 3 rejected, 4 disabled, None all."""
    query = {"offset": offset, "limit": limit}
    if status is not None:
        query["status"] = status
    body = (await _get(zalo, token, "/template/all", query)).body
    found = (_summary(as_dict(item)) for item in as_list(body.get("data")))
    items = tuple(item for item in found if item is not None)
    total = as_int(as_dict(body.get("metadata")).get("total"))
    return TemplatePage(items, len(items) if total is None else total)


async def template_info(zalo: Zalo, token: str, template_id: str) -> Template:
    """Everything Zalo says about one template: parameters, price, quality. Raises ZaloError."""
    answer = await _get(zalo, token, "/template/info/v2", {"template_id": template_id})
    return _template(as_dict(answer.data), template_id)


async def sample_data(zalo: Zalo, token: str, template_id: str) -> dict[str, str]:
    """The sample value of each parameter, as the template was submitted with. Raises ZaloError."""
    data = as_dict((await _get(zalo, token, "/template/sample-data", {"template_id": template_id})).data)
    return {name: text for name, value in data.items() if (text := as_text(value)) is not None}


async def _get(zalo: Zalo, token: str, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
    return await zalo.call(Call("GET", Host.BUSINESS, path, Table.ZNS, token=token, query=query))


def _sent(data: dict[str, Any]) -> SentZns:
    msg_id = as_id(data.get("msg_id"))
    if msg_id is None:
        raise PerhapsSent("/message/template: accepted without a message id", status=200)
    left = as_dict(data.get("quota"))  # strings here, integers in /message/quota
    return SentZns(
        msg_id=msg_id,
        sent_at=as_moment(data.get("sent_time")),
        remaining_quota=_allowance(left.get("remainingQuota")),
        daily_quota=_allowance(left.get("dailyQuota")),
    )


def _allowance(value: object) -> int | None:
    """A count of messages. How Zalo writes "unlimited" is not documented: a negative number is taken for it."""
    number = as_int(value)
    return number if number is not None and number >= 0 else None


def _summary(item: dict[str, Any]) -> TemplateSummary | None:
    template_id = as_id(item.get("templateId"))  # a number in older answers
    if template_id is None:
        return None
    name, status = as_text(item.get("templateName")) or "", as_text(item.get("status")) or ""
    return TemplateSummary(template_id, name, status, as_text(item.get("templateQuality")))


def _template(data: dict[str, Any], asked: str) -> Template:
    millis = as_int(data.get("timeout"))
    price = as_int(data.get("price_sdt"))
    return Template(
        template_id=as_id(data.get("templateId")) or asked,
        name=as_text(data.get("templateName")) or "",
        status=as_text(data.get("status")) or "",
        params=tuple(_param(item) for item in as_list(data.get("listParams")) if _named(item)),
        buttons=tuple(item for item in as_list(data.get("listButtons")) if isinstance(item, dict)),
        timeout=timedelta(milliseconds=millis) if millis and 0 < millis < 10**12 else DEFAULT_TIMEOUT,
        preview_url=as_text(data.get("previewUrl")),
        quality=as_text(data.get("templateQuality")),
        tag=as_text(data.get("templateTag")),
        price_phone=as_int(data.get("price")) if price is None else price,
        price_uid=as_int(data.get("price_uid")),
        reason=as_text(data.get("reason")),
        daily_quota=as_int(data.get("templateDailyQuota")),
        remaining_quota=as_int(data.get("templateRemainingQuota")),
        raw=data,
    )


def _named(item: object) -> bool:
    return as_text(as_dict(item).get("name")) is not None


def _param(item: dict[str, Any]) -> TemplateParam:
    return TemplateParam(
        name=as_text(item.get("name")) or "",
        required=item.get("require") is not False,  # spelled `require` on the wire; absent counts as needed
        max_length=as_int(item.get("maxLength")),
        min_length=as_int(item.get("minLength")) or 0,
        accept_null=item.get("acceptNull") is True,
        type=as_text(item.get("type")) or "STRING",
    )
