"""services/templates.py and preflight.py: what is refused before anything is sent."""

from datetime import timedelta

import pytest

from models import Channel, Follower, OfficialAccount, SendClass, ZnsTemplate
from services import preflight, template_bodies, template_params, templates
from services.audit import CLI
from services.errors import Invalid, NotFound, Refusal
from services.preflight import Answer, Letter
from tests.previews import cs_preview, zns_preview


def rule(**changes):
    usual = {"name": "p", "required": True, "max_length": 5, "min_length": 0, "accept_null": False, "type": "STRING"}
    return {**usual, **changes}


def made(*rules):
    return ZnsTemplate(params=list(rules), status="ENABLE", tag="TRANSACTION")


def may_write(desk, oa, person):
    """A consultation message, as the preflight judges it."""
    return preflight.check(desk, oa, Letter(Channel.CS, "text", SendClass.CARE), follower=person)


def may_send_zns(desk, oa, phone, template):
    """A ZNS of a matter of business."""
    return preflight.check(desk, oa, Letter(Channel.ZNS, "template", SendClass.TRANSACTION, template), phone=phone)


@pytest.fixture
def fan(shop):
    now = shop.clock.now()
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id="777", display_name="Bảo", phone="84912340007",
        last_interaction_at=now - timedelta(hours=1), first_seen_at=now,
    )  # fmt: skip


def test_templates_are_read_whole_and_vanished_ones_are_marked(shop):
    """Names, rules, prices; sendable ones first."""
    assert shop.run(lambda desk: templates.sync(desk, shop.oa)) == 6
    found = templates.listing(shop.oa)
    order = [templates.sendable(row) for row in found]
    assert order == sorted(order, reverse=True)
    first = templates.get(shop.oa, "300111")
    assert first.price_phone == 300
    assert {"name", "required", "max_length", "type"} <= set(first.params[0])
    ZnsTemplate.create(oa=shop.oa, template_id="999", status="ENABLE", synced_at=shop.clock.now() - timedelta(days=1))
    shop.advance(minutes=1)
    shop.run(lambda desk: templates.sync(desk, shop.oa))
    assert ZnsTemplate.get(ZnsTemplate.template_id == "999").status == "DELETE"


def test_a_template_is_read_again_after_ten_minutes(shop):
    """A changed status is seen; an unreachable Zalo leaves what is known."""

    def fresh():
        return shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))

    assert fresh().status == "ENABLE"
    shop.zalo.post("/_sandbox/templates/300111", {"status": "DISABLE"})
    assert fresh().status == "ENABLE"
    shop.advance(minutes=11)
    shop.zalo.post("/_sandbox/faults", {"match": "/business/template/info", "kind": "http_502"})
    assert fresh().status == "ENABLE"
    assert fresh().status == "DISABLE"


def test_a_template_of_nobody_is_not_found(shop):
    """Zalo's -109 becomes one clear word."""
    with pytest.raises(NotFound) as missing:
        shop.run(lambda desk: templates.fresh(desk, shop.oa, "424242"))
    assert missing.value.key == "template.unknown"


@pytest.mark.parametrize(
    ("rules", "given", "key"),
    [
        (rule(), {}, "param.missing"),
        (rule(), {"p": "  "}, "param.missing"),
        (rule(), {"p": "a", "q": "b"}, "param.unknown"),
        (rule(), {"p": "abcdef"}, "param.too_long"),
        (rule(min_length=3), {"p": "ab"}, "param.too_short"),
        (rule(type="DATE", max_length=20), {"p": "2026-11-24"}, "param.date"),
        (rule(type="DATE", max_length=20), {"p": "mai"}, "param.format"),
        (rule(type="CURRENCY", max_length=12), {"p": "1.000"}, "param.number"),
        (rule(max_length=20), {"p": "a\nb"}, "param.newline"),
        (rule(max_length=20), {"p": "Lan 🌸"}, "param.emoji"),
        (rule(type="NUMBER", max_length=12), {"p": "zehn"}, "param.format"),
    ],
)
def test_values_that_do_not_fit_are_refused_by_rule(rules, given, key):
    """The template's own rules, first failure named."""
    with pytest.raises(Invalid) as invalid:
        template_params.check_params(made(rules), given)
    assert invalid.value.key == key


@pytest.mark.parametrize(
    ("rules", "given", "expected"),
    [
        (rule(max_length=4), {"p": "Thủy"}, {"p": "Thủy"}),
        (rule(max_length=4), {"p": "Thu\u0309y"}, {"p": "Thủy"}),
        (rule(max_length=20), {"p": " a  b\n"}, {"p": "a b"}),
        (rule(accept_null=True), {"p": ""}, {"p": ""}),
        (rule(required=False), {}, {}),
        (rule(type="DATE", max_length=20), {"p": "09:30 24/11/2026"}, {"p": "09:30 24/11/2026"}),
        (rule(type="SOMETHING_NEW"), {"p": "x"}, {"p": "x"}),
        (rule(max_length=None), {"p": "x" * 500}, {"p": "x" * 500}),
    ],
)
def test_values_that_fit_come_back_as_they_will_be_sent(rules, given, expected):
    """Composed letters count once, spaces too many go, unknown types are free text."""
    assert template_params.check_params(made(rules), given) == expected


