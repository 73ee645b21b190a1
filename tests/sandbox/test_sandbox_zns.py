"""The local Zalo's ZNS host."""

import hashlib

import httpx
import pytest

from sandbox.zalo_side.zns_errors import ZNS_MESSAGES

PROMOTION = 3


def delivered(app, msg_id):
    return app.zns_get(f"/message/status?message_id={msg_id}")["data"]["status"] == 1


def pass_time(app):
    """Let everything on its way arrive."""
    app.clock(advance_s=5)


def test_an_accepted_message_answers_in_strings(app):
    """Message id, time and quota as on the wire."""
    answer = app.zns(tracking_id="ord000123a")
    data = answer["data"]
    assert answer["error"] == 0
    assert len(data["msg_id"]) == 20
    assert data["sent_time"].isdigit()
    assert data["sending_mode"] == "1"
    assert data["quota"] == {"dailyQuota": "500000", "remainingQuota": "499999"}
    accepted = app.running.messages()[0]
    assert (accepted["channel"], accepted["recipient"], accepted["tracking_id"]) == ("zns", "84912340007", "ord000123a")


def test_it_arrives_and_is_charged_then(app):
    """Held when accepted, charged when delivered, without VAT."""
    before = app.oa()["wallet"]
    msg_id = app.zns()["data"]["msg_id"]
    pass_time(app)
    assert delivered(app, msg_id)
    after = app.oa()["wallet"]
    assert after == {"balance": before["balance"] - 300, "held": 0, "charged": 300}


def test_a_late_message_never_arrives_and_costs_nothing(app):
    """Later than the template's timeout: status 0 for ever."""
    app.running.post("/_sandbox/receipts", {"zns_arrival_s": 7201})
    before = app.oa()["wallet"]
    msg_id = app.zns()["data"]["msg_id"]
    pass_time(app)
    status = app.zns_get(f"/message/status?message_id={msg_id}")["data"]
    assert (status["status"], status["delivery_time"]) == (0, None)
    assert app.oa()["wallet"] == before


def test_a_phone_that_is_off_gets_nothing(app, user):
    """`unreachable` people stay at accepted."""
    app.person(user_id=user["user_id"], unreachable=True)
    msg_id = app.zns(phone=user["phone"])["data"]["msg_id"]
    pass_time(app)
    assert not delivered(app, msg_id)


def test_status_of_an_unknown_message_is_minus_one(app):
    """And a malformed id has its own number."""
    assert app.zns_get("/message/status?message_id=0a1b2c3d4e5f60718293")["data"]["status"] == -1
    assert app.zns_get("/message/status?message_id=..")["error"] == -107
    assert app.zns_get("/message/status")["error"] == -107


@pytest.mark.parametrize("code", sorted(ZNS_MESSAGES))
def test_the_last_four_digits_of_a_special_number_choose_the_error(app, code):
    """The special numbers for tests; other numbers with the same ending are ordinary ones."""
    answer = app.zns(phone=f"8490000{-code:04d}")
    assert answer == {"error": code, "message": ZNS_MESSAGES[code]}
    assert app.zns(phone=f"8490123{-code:04d}")["error"] == 0


def test_ordinary_followers_have_no_special_numbers(app):
    """Nobody in the sandbox is refused by accident."""
    for person in app.running.get("/_sandbox/users")["users"]:
        assert app.zns(phone=person["phone"])["error"] == 0


SAMPLE = {"customer_name": "Lan", "booking_code": "LH-1", "schedule_time": "09:30 24/11/2026"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"template_id": "999999"}, -109),
        ({"template_id": None}, -109),
        ({"template_id": "300115"}, -131),
        ({"template_id": "300116"}, -146),
        ({"template_data": {}}, -111),
        ({"template_data": None}, -111),
        ({"template_data": "text"}, -112),
        ({"template_data": {**SAMPLE, "customer_name": ""}}, -1122),
        ({"template_data": {"customer_name": "Lan"}}, -1122),
        ({"template_data": {**SAMPLE, "customer_name": "x" * 31}}, -1121),
        ({"template_data": {**SAMPLE, "customer_name": ["Lan"]}}, -1124),
        ({"template_data": {**SAMPLE, "customer_name": "e\u0301" * 30}}, 0),
        ({"template_id": 300111}, 0),
        ({"phone": "0912340007"}, -108),
        ({"phone": "842838220000"}, -108),
        ({"phone": None}, -108),
        ({"phone": "+84912340007"}, 0),
        ({"tracking_id": "x" * 48}, 0),
        ({"tracking_id": "x" * 49}, -132),
        ({"tracking_id": 5}, -132),
        ({"sending_mode": "2"}, -161),
        ({"sending_mode": "3"}, -162),
    ],
)
def test_requests_are_checked(app, changes, error):
    """Template, data, phone and the optional fields; what is refused is not kept."""
    assert app.zns(**changes)["error"] == error
    assert len(app.running.messages()) == (error == 0)


