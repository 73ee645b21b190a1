"""Zalo's judgement of an OA: reports, the ladder of quotas, disabled templates, the promotion quota, the shapes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.zalo_side.quality import LADDER, QualityBook, higher, judged, lower


def arrive(app, count):
    """So many ZNS reached phones today."""
    for _ in range(count):
        assert app.zns()["error"] == 0
    app.running.post("/_sandbox/clock", {"advance_s": 2})
    for _ in range(200):
        if app.running.get("/_sandbox/state")["counters"]["planned"] == 0:
            return
    raise AssertionError("messages do not arrive")


def report(app, **order):
    return app.running.post("/_sandbox/reports", {"template_id": "300111", **order})


def oa_state(app):
    return app.running.get("/_sandbox/state")["oas"][0]


def quota(app):
    return app.zns_get("/message/quota")["data"]


def test_reports_disable_a_template_and_tell(hooked, receiver):
    """Its quality is LOW then, nothing of it leaves any more, and two events say so."""
    hooked.clock(set="2026-11-24T12:00:00+07:00")
    arrive(hooked, 6)
    found = report(hooked)
    assert (found["template_quality"], found["template_status"], found["quality"]) == ("LOW", "DISABLE", "LOW")
    assert hooked.zns()["error"] == -146
    events = receiver.wait(lambda all_: sum("template" in each.body["event_name"] for each in all_) >= 2)
    bodies = {each.body["event_name"]: each.body for each in events}
    assert bodies["change_template_quality"]["quality"] == "LOW"
    assert bodies["change_template_status"]["status"] == {"prev_status": "ENABLE", "new_status": "DISABLE"}


def test_too_many_reports_in_a_day_cost_a_step_at_once_and_only_once(hooked, receiver):
    """Above 2 % of the daily quota, whatever came before; the event names both values."""
    hooked.clock(set="2026-11-24T12:00:00+07:00")
    hooked.oa(daily_quota=20_000)
    assert report(hooked, count=400)["daily_quota"] == 20_000
    assert report(hooked)["daily_quota"] == 10_000
    assert report(hooked, count=400)["daily_quota"] == 10_000
    events = receiver.wait(lambda all_: any(each.body["event_name"] == "change_oa_daily_quota" for each in all_))
    (event,) = [each.body for each in events if each.body["event_name"] == "change_oa_daily_quota"]
    assert event["quota"] == {"prev_value": "20000", "new_value": "10000"}
    assert event["oaId"] == hooked.oa_id
    hooked.clock(set="2026-11-25T12:00:00+07:00")
    assert report(hooked, count=201)["daily_quota"] == 1_000


def test_idle_and_late_reports_do_not_count(app):
    """ "Not displayed" and "other", and those later than 48 hours after the message came."""
    app.clock(set="2026-11-24T12:00:00+07:00")
    sent = app.zns()["data"]["msg_id"]
    arrive(app, 0)
    assert [report(app, reason=reason)["counted"] for reason in ("other", "not_displayed", "spam")] == [0, 0, 1]
    assert report(app, msg_id=sent)["counted"] == 1
    app.clock(set="2026-11-26T12:05:00+07:00")
    assert report(app, msg_id=sent)["counted"] == 0


def test_low_quality_costs_a_step_at_midnight_and_then_rests_a_week(app):
    """From the eighth day on; the clock may jump over many midnights."""
    app.clock(set="2026-11-02T12:00:00+07:00")
    app.oa(daily_quota=50_000, quality_7_days="LOW")
    arrive(app, 1)
    app.clock(set="2026-11-08T12:00:00+07:00")
    assert oa_state(app)["quota"]["daily"] == 50_000
    app.clock(set="2026-11-09T00:00:01+07:00")
    assert oa_state(app)["quota"]["daily"] == 20_000
    app.clock(set="2026-11-17T00:00:01+07:00")
    assert oa_state(app)["quota"]["daily"] == 10_000


def test_high_quality_and_twice_the_quota_go_up_a_step(app):
    """And less than that does not."""
    app.clock(set="2026-11-02T12:00:00+07:00")
    app.oa(daily_quota=1)
    arrive(app, 1)
    app.clock(set="2026-11-10T12:00:00+07:00")
    assert oa_state(app)["quota"]["daily"] == 1
    arrive(app, 1)
    app.clock(set="2026-11-11T12:00:00+07:00")
    arrive(app, 1)
    app.clock(set="2026-11-12T12:00:00+07:00")
    assert oa_state(app)["quota"]["daily"] == 1_000


def test_the_promotion_quota_is_a_sixth_of_two_months(app):
    """New on the 1st; 10,000 in the first month; the estimate says what comes."""
    app.clock(set="2026-11-24T12:00:00+07:00")
    arrive(app, 13)
    assert (quota(app)["monthlyPromotionQuota"], quota(app)["estimatedNextMonthPromotionQuota"]) == (10_000, 2)
    app.clock(set="2026-12-01T12:00:00+07:00")
    assert quota(app)["monthlyPromotionQuota"] == 2
    app.clock(set="2027-02-01T12:00:00+07:00")
    assert quota(app)["monthlyPromotionQuota"] == 0


@given(st.integers(min_value=0, max_value=20_000_000))
def test_a_step_is_one_step(daily):
    """Down is never up, and both stay on the ladder."""
    assert lower(daily) <= daily <= higher(daily)
    assert lower(daily) in (*LADDER, daily)
    assert higher(daily) in (*LADDER, daily)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_quality_follows_reports(sent, reports):
    """Always one of Zalo's four words; nobody is LOW without a report."""
    found = judged(sent, reports)
    assert found in ("HIGH", "MEDIUM", "LOW", "UNDEFINED")
    assert reports or found in ("HIGH", "UNDEFINED")


