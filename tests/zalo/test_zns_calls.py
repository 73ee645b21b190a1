"""ZNS: sending, status, quota and templates."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from zalo_wire import asking

from zalo import zns
from zalo.client import Zalo
from zalo.errors import ErrorClass, PerhapsSent, Refused, Table
from zalo.messages import InvalidMessage


def ok(data: Any) -> dict[str, Any]:
    return {"error": 0, "message": "Success", "data": data}


def sending(*, development: bool = False, tracking_id: str = "ord1") -> Callable[[Zalo], Awaitable[zns.SentZns]]:
    return lambda zalo: zns.send(
        zalo,
        "t",
        phone="84901234567",
        template_id="300111",
        params={"customer_name": "Trần Thị Mẫu"},
        tracking_id=tracking_id,
        development=development,
    )


SENT = {
    "msg_id": "0a1b2c3d4e5f60718293",
    "sent_time": "1767229200123",
    "quota": {"dailyQuota": "20000", "remainingQuota": "19999"},
}


def test_a_zns_is_sent_once_with_its_tracking_id() -> None:
    """Normal mode has no `mode` at all."""
    sent, request = asking(ok(SENT), sending())
    assert request.line == "POST /message/template HTTP/1.1"
    assert json.loads(request.body) == {
        "phone": "84901234567",
        "template_id": "300111",
        "template_data": {"customer_name": "Trần Thị Mẫu"},
        "tracking_id": "ord1",
    }
    assert sent == zns.SentZns("0a1b2c3d4e5f60718293", datetime(2026, 1, 1, 1, 0, 0, 123000, tzinfo=UTC), 19999, 20000)


def test_testing_sends_in_development_mode() -> None:
    """Only administrators get it, and it is not billed."""
    _, request = asking(ok(SENT), sending(development=True))
    assert json.loads(request.body)["mode"] == "development"


def test_a_bare_success_is_an_unknown_outcome() -> None:
    """Zalo said yes without an id: never send again by itself."""
    with pytest.raises(PerhapsSent):
        asking(ok(None), sending())


@pytest.mark.parametrize("tracking_id", ["", "a" * 49, "a-b", "đơn1", "a b"])
def test_a_tracking_id_zalo_might_mangle_is_refused_here(tracking_id: str) -> None:
    """It is the only way to settle an unknown outcome."""
    with pytest.raises(InvalidMessage):
        asking(ok(SENT), sending(tracking_id=tracking_id))


def test_a_refusal_speaks_the_zns_table() -> None:
    """-118 is no account here, and nothing of the kind on the OA host."""
    with pytest.raises(Refused) as caught:
        asking({"error": -118, "message": "Zalo account not existed", "data": None}, sending())
    assert (caught.value.table, caught.value.error_class) == (Table.ZNS, ErrorClass.RECIPIENT)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"status": 1, "delivery_time": "1767229200123"}, (1, True)),
        ({"status": 0, "delivery_time": None}, (0, False)),
        ({"status": "-1"}, (-1, False)),
        ({}, (-1, False)),
    ],
)
def test_a_status_is_read(data: dict[str, Any], expected: tuple[int, bool]) -> None:
    """Delivered has a time; nothing said counts as not found."""
    status, request = asking(ok(data), lambda zalo: zns.message_status(zalo, "t", "abc"))
    assert request.target == "/message/status?message_id=abc"
    assert (status.status, status.delivered_at is not None) == expected


def test_quotas_may_be_null_or_missing() -> None:
    """Unlimited has no documented form."""
    found, _ = asking(ok({"dailyQuota": 20000, "remainingQuota": None}), lambda zalo: zns.quota(zalo, "t"))
    assert (found.daily, found.remaining, found.monthly_promotion) == (20000, None, None)
    found, _ = asking(ok({"dailyQuota": -1, "remainingQuota": "-1"}), lambda zalo: zns.quota(zalo, "t"))
    assert (found.daily, found.remaining) == (None, None)


def test_quality_is_read_from_its_own_path() -> None:
    """There is no /message/quality."""
    found, request = asking(ok({"oaCurrentQuality": "HIGH"}), lambda zalo: zns.quality(zalo, "t"))
    assert request.target == "/quality"
    assert found == zns.Quality("HIGH", "UNDEFINED")


def test_templates_are_listed_with_ids_as_text() -> None:
    """Older answers have numbers."""
    body = {
        "error": 0,
        "data": [
            {"templateId": 300111, "templateName": "Xác nhận", "status": "ENABLE", "templateQuality": "HIGH"},
            {"templateId": "300112"},
            {"templateName": "no id"},
            "wild",
        ],
        "metadata": {"total": 57},
    }
    page, request = asking(body, lambda zalo: zns.list_templates(zalo, "t", 0, 100, status=1))
    assert request.target == "/template/all?offset=0&limit=100&status=1"
    assert [item.template_id for item in page.items] == ["300111", "300112"]
    assert (page.items[0].name, page.total) == ("Xác nhận", 57)


INFO = {
    "templateId": "300111",
    "templateName": "Xác nhận đơn",
    "status": "ENABLE",
    "reason": "",
    "listParams": [
        {"name": "order", "require": True, "type": "STRING", "maxLength": 30, "minLength": 2, "acceptNull": False},
        {"name": "note", "require": False, "type": "STRING", "maxLength": "90", "acceptNull": True},
        {"require": True},
    ],
    "listButtons": [{"type": 2, "title": "Gọi", "content": "1900000000"}],
    "timeout": 15000,
    "previewUrl": "https://preview.example/1",
    "templateQuality": None,
    "templateTag": "TRANSACTION",
    "price": "300",
    "price_sdt": "200",
    "price_uid": "140",
    "templateDailyQuota": 5000,
    "templateRemainingQuota": 4990,
}


def test_a_template_is_read_whole() -> None:
    """Parameters, prices by way of sending, and the time within which it counts as delivered."""
    template, request = asking(ok(INFO), lambda zalo: zns.template_info(zalo, "t", "300111"))
    assert request.target == "/template/info/v2?template_id=300111"
    assert template.params == (
        zns.TemplateParam("order", True, 30, 2, False, "STRING"),
        zns.TemplateParam("note", False, 90, 0, True, "STRING"),
    )
    assert (template.price_phone, template.price_uid) == (200, 140)
    assert (template.timeout, template.tag, template.reason) == (timedelta(seconds=15), "TRANSACTION", None)
    assert template.buttons == ({"type": 2, "title": "Gọi", "content": "1900000000"},)


def test_a_template_from_before_2026_has_one_price() -> None:
    """The single price was the one by phone."""
    old = {key: value for key, value in INFO.items() if key not in ("price_sdt", "price_uid", "timeout")}
    template, _ = asking(ok(old), lambda zalo: zns.template_info(zalo, "t", "300111"))
    assert (template.price_phone, template.price_uid) == (300, None)
    assert template.timeout == timedelta(hours=2)