def test_the_template_is_checked_before_the_phone(app):
    """The order of checks is fixed, so that two mistakes give one answer."""
    assert app.zns(phone="x", template_id="1")["error"] == -109
    assert app.zns(phone="x", template_data={})["error"] == -111
    app.oa(verified=False)
    assert app.zns(phone="x")["error"] == -108
    assert app.zns()["error"] == -135


@pytest.mark.parametrize(
    ("switch", "error"),
    [
        ({"verified": False}, -135),
        ({"zns_blocked": True}, -1351),
        ({"linked_zca": False}, -136),
        ({"charge_fails": True}, -137),
        ({"balance": 299}, -115),
        ({"daily_quota": 0}, -144),
        ({"app_active": False}, -103),
    ],
)
def test_each_switch_of_the_account_has_its_number(app, switch, error):
    """What can stop a whole OA."""
    app.oa(**switch)
    assert app.zns()["error"] == error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"no_account": True}, -118),
        ({"inactive": True}, -114),
        ({"opted_out": True}, -141),
        ({"blocked": True}, -141),
    ],
)
def test_people_have_their_numbers(app, user, change, error):
    """What can stop one recipient."""
    app.person(user_id=user["user_id"], **change)
    assert app.zns(phone=user["phone"])["error"] == error


def test_held_money_cannot_be_spent_twice(app):
    """Two messages on their way need two prices."""
    app.running.post("/_sandbox/receipts", {"received_s": 3600})
    app.oa(balance=599)
    assert [app.zns()["error"], app.zns()["error"]] == [0, -115]


def test_development_mode_reaches_admins_only(app):
    """Free of charge, outside the quota, and counted by itself."""
    before = app.oa()
    assert app.zns(mode="development")["error"] == -127
    admin = before["admins"][0]
    assert app.zns(phone=admin, mode="development")["error"] == 0
    pass_time(app)
    after = app.oa()
    assert after["wallet"] == before["wallet"]
    assert after["quota"]["sent_today"] == 0
    app.oa(development_left=0)
    assert app.zns(phone=admin, mode="development")["error"] == -126


def test_development_mode_may_try_a_template_in_review(app):
    """Customers get it only after approval."""
    app.running.post("/_sandbox/templates/300111", {"status": "PENDING_REVIEW"})
    assert app.zns()["error"] == -131
    assert app.zns(phone=app.oa()["admins"][0], mode="development")["error"] == 0


def test_promotion_rests_at_night(app, user):
    """22:00 to 06:00 in Vietnam, by the template's flag."""
    for hour, error in (("21:59", 0), ("22:00", -133), ("05:59", -133)):
        app.clock(set=f"2026-11-22T{hour}:00+07:00")
        assert app.zns(phone=user["phone"], template=PROMOTION)["error"] == error
        assert app.zns(phone=user["phone"])["error"] == 0


def test_promotion_needs_an_earlier_message_and_comes_once_a_day(app):
    """A stranger first, a customer then; four times a month at most."""
    answers = []
    app.clock(set="2026-12-01T09:00:00+07:00")
    answers.append(app.zns(template=PROMOTION)["error"])
    app.zns()
    for _ in range(5):
        app.renew()
        answers += [app.zns(template=PROMOTION)["error"], app.zns(template=PROMOTION)["error"]]
        app.clock(advance_s=86_400)
    assert answers[:3] == [-140, 0, -1472]
    assert answers[7:] == [0, -1471, -1471, -1471]


def test_the_daily_limit_starts_anew_at_midnight_in_vietnam(app):
    """By the sandbox clock."""
    app.clock(set="2026-11-22T23:59:00+07:00")
    app.oa(daily_quota=1)
    assert [app.zns()["error"], app.zns()["error"]] == [0, -144]
    app.clock(set="2026-11-23T00:00:00+07:00")
    assert app.zns()["error"] == 0


def test_a_template_can_have_a_limit_of_its_own(app):
    """Shown in its detail only then."""
    app.running.post("/_sandbox/templates/300111", {"daily_quota": 1})
    assert [app.zns()["error"], app.zns()["error"]] == [0, -147]
    detail = app.zns_get("/template/info/v2?template_id=300111")["data"]
    assert (detail["applyTemplateQuota"], detail["templateDailyQuota"], detail["templateRemainingQuota"]) == (
        True,
        1,
        0,
    )


def test_the_monthly_promotion_limit_can_be_passed_by_sending_mode_3(app, user):
    """Promotion templates only."""
    app.clock(set="2026-11-22T09:00:00+07:00")
    app.oa(monthly_promotion_quota=0)
    assert app.zns(phone=user["phone"], template=PROMOTION)["error"] == -1441
    answer = app.zns(phone=user["phone"], template=PROMOTION, sending_mode="3")
    assert answer["data"]["sending_mode"] == "3"


