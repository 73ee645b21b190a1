"""The life of a delivery: which state may follow which, and showing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Delivery, DeliveryState


@dataclass(frozen=True)
class Page:
    """A page of deliveries, newest first, and the number of all."""

    rows: list[Delivery]
    total: int


def new_tracking_id(now: datetime) -> str:
    """A new id of 24 letters and digits; later ones sort after earlier ones."""
    raise NotImplementedError


def move(now: datetime, delivery_id: int, to: DeliveryState, **values: Any) -> bool:
    """Bring a delivery into `to` if that is legal from where it is; False when somebody else got there first."""
    raise NotImplementedError


def show(now: datetime, delivery_id: int) -> None:
    """Post the delivery's newest state to the Telegram message that shows it, if there is one."""
    raise NotImplementedError


def get(delivery_id: int) -> Delivery:
    """Raises NotFound `delivery.unknown`."""
    raise NotImplementedError


def find(text: str) -> Delivery | None:
    """By our number, tracking id or Zalo's message id."""
    raise NotImplementedError


def page(*, oa_id: str | None = None, offset: int = 0, limit: int = 10) -> Page:
    """For screens."""
    raise NotImplementedError


def iterate(*, oa_id: str | None = None) -> Iterator[Delivery]:
    """All of them, oldest first, in bounded memory."""
    raise NotImplementedError


def cost(delivery: Delivery) -> int | None:
    """VND with VAT that this delivery has cost: 0 unless delivered in time; None while unknown."""
    raise NotImplementedError


def resend(now: datetime, delivery_id: int, staff_id: int) -> Delivery:
    """A person's decision to send an uncertain or failed message once more, as a new attempt of its own."""
    raise NotImplementedError
