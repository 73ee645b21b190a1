"""The local Zalo's OA host: the gate, the profile and the people."""

import hashlib
import hmac
from email.utils import parsedate_to_datetime

import httpx
import pytest

from sandbox.running import running_sandbox


def test_getoa_sends_both_spellings_of_the_id(app):
    """Documentation and live answers disagree on it."""
    data = app.get("/v2.0/oa/getoa")["data"]
    assert data["oa_id"] == data["oaid"] == app.oa_id
    assert data["package_name"] == "Toàn diện"
    assert data["num_follower"] == 5


def test_authorization_header_is_ignored(app):
    """Only `access_token` counts."""
    answer = app.running.get("/openapi/v2.0/oa/getoa", {"Authorization": f"Bearer {app.token}"})
    assert answer == {"error": -216, "message": "Access token is invalid"}


def test_an_expired_token_says_so(app):
    """25 hours, then another text with the same number."""
    app.clock(advance_s=90_001)
    assert app.get("/v2.0/oa/getoa") == {"error": -216, "message": "Access token has expired"}
    app.oa(expired_code_220=True)
    assert app.get("/v2.0/oa/getoa")["error"] == -220


def test_an_unknown_path_answers_404_inside_http_200(app):
    """And so does a known path with another method."""
    assert app.get("/v9.9/oa/nothing")["error"] == 404
    assert app.post("/v2.0/oa/getoa", {})["error"] == 404


@pytest.mark.parametrize(
    ("switch", "error"),
    [
        ({"app_enabled": False}, -219),
        ({"app_active": False}, -209),
        ({"product_registered": False}, -212),
        ({"enabled": False}, -204),
        ({"permission_granted": False}, -223),
        ({"package": "Cơ bản"}, -224),
    ],
)
def test_each_switch_has_its_number(app, switch, error):
    """What a console can switch off stops the calls."""
    app.oa(**switch)
    assert app.get("/v3.0/oa/user/getlist", {"offset": 0, "count": 1})["error"] == error


def test_getoa_answers_on_a_free_package(app):
    """That is how a client learns the package."""
    app.oa(package="Cơ bản")
    assert app.get("/v2.0/oa/getoa")["data"]["package_name"] == "Cơ bản"


def test_the_proof_is_checked_only_when_switched_on(app):
    """HMAC-SHA256 of the token with the app secret."""
    app.running.post("/_sandbox/app", {"use_proof": True})
    assert app.get("/v2.0/oa/getoa")["error"] == -242
    secret = app.running.ready["app_secret"]
    proof = hmac.new(secret.encode(), app.token.encode(), hashlib.sha256).hexdigest()
    with httpx.Client(trust_env=False) as client:
        odd = {**app.headers, "appsecret_proof": b"\xff"}
        assert client.get(app.running.base + "/openapi/v2.0/oa/getoa", headers=odd).json()["error"] == -242
    headers = {**app.headers, "appsecret_proof": proof}
    assert app.running.get("/openapi/v2.0/oa/getoa", headers)["error"] == 0


def test_the_rate_limit_holds_for_a_calendar_minute(app):
    """The OA's limit is answered -32 until the next minute begins."""
    app.clock(set="2026-11-22T09:00:10+07:00")
    app.oa(rate=2)
    answers = [app.get("/v2.0/oa/getoa") for _ in range(3)]
    assert [answer["error"] for answer in answers] == [0, 0, -32]
    assert answers[2]["message"] == "Your OA reached limit call api"
    app.clock(set="2026-11-22T09:01:00+07:00")
    assert app.get("/v2.0/oa/getoa")["error"] == 0


def test_rate_headers_tell_the_limit_of_the_app(app):
    """Per app, not per OA."""
    app.running.post("/_sandbox/app", {"rate": 10})
    with httpx.Client(trust_env=False) as client:
        answer = client.get(app.running.base + "/openapi/v2.0/oa/getoa", headers=app.headers)
    assert answer.headers["X-RateLimit-Limit"] == "10"
    assert answer.headers["X-RateLimit-Remain"] == "9"
    app.running.post("/_sandbox/app", {"rate": 0})
    assert app.get("/v2.0/oa/getoa")["message"] == "Your application reached limit call api"


def test_the_date_header_follows_the_sandbox_clock(app):
    """A client can stamp facts with Zalo's time."""
    app.clock(set="2027-02-03T04:05:06+07:00")
    with httpx.Client(trust_env=False) as client:
        answer = client.get(app.running.base + "/openapi/v2.0/oa/getoa", headers=app.headers)
    assert parsedate_to_datetime(answer.headers["Date"]).date().isoformat() == "2027-02-02"