def test_a_hashed_phone_is_the_recipient(app):
    """64 lowercase hex digits of the 84 form, and nothing else."""
    hashed = hashlib.sha256(b"84912340007").hexdigest()
    known = app.running.ready["templates"][0]
    body = {"hash_phone": hashed, "template_id": known["template_id"], "template_data": known["sample"]}
    path = "/business/message/template/hashphone"
    assert app.running.post(path, body, app.headers)["error"] == 0
    assert app.running.messages()[0]["recipient"] == hashed
    assert app.running.post(path, {**body, "hash_phone": "84912340007"}, app.headers)["error"] == -108


def test_quota_counts_in_whole_numbers(app):
    """Integers here, strings in the answer to a send."""
    app.zns()
    quota = app.zns_get("/message/quota")["data"]
    assert (quota["dailyQuota"], quota["remainingQuota"]) == (500_000, 499_999)
    assert quota["dailyQuotaPromotion"] is None


def test_quality_and_tags_are_told(app):
    """Settable by control."""
    app.oa(quality="LOW", quality_7_days="MEDIUM")
    assert app.zns_get("/quality")["data"] == {"oaCurrentQuality": "LOW", "oa7dayQuality": "MEDIUM"}
    assert app.zns_get("/message/template-tag")["data"] == ["TRANSACTION", "CUSTOMER_CARE", "PROMOTION"]


def test_templates_are_listed_by_page_and_status(app):
    """With the total beside the page."""
    everything = app.zns_get("/template/all?offset=0&limit=100")
    assert everything["metadata"]["total"] == len(everything["data"]) == 6
    assert [item["templateId"] for item in app.zns_get("/template/all?offset=4&limit=1")["data"]] == [300115]
    assert [item["templateId"] for item in app.zns_get("/template/all?offset=0&limit=9&status=3")["data"]] == [300115]
    assert app.zns_get("/template/all?offset=0&limit=101")["error"] == -132
    assert app.zns_get("/template/all?limit=10")["error"] == -132
    assert app.zns_get(f"/template/all?offset={'9' * 5000}&limit=1")["error"] == -132


def test_template_detail_has_rules_prices_and_buttons(app):
    """Version 1 knows neither buttons nor the two prices."""
    detail = app.zns_get("/template/info/v2?template_id=300111")["data"]
    first = {"name": "customer_name", "require": True, "type": "STRING", "maxLength": 30, "minLength": 0}
    assert detail["listParams"][0] == {**first, "acceptNull": False}
    assert (detail["price"], detail["price_sdt"], detail["price_uid"]) == ("300", "300", "210")
    assert detail["timeout"] == 7_200_000
    assert detail["listButtons"]
    old = app.zns_get("/template/info?template_id=300111")["data"]
    assert "listButtons" not in old
    assert "price_sdt" not in old
    assert app.zns_get("/template/info/v2?template_id=1")["error"] == -109


def test_the_sample_data_can_be_sent(app):
    """For every template that may be sent at all."""
    for place, known in enumerate(app.running.ready["templates"]):
        sample = app.zns_get(f"/template/sample-data?template_id={known['template_id']}")["data"]
        assert sample == known["sample"]
        if place != PROMOTION:
            assert app.zns(template=place)["error"] == 0


def test_ratings_come_back(app):
    """What a person answered to a rating template."""
    app.running.post("/_sandbox/events", {"event": "user_feedback", "rate": 4, "template_id": "300113"})
    now = app.clock(advance_s=1)["now_ms"]
    query = f"template_id=300113&from_time=0&to_time={now}&offset=0&limit=10"
    data = app.zns_get("/rating/get?" + query)["data"]
    assert data["total"] == 1
    assert data["data"][0]["rate"] == 4


def test_a_dead_token_is_minus_124_on_this_host(app):
    """Missing, expired and replaced tokens alike."""
    assert app.running.get("/business/message/quota")["error"] == -124
    app.running.post("/_sandbox/tokens/expire", {})
    assert app.zns_get("/message/quota")["error"] == -124


def test_this_host_answers_unknown_paths_with_http_404(app):
    """Unlike the two others; a wrong method is -106."""
    with httpx.Client(trust_env=False) as client:
        answer = client.get(app.running.base + "/business/nothing", headers=app.headers)
    assert answer.status_code == 404
    assert app.zns_get("/message/template")["error"] == -106


@pytest.mark.parametrize(("raw", "error"), [(b"", -121), (b"  ", -121), (b"{", -122), (b"[1]", -122), (b"\xff", -122)])
def test_bodies_that_are_no_object_are_refused(app, raw, error):
    """Empty and not JSON have different numbers."""
    with httpx.Client(trust_env=False) as client:
        answer = client.post(app.running.base + "/business/message/template", content=raw, headers=app.headers)
    assert (answer.status_code, answer.json()["error"]) == (200, error)
