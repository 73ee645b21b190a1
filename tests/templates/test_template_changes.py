"""What Zalo's events about templates and quotas lead to: read again from Zalo, and told where it matters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from models import Notice, OfficialAccount, ZnsTemplate
from services import chores, rereading, templates


@pytest.fixture
def known(shop: Any) -> Any:
    """All templates read."""
    shop.run(lambda desk: templates.sync(desk, shop.oa))
    return lambda template_id: templates.get(shop.oa, template_id)


def at_zalo(shop: Any, template_id: str, **changes: Any) -> None:
    shop.zalo.post(f"/_sandbox/templates/{template_id}", changes)


def reread(shop: Any) -> int:
    found: int = shop.run(rereading.run)
    return found


def test_an_event_is_a_hint_and_zalo_the_truth(shop: Any, manager: Any, event: Any, known: Any, told: Any) -> None:
    """Whatever the event says: what Zalo answers is stored, and told once with the reason."""
    at_zalo(shop, "300111", status="REJECT", reason="Nội dung chưa có tham số định danh")
    event("change_template_status", template_id="300111", status={"prev_status": "ENABLE", "new_status": "DISABLE"})
    assert reread(shop) == 1
    row = known("300111")
    assert (row.status, row.reason) == ("REJECT", "Nội dung chưa có tham số định danh")
    assert row.reread_at is None
    assert told() == ["template_rejected"]
    assert Notice.get().payload == {"oa_id": shop.oa.oa_id, "template": row.id}
    event("change_template_status", template_id="300111")
    assert (reread(shop), reread(shop), told()) == (1, 0, ["template_rejected"])


def test_a_change_back_and_again_is_told_again(shop: Any, manager: Any, event: Any, known: Any, told: Any) -> None:
    """Once for each change, not once for ever."""
    for status in ("DISABLE", "ENABLE", "DISABLE"):
        shop.advance(seconds=30)
        at_zalo(shop, "300111", status=status)
        event("change_template_status", template_id=300111)
        reread(shop)
    assert told() == ["template_disabled", "template_disabled"]


@pytest.mark.parametrize(
    "body",
    [
        {"template_id": "300111", "quality": "LOW"},
        {"templateId": 300111, "quality": {"prev_quality": "HIGH", "new_quality": "LOW"}},
        {"template_id": "300111", "quality": None, "oa_id": None, "oaId": "OA"},
        {"template_id": "300111", "quality": ["?"], "timestamp": "yesterday"},
    ],
)
def test_every_shape_of_a_quality_event_leads_to_zalo(
    shop: Any, manager: Any, event: Any, known: Any, told: Any, body: dict[str, Any]
) -> None:
    """Text or object, either spelling of the ids."""
    at_zalo(shop, "300111", quality="LOW")
    given = {key: shop.oa.oa_id if value == "OA" else value for key, value in body.items()}
    event("change_template_quality", **given)
    assert reread(shop) == 1
    assert (known("300111").quality, told()) == ("LOW", ["template_low"])


def test_the_nightly_look_tells_what_no_event_told(shop: Any, manager: Any, known: Any, told: Any) -> None:
    """And the first reading of all tells nothing: what was so before is no news."""
    assert told() == []
    at_zalo(shop, "300112", status="DISABLE", reason="Chất lượng gửi thấp")
    shop.advance(minutes=1)
    shop.run(lambda desk: templates.sync(desk, shop.oa))
    assert told() == ["template_disabled"]


def test_a_template_nobody_knew_is_read_and_its_refusal_told(shop: Any, manager: Any, event: Any, told: Any) -> None:
    """It was made at Zalo since the last reading; until then it is in no list."""
    event("change_template_status", template_id="300115")
    assert templates.listing(shop.oa) == []
    assert reread(shop) == 1
    assert [row.template_id for row in templates.listing(shop.oa)] == ["300115"]
    assert told() == ["template_rejected"]


def test_a_template_that_is_gone_leaves_the_list(shop: Any, event: Any, known: Any) -> None:
    """Zalo answers that there is no such template."""
    ZnsTemplate.create(oa=shop.oa, template_id="424242", status="ENABLE", name="Cũ", synced_at=shop.clock.now())
    event("change_template_status", template_id="424242")
    assert reread(shop) == 1
    row = ZnsTemplate.get(ZnsTemplate.template_id == "424242")
    assert (row.status, row.reread_at) == ("DELETE", None)


def test_what_cannot_be_read_now_is_read_later(shop: Any, event: Any, known: Any) -> None:
    """Not again in the same minute, and not never."""
    shop.zalo.post("/_sandbox/faults", {"match": "/business/template/info", "kind": "http_502"})
    event("change_template_status", template_id="300111")
    assert (reread(shop), reread(shop)) == (0, 0)
    shop.advance(minutes=11)
    assert reread(shop) == 1


def test_an_event_during_the_reading_is_not_lost(shop: Any, event: Any, known: Any) -> None:
    """It may be newer than Zalo's answer."""
    event("change_template_status", template_id="300111")
    (row,) = rereading._due_templates(shop.clock.now())
    until = shop.clock.now() + rereading.PAUSE
    assert rereading._take_template(row, until)
    assert not rereading._take_template(row, until)
    shop.advance(seconds=1)
    event("change_template_status", template_id="300111")
    rereading._settle_template(row, until)
    assert len(rereading._due_templates(shop.clock.now())) == 1


