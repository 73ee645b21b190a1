"""What a person told the OA about themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from zalo.payload import as_date, as_dict, as_text
from zalo.phone import PhoneError, normalise


@dataclass(frozen=True, slots=True)
class SharedInfo:
    """Everything optional. `phone` is `84...` or None when what was given is no Vietnamese mobile number."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    district: str | None = None
    ward: str | None = None
    birthday: date | None = None
    gender: str | None = None

    def __bool__(self) -> bool:
        """Whether anything at all was shared."""
        return any(
            (self.name, self.phone, self.address, self.city, self.district, self.ward, self.birthday, self.gender)
        )

    def __repr__(self) -> str:
        return "SharedInfo(...)"  # a person's data stays out of logs


def read_shared_info(info: Mapping[str, Any]) -> SharedInfo:
    """One form from Zalo's two: flat `address, city, district, ward`, and since about 2025 `full_address`."""
    full = as_dict(info.get("full_address"))
    return SharedInfo(
        name=as_text(info.get("name")),
        phone=_phone(info.get("phone")),
        address=as_text(full.get("user_address")) or as_text(info.get("address")),
        city=as_text(full.get("user_city")) or as_text(info.get("city")),
        district=as_text(full.get("user_district")) or as_text(info.get("district")),
        ward=as_text(full.get("user_ward")) or as_text(info.get("ward")),
        birthday=as_date(info.get("user_dob")),
        gender=as_text(info.get("gender")),
    )


def _phone(value: object) -> str | None:
    text = as_text(value)
    if text is None:
        return None
    try:
        return normalise(text)
    except PhoneError:
        return None