def test_the_pasted_wording_is_filled_in(shop):
    """Zalo's API never gives the wording itself."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    row = templates.get(shop.oa, "300111")
    template_bodies.keep(shop.desk(), CLI, row, "Chào <customer_name>")
    assert template_bodies.filled(templates.get(shop.oa, "300111"), {"customer_name": "Lan"}) == "Chào Lan"


def test_a_bad_phone_is_refused_by_its_reason_and_not_repeated(shop):
    """Landlines, foreign numbers, wrong length."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    for phone, reason in (("02838220000", "landline"), ("+12025550123", "foreign"), ("090123456", "length")):
        with pytest.raises(Invalid) as invalid:
            zns_preview(shop.desk(), shop.oa, phone, "300111", {})
        assert invalid.value.key == f"phone.{reason}"
        assert phone not in str(invalid.value.values)


def test_money_is_shown_with_vat_and_free_in_test_mode(shop):
    """300 and 8 % make 324."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    template = templates.get(shop.oa, "300111")
    values = {each["name"]: "1" for each in template.params}
    preview = zns_preview(shop.desk(), shop.oa, "0901234567", "300111", values)
    assert (preview.phone, preview.price, preview.total) == ("84901234567", 300, 324)
    assert preview.timeout == timedelta(hours=2)
    OfficialAccount.update(testing=True).execute()
    assert zns_preview(shop.desk(), shop.again(shop.oa), "0901234567", "300111", values).total == 0


@pytest.mark.parametrize(
    ("ago", "allowed"),
    [(timedelta(days=6, hours=23), True), (timedelta(days=7, minutes=1), False), (None, True)],
)
def test_a_consultation_message_needs_a_word_within_seven_days(shop, fan, ago, allowed):
    """Unknown is asked of Zalo, which refuses without harm."""
    Follower.update(last_interaction_at=None if ago is None else shop.clock.now() - ago).execute()
    if allowed:
        may_write(shop.desk(), shop.oa, shop.again(fan))
        return
    with pytest.raises(Refusal) as refusal:
        may_write(shop.desk(), shop.oa, shop.again(fan))
    assert refusal.value.key == "send.window_closed"


def test_a_day_known_without_an_hour_counts_to_its_end(shop, fan):
    """Zalo's user detail tells only the date."""
    Follower.update(last_interaction_at=None, last_interaction_on="2026-11-16").execute()
    may_write(shop.desk(), shop.oa, shop.again(fan))
    Follower.update(last_interaction_on="2026-11-15").execute()
    with pytest.raises(Refusal):
        may_write(shop.desk(), shop.oa, shop.again(fan))


@pytest.mark.parametrize(
    ("text", "image", "key"),
    [
        ("  ", None, "text.empty"),
        ("x" * 2001, None, "text.too_long"),
        ("", {"url": "ftp://example.vn/a.jpg"}, "image.url_invalid"),
    ],
)
def test_content_zalo_would_refuse_is_refused_here(shop, fan, text, image, key):
    """Before anything leaves."""
    with pytest.raises(Invalid) as invalid:
        cs_preview(shop.desk(), shop.oa, fan, text, image)
    assert invalid.value.key == key


def test_a_used_up_quota_is_said_with_the_hour_it_returns(shop):
    """Only today's number counts; development messages have their own."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    template = templates.get(shop.oa, "300111")
    now = shop.clock.now()
    OfficialAccount.update(zns_quota={"remaining": 0, "daily": 500}, zns_quota_at=now).execute()
    verdict = may_send_zns(shop.desk(), shop.again(shop.oa), "84901234567", template)
    assert (verdict.answer, verdict.until) == (Answer.LATER, now + timedelta(hours=15))
    assert verdict.refusal.key == "send.quota_zns"
    OfficialAccount.update(zns_quota_at=now - timedelta(days=1)).execute()
    assert may_send_zns(shop.desk(), shop.again(shop.oa), "84901234567", template).answer is Answer.YES


def test_a_refusal_is_a_key_and_values(shop, fan):
    """Refusals carry a key and values, never a sentence."""
    OfficialAccount.update(stopped_at=shop.clock.now(), stopped_code="-115").execute()
    with pytest.raises(Refusal) as refusal:
        may_write(shop.desk(), shop.again(shop.oa), fan)
    assert (refusal.value.key, refusal.value.code) == ("oa.stopped", "-115")
    assert refusal.value.values["name"] == "Spa Hoa Mai"
