"""ZNS templates: what the sandbox's OAs may send, with parameters, prices and one sample each."""

from copy import copy
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from sandbox.zalo_side.answers import JsonObject

TWO_HOURS_MS = 7_200_000
CREATED_MS = 1_767_000_000_000


class Tag(StrEnum):
    TRANSACTION = "TRANSACTION"
    CUSTOMER_CARE = "CUSTOMER_CARE"
    PROMOTION = "PROMOTION"


class Status(StrEnum):
    ENABLE = "ENABLE"
    PENDING_REVIEW = "PENDING_REVIEW"
    REJECT = "REJECT"
    DISABLE = "DISABLE"


STATUS_NUMBERS = {"1": Status.ENABLE, "2": Status.PENDING_REVIEW, "3": Status.REJECT, "4": Status.DISABLE}


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: its rules and the value it has in the sample."""

    name: str
    max_length: int
    sample: str
    accept_null: bool = False
    require: bool = True

    def listed(self) -> JsonObject:
        return {
            "name": self.name,
            "require": self.require,
            "type": "STRING",
            "maxLength": self.max_length,
            "minLength": 0,
            "acceptNull": self.accept_null,
        }


@dataclass(slots=True)
class Template:
    """One template of an OA. Prices in VND, `timeout` in milliseconds, as on the wire."""

    template_id: str
    name: str
    tag: Tag
    params: tuple[Param, ...]
    price_phone: int = 300
    price_uid: int = 210
    status: Status = Status.ENABLE
    reason: str = ""
    quality: str = "HIGH"
    timeout: int = TWO_HOURS_MS
    buttons: tuple[JsonObject, ...] = ()
    night_rule: bool = False
    by_uid: bool = True
    daily_quota: int | None = None
    sent_today: int = 0
    day: str = ""
    sample: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.sample = {param.name: param.sample for param in self.params}

    def roll(self, day: str) -> None:
        """Start a new daily counter when the day changed."""
        if day != self.day:
            self.day, self.sent_today = day, 0

    def patch(self, changes: dict[str, Any]) -> None:
        """Set fields by their names; unknown names are a ValueError."""
        names = {item.name for item in fields(self)} - {"template_id", "params", "sample", "buttons"}
        unknown = set(changes) - names
        if unknown:
            raise ValueError(f"a template has no {', '.join(sorted(unknown))}")
        for name, value in changes.items():
            kinds = {"status": Status, "tag": Tag}
            setattr(self, name, kinds[name](value) if name in kinds else value)

    def listed(self) -> JsonObject:
        """An entry of template/all."""
        return {
            "templateId": int(self.template_id),
            "templateName": self.name,
            "createdTime": CREATED_MS,
            "status": self.status.value,
            "templateQuality": self.quality,
        }

    def detail(self, preview_url: str, *, buttons: bool) -> JsonObject:
        """The answer of template/info; buttons and the price pair belong to version 2 only."""
        data: JsonObject = {
            "templateId": self.template_id,
            "templateName": self.name,
            "status": self.status.value,
            "reason": self.reason,
            "listParams": [param.listed() for param in self.params],
        }
        if buttons:
            data["listButtons"] = list(self.buttons)
        data |= {
            "timeout": self.timeout,
            "previewUrl": preview_url,
            "templateQuality": self.quality,
            "templateTag": self.tag.value,
            "price": str(self.price_phone),
        }
        if buttons:
            data |= {"price_sdt": str(self.price_phone), "price_uid": str(self.price_uid)}
        data["applyTemplateQuota"] = self.daily_quota is not None
        if self.daily_quota is not None:
            data["templateDailyQuota"] = self.daily_quota
            data["templateRemainingQuota"] = max(0, self.daily_quota - self.sent_today)
        return data


CUSTOMER = Param("customer_name", 30, "Nguyễn Thị Lan")
HOTLINE: JsonObject = {"type": 2, "title": "Gọi hotline", "content": "1900000000"}
OA_PAGE: JsonObject = {"type": 3, "title": "Quan tâm OA", "content": "https://zalo.me/2902001003004005006"}


# Every OA gets copies of these; the first is the appointment confirmation.
DEFAULTS = (
    Template(
        "300111",
        "Xác nhận lịch hẹn",
        Tag.TRANSACTION,
        (CUSTOMER, Param("booking_code", 30, "LH-0217"), Param("schedule_time", 20, "09:30 24/11/2026")),
        buttons=(HOTLINE,),
    ),
    Template(
        "300112",
        "Xác nhận đơn hàng",
        Tag.TRANSACTION,
        (
            CUSTOMER,
            Param("order_code", 30, "DH-000123"),
            Param("order_date", 20, "22/11/2026"),
            Param("amount", 12, "450000"),
            Param("note", 90, "Giao giờ hành chính", accept_null=True, require=False),
        ),
        buttons=(OA_PAGE,),
    ),
    Template(
        "300113",
        "Đánh giá dịch vụ",
        Tag.CUSTOMER_CARE,
        (CUSTOMER, Param("service_name", 100, "Chăm sóc da cơ bản"), Param("visit_date", 20, "20/11/2026")),
    ),
    Template(
        "300114",
        "Ưu đãi khách quen",
        Tag.PROMOTION,
        (CUSTOMER, Param("voucher_code", 25, "HOAMAI20"), Param("end_date", 20, "31/12/2026")),
        price_phone=600,
        price_uid=420,
        quality="MEDIUM",
        buttons=(OA_PAGE, HOTLINE),
        night_rule=True,
    ),
    Template(
        "300115",
        "Nhắc lịch tái khám",
        Tag.TRANSACTION,
        (CUSTOMER,),
        status=Status.REJECT,
        reason="Nội dung chưa có tham số định danh giao dịch",
        quality="UNDEFINED",
    ),
    Template(
        "300116",
        "Chúc mừng sinh nhật",
        Tag.CUSTOMER_CARE,
        (CUSTOMER, Param("birthday", 20, "22/11")),
        status=Status.DISABLE,
        reason="Chất lượng gửi thấp",
        quality="LOW",
    ),
)


def default_templates() -> list[Template]:
    """Fresh copies of the templates an OA starts with."""
    return [copy(template) for template in DEFAULTS]
