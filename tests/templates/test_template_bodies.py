"""services/template_bodies.py: the wording a manager pastes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import AuditEntry, ZnsTemplate
from services import template_bodies, templates
from services.audit import CLI
from services.errors import Invalid

NAMES = ("customer_name", "booking_code", "schedule_time")


@pytest.fixture
def row(shop: Any) -> Any:
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    return templates.get(shop.oa, "300111")


def made(*names: str) -> ZnsTemplate:
    return ZnsTemplate(params=[{"name": name} for name in names], body="")


def test_a_wording_is_kept_shown_with_values_and_dropped(shop: Any, row: Any) -> None:
    """Both ways are written down."""
    text = "Xin chào <customer_name>,\r\nlịch <booking_code> lúc <schedule_time>."
    template_bodies.keep(shop.desk(), CLI, row, text)
    again = templates.get(shop.oa, "300111")
    values = {"customer_name": "<booking_code>", "booking_code": "LH-1", "schedule_time": "09:30"}
    assert template_bodies.filled(again, values) == "Xin chào <booking_code>,\nlịch LH-1 lúc 09:30."
    assert ("LH-1", True) in template_bodies.pieces(again, values)
    assert template_bodies.drop(shop.desk(), CLI, again)
    assert not template_bodies.drop(shop.desk(), CLI, templates.get(shop.oa, "300111"))
    assert template_bodies.filled(templates.get(shop.oa, "300111"), values) == ""
    entries = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert entries[-2:] == ["template.body_set", "template.body_removed"]


def test_marks_are_checked_both_ways() -> None:
    """An unknown mark is refused by name; a missing one is named, and may be right."""
    template = made(*NAMES)
    with pytest.raises(Invalid) as invalid:
        template_bodies.check(template, "Chào <tên khách>, mã <booking_code>")
    assert (invalid.value.key, invalid.value.values["marks"]) == ("body.unknown_marks", ["tên khách"])
    pasted = template_bodies.check(template, "Chào <customer_name> <3")
    assert pasted.missing == ("booking_code", "schedule_time")


@pytest.mark.parametrize(("text", "key"), [("  \n", "body.empty"), ("x" * 3001, "body.too_long")])
def test_nothing_and_too_much_are_refused(text: str, key: str) -> None:
    """Before anything is kept."""
    with pytest.raises(Invalid) as invalid:
        template_bodies.check(made("a"), text)
    assert invalid.value.key == key


def test_a_wording_of_other_parameters_is_not_shown() -> None:
    """The template was changed after it was pasted."""
    template = made("new_name")
    template.body = "Chào <customer_name>"
    assert not template_bodies.fits(template)
    assert template_bodies.filled(template, {"new_name": "Lan"}) == ""


@given(st.text(alphabet="a<>b \n", max_size=40), st.text(max_size=10))
def test_any_wording_is_checked_or_refused(text: str, value: str) -> None:
    """What is kept can always be filled; a value is never taken for a mark."""
    template = made("a", "b")
    try:
        template.body = template_bodies.check(template, text).text
    except Invalid:
        return
    expected = template.body
    shown = template_bodies.filled(template, {"a": value, "b": value})
    assert len(shown) == len(expected) + expected.count("<a>") * (len(value) - 3) + expected.count("<b>") * (
        len(value) - 3
    )
