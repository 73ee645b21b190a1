"""ZNS templates: what the sandbox's OAs may send, with parameters, prices and one sample each."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.shapes import number_or_text

TWO_HOURS_MS = 7_200_000
CREATED_MS = 1_767_000_000_000
UID_SINCE_MS = 1_765_299_600_000  # 2025-12-10 in Vietnam
MADE_OF = ("custom", "otp", "payment", "voucher", "rating", "response", "journey", "carousel")
BY_PHONE_ONLY = ("otp", "response", "journey", "carousel")


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
    kind: int = 0
    """Number of the type in the create API (zns 4.1), whose format is checked then; 0 checks the length only."""

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
    body: str = ""
    """The text with <param> marks, for the preview page; no call returns it."""
    made_of: str = "custom"
    created: int = CREATED_MS
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
        names = {item.name for item in fields(self)} - {"template_id", "params", "sample", "day"}
        unknown = set(changes) - names
        if unknown:
            raise ValueError(f"a template has no {', '.join(sorted(unknown))}")
        for name, value in changes.items():
            if name in PATCHES:
                setattr(self, name, PATCHES[name](value))
                continue
            kinds = (int, type(None)) if name == "daily_quota" else (type(getattr(self, name)),)
            if type(value) not in kinds:
                raise ValueError(f"{name} must be {kinds[0].__name__}")
            setattr(self, name, value)

    def goes_by_uid(self) -> bool:
        """Approved since 2025-12-10, and nothing that needs a phone number (zns 1.5)."""
        return self.by_uid and self.created >= UID_SINCE_MS and self.made_of not in BY_PHONE_ONLY

    def listed(self, ids: str = "mixed") -> JsonObject:
        """An entry of template/all."""
        return {
            "templateId": number_or_text(int(self.template_id), ids, int),
            "templateName": self.name,
            "createdTime": self.created,
            "status": self.status.value,
            "templateQuality": self.quality,
        }

    def detail(self, preview_url: str, *, buttons: bool, ids: str = "mixed") -> JsonObject:
        """The answer of template/info; buttons and the price pair belong to version 2 only."""
        data: JsonObject = {
            "templateId": number_or_text(int(self.template_id), ids, str),
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


def _made_of(value: Any) -> str:
    if value not in MADE_OF:
        raise ValueError(f"made_of must be one of {', '.join(MADE_OF)}")
    return str(value)


def _buttons(value: Any) -> tuple[JsonObject, ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError("buttons must be a list of objects")
    return tuple(value)


PARAM_KINDS: dict[str, type] = {"str": str, "int": int, "bool": bool}


def _param(order: Any) -> Param:
    """One parameter of a new template. Raises ValueError for a wrong type, TypeError for an unknown field."""
    param = Param(**{"max_length": 30, "sample": "mẫu", **order})
    for item in fields(Param):
        kind = PARAM_KINDS[str(getattr(item.type, "__name__", item.type))]
        if type(getattr(param, item.name)) is not kind:
            raise ValueError(f"{item.name} of a parameter must be {kind.__name__}")
    return param


PATCHES: dict[str, Any] = {"status": Status, "tag": Tag, "made_of": _made_of, "buttons": _buttons}


def new_template(order: JsonObject) -> Template:
    """A template from a control order: `params` as a list of Param fields, the rest by name. Raises ValueError."""
    if not str(order.get("template_id", "")).isdigit():
        raise ValueError("template_id must be a number")
    params = tuple(_param(one) for one in order.pop("params", []))
    name, tag = str(order.pop("name", "Mẫu tin mới")), Tag(order.pop("tag", "TRANSACTION"))
    template = Template(str(order.pop("template_id")), name, tag, params)
    template.patch(order)
    return template