def test_a_new_oa_has_the_first_quota_whatever_the_month():
    """Until the month after its first message."""
    book = QualityBook()
    day = date(2026, 1, 31)
    assert book.promotion_quota(day) == 10_000
    book.arrived(day, "1", promotion=False)
    assert [book.promotion_quota(day), book.promotion_quota(day + timedelta(days=1))] == [10_000, 0]


def test_numbers_and_texts_by_switch(app):
    """Template ids and quotas come as both, or as one of them."""
    listed = "/template/all?offset=0&limit=1"

    def seen():
        id_ = app.zns_get(listed)["data"][0]["templateId"]
        detail = app.zns_get("/template/info/v2?template_id=300111")["data"]["templateId"]
        sent = app.zns()["data"]["quota"]["dailyQuota"]
        return [type(value) for value in (id_, detail, sent, quota(app)["dailyQuota"])]

    assert seen() == [int, str, str, int]
    app.oa(template_ids="text", quota_numbers="number")
    assert seen() == [str, str, int, int]
    app.oa(template_ids="number", quota_numbers="text")
    assert seen() == [int, int, str, str]


def test_timestamps_may_be_numbers_and_stay_signed(hooked, receiver):
    """Some say so; the signature takes the same digits."""
    hooked.oa(timestamps="number")
    order = {"event": "user_send_text", "wait": True}
    sent = hooked.running.post("/_sandbox/events", order)["sent"][0]
    assert isinstance(sent["body"]["timestamp"], int)
    assert sent["statuses"] == [200]
    hooked.oa(timestamps="text", quality_event="object", oa_key="oa_id")
    for event in ({"event": "change_template_quality", "quality": "LOW"}, {"event": "change_oa_daily_quota"}):
        order = {**event, "template_id": "300111", "new_value": 1000, "wait": True}
        body = hooked.running.post("/_sandbox/events", order)["sent"][0]["body"]
        assert body["oa_id"] == hooked.oa_id
        if "quality" in event:
            assert body["quality"] == {"prev_quality": "HIGH", "new_quality": "LOW"}


@pytest.mark.parametrize(("method", "get", "post"), [("any", 0, 0), ("GET", 0, -106), ("POST", -106, 0)])
def test_ratings_by_the_method_that_was_chosen(app, method, get, post):
    """-106 for the other one; the old answer has other names."""
    app.oa(rating_method=method, ratings="old")
    sent = app.zns(template=2)["data"]["msg_id"]
    order = {"event": "user_feedback", "phone": "84912340007", "rate": 2, "note": "chờ lâu"}
    assert app.running.post("/_sandbox/events", order)["events"] == 1
    path = "/business/rating/get?template_id=300113&from_time=0&to_time=9999999999999&offset=0&limit=10"
    answers = [app.running.request(name, path, None, app.headers) for name in ("GET", "POST")]
    assert [each["error"] for each in answers] == [get, post]
    (rating,) = next(each["data"]["data"] for each in answers if each["error"] == 0)
    assert (rating["rate"], rating["msgId"], "feedback" in rating, "rating_type" in rating) == (2, sent, True, False)


def test_a_wrong_shape_is_refused_naming_the_choices(app):
    """And nothing changes."""
    assert "closed, alive, gone" in app.oa(old_messages="half")["error"]
    assert oa_state(app)["shapes"]["old_messages"] == "closed"


def test_templates_change_with_or_without_an_event(hooked, receiver):
    """So that a template can be rejected since the list was fetched."""
    hooked.running.post("/_sandbox/templates/300111", {"status": "REJECT"})
    assert hooked.zns()["error"] == -131
    order = {"status": "ENABLE", "reason": "Đã sửa", "tell": True}
    assert hooked.running.post("/_sandbox/templates/300111", order)["status"] == "ENABLE"
    (event,) = receiver.wait_for(1)
    assert (event.body["status"]["prev_status"], event.body["reason"]) == ("REJECT", "Đã sửa")


def test_a_template_can_be_added_with_formats(app):
    """Dates, amounts and links are checked by the type's number; the preview shows the sample in the text."""
    params = [{"name": "day", "sample": "24/11/2026", "kind": 11}, {"name": "sum", "sample": "1000", "kind": 14}]
    order = {"template_id": "300200", "name": "Nhắc nợ", "params": params, "body": "Đến <day> là <sum> đồng & hết"}
    assert app.running.post("/_sandbox/templates", order)["templateId"] == "300200"

    def send(**data):
        return app.zns(template_id="300200", template_data={"day": "24/11/2026", "sum": "1000", **data})["error"]

    assert send() == 0
    assert [send(day="2026-11-24"), send(day="32/11/2026"), send(sum="1.000"), send(sum="x" * 31)] == [
        -1124,
        -1124,
        -1124,
        -1121,
    ]
    url = app.zns_get("/template/info/v2?template_id=300200")["data"]["previewUrl"]
    assert url.startswith(app.running.base)


def test_other_switches_of_the_zns_host(app):
    """A tag the OA may not send, a missing tracking_id, a body of more than 100,000 characters, one person's number."""
    app.oa(tags=["CUSTOMER_CARE"])
    assert (app.zns()["error"], app.zns_get("/message/template-tag")["data"]) == (-145, ["CUSTOMER_CARE"])
    app.oa(tags=["TRANSACTION"], tracking_id_required=True)
    assert (app.zns()["error"], app.zns(tracking_id="a1")["error"]) == (-132, 0)
    sample = app.running.ready["templates"][0]["sample"]
    assert app.zns(tracking_id="a2", template_data={**sample, "more": "x" * 100_000})["error"] == -130
    app.person(phone="84912340007", refuses=-139)
    assert app.zns(tracking_id="a3")["error"] == -139