def test_getlist_pages_cover_everybody_once():
    """Page after page, nobody twice, nobody missing."""
    with running_sandbox(followers=120) as running:
        headers = {"access_token": running.oa["access_token"]}
        seen = []
        for offset in (0, 50, 100):
            path = f'/openapi/v3.0/oa/user/getlist?data={{"offset":{offset},"count":50}}'
            data = running.get(path.replace('"', "%22"), headers)["data"]
            assert data["total"] == 120
            assert data["count"] == len(data["users"])
            seen += [user["user_id"] for user in data["users"]]
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"offset": 9952, "count": 1}, -210),
        ({"offset": 9951, "count": 50}, 0),
        ({"offset": 0, "count": 51}, -210),
        ({"offset": 0}, -201),
        ({"offset": -1, "count": 1}, -201),
        ({"offset": 0, "count": 1, "is_follower": "perhaps"}, -201),
        ({"offset": 0, "count": 1, "last_interaction_period": "L99D"}, -201),
        ({"offset": 0, "count": 1, "last_interaction_period": "9999_12_31:9999_12_31"}, -201),
        ({"offset": "9" * 5000, "count": 1}, -201),
        ([], -201),
    ],
)
def test_getlist_checks_its_parameters(app, data, error):
    """Sizes are -210, everything else -201 with the field first."""
    answer = app.get("/v3.0/oa/user/getlist", data)
    assert answer["error"] == error
    if error == -201 and "count" in data:
        assert answer["message"].split()[0] in ("offset", "is_follower", "last_interaction_period")


def listed(app, **filters):
    data = app.get("/v3.0/oa/user/getlist", {"offset": 0, "count": 50, **filters})["data"]
    return [user["user_id"] for user in data["users"]]


def test_getlist_filters_by_tag_period_and_following(app):
    """Segments are how more than 10,000 people are read."""
    now = app.clock(set="2026-11-22T12:00:00+07:00")["now_ms"]
    day = 86_400_000
    app.person(user_id="61", is_follower=False, last_interaction=now - 1000, tags=["mới"])
    app.person(user_id="62", is_follower=True, last_interaction=now - day, tags=["mới"])
    app.person(user_id="63", is_follower=True, last_interaction=now - 20 * day, tags=["mới"])
    assert listed(app, tag_name="mới") == ["61", "62", "63"]
    assert listed(app, tag_name="mới", is_follower="false") == ["61"]
    assert listed(app, tag_name="mới", is_follower=True) == ["62", "63"]
    assert listed(app, tag_name="mới", last_interaction_period="TODAY") == ["61"]
    assert listed(app, tag_name="mới", last_interaction_period="YESTERDAY") == ["62"]
    assert listed(app, tag_name="mới", last_interaction_period="L7D") == ["61", "62"]
    assert listed(app, tag_name="mới", last_interaction_period="L30D") == ["61", "62", "63"]
    assert listed(app, tag_name="mới", last_interaction_period="2026_11_01:2026_11_03") == ["63"]


def test_detail_shows_what_the_oa_knows(app, user):
    """The same person by another call."""
    data = app.get("/v3.0/oa/user/detail", {"user_id": user["user_id"]})["data"]
    assert data["display_name"] == user["name"]
    assert data["user_is_follower"] is True
    assert data["tags_and_notes_info"]["tag_names"] == ["vip", "khách quen"]
    assert data["shared_info"]["phone"] == user["phone"]
    assert data["user_last_interaction_date"].count("/") == 2


def test_detail_of_a_stranger_is_refused(app):
    """The number for it is assumed."""
    assert app.get("/v3.0/oa/user/detail", {"user_id": "1"})["error"] == -201


def test_update_changes_the_alias_and_shared_info(app, user):
    """Both are there at the next look."""
    change = {"user_id": user["user_id"], "user_alias": "Chị Lan", "shared_info": {"address": "12 Lê Lợi"}}
    assert app.post("/v3.0/oa/user/update", change)["error"] == 0
    data = app.get("/v3.0/oa/user/detail", {"user_id": user["user_id"]})["data"]
    assert data["user_alias"] == "Chị Lan"
    assert data["shared_info"]["address"] == "12 Lê Lợi"


def test_tags_are_made_given_taken_and_deleted(app, user):
    """The whole life of a tag, with its list."""
    order = {"user_id": user["user_id"], "tag_name": "mới"}
    app.post("/v2.0/oa/tag/tagfollower", order)
    assert "mới" in app.get("/v2.0/oa/tag/gettagsofoa")["data"]
    assert listed(app, tag_name="mới") == [user["user_id"]]
    app.post("/v2.0/oa/tag/rmfollowerfromtag", order)
    assert listed(app, tag_name="mới") == []
    assert app.post("/v2.0/oa/tag/rmtag", {"tag_name": "mới"})["error"] == 0
    assert "mới" not in app.get("/v2.0/oa/tag/gettagsofoa")["data"]
    assert app.post("/v2.0/oa/tag/rmtag", {"tag_name": "mới"})["error"] == -201


def test_the_same_seed_makes_the_same_people():
    """Ids, names and phones repeat; tokens never do."""
    with running_sandbox(followers=3) as one, running_sandbox(followers=3) as two:
        people = [
            [(user["user_id"], user["name"], user["phone"]) for user in running.get("/_sandbox/users")["users"]]
            for running in (one, two)
        ]
        assert one.oa["access_token"] != two.oa["access_token"]
    assert people[0] == people[1]


def test_several_oas_have_people_of_their_own():
    """A token opens its own OA only."""
    with running_sandbox(oas=2, followers=2) as running:
        first, second = running.ready["oas"]
        theirs = running.get(f"/_sandbox/users?oa_id={second['oa_id']}")["users"][0]["user_id"]
        path = f"/openapi/v3.0/oa/user/detail?data=%7B%22user_id%22:%22{theirs}%22%7D"
        assert running.get(path, {"access_token": second["access_token"]})["error"] == 0
        assert running.get(path, {"access_token": first["access_token"]})["error"] == -201