def test_events_of_an_oa_nobody_has_change_nothing(shop: Any, event: Any) -> None:
    """Registered or not, no row is made."""
    event("change_template_status", oa_id="9", template_id="300111")
    event("change_oa_daily_quota", oa_id="9")
    assert not ZnsTemplate.select().exists()


@pytest.mark.parametrize("name", ["change_oa_daily_quota", "change_oa_template_tags", "change_template_quota"])
@pytest.mark.parametrize("key", ["oa_id", "oaId"])
def test_a_changed_quota_is_read_within_a_minute(shop: Any, event: Any, name: str, key: str) -> None:
    """By the clock's job, whatever the event itself says."""
    event(name, **({"oa_id": None, "oaId": shop.oa.oa_id} if key == "oaId" else {}), quota={"new_value": "7"})
    assert shop.again(shop.oa).quota_wanted_at is not None
    shop.zalo.post(f"/_sandbox/oas/{shop.oa.oa_id}", {"daily_quota": 50_000})
    assert shop.run(chores.reread_changed) == 1
    oa = shop.again(shop.oa)
    assert (oa.zns_quota["daily"], oa.quota_wanted_at) == (50_000, None)
    assert shop.run(chores.reread_changed) == 0


def test_an_oa_that_is_disconnected_is_not_asked(shop: Any, event: Any, known: Any) -> None:
    """Its changes wait for the day it is back."""
    event("change_template_status", template_id="300111")
    event("change_oa_daily_quota")
    OfficialAccount.update(state="needs_reauth").execute()
    assert reread(shop) == 0
    OfficialAccount.update(state="active").execute()
    assert reread(shop) == 2


def test_samples_are_kept_with_the_parameters(shop: Any, known: Any) -> None:
    """Asked once; a template that was changed is asked again, and no answer keeps nobody waiting."""
    assert shop.run(lambda desk: templates.sample(desk, shop.oa, "300111"))["customer_name"] == "Nguyễn Thị Lan"
    bare = [{key: value for key, value in rule.items() if key != "sample"} for rule in known("300111").params]
    ZnsTemplate.update(params=bare, synced_at=shop.clock.now() - timedelta(hours=1)).execute()
    shop.zalo.post("/_sandbox/faults", {"match": "/business/template/sample-data", "kind": "http_502", "times": 2})
    assert shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111")).status == "ENABLE"
    assert shop.run(lambda desk: templates.sample(desk, shop.oa, "300111")) == {}
    assert "booking_code" in shop.run(lambda desk: templates.sample(desk, shop.oa, "300111"))
