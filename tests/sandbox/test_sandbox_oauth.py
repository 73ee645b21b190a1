"""The local Zalo's OAuth host."""

import httpx
import pytest

from sandbox.running import running_sandbox
from sandbox.zalo_side.oauth import challenge_of

CALLBACK = "http://127.0.0.1:8000/oauth/zalo/callback"
VERIFIER = "A" * 43


def grant(app, **query):
    """Press the button of the permission page; the callback's parameters."""
    link = {"app_id": app.running.ready["app_id"], "redirect_uri": CALLBACK, **query}
    with httpx.Client(trust_env=False) as client:
        answer = client.post(app.running.base + "/oauth/v4/oa/permission", params=link, data={"oa_id": app.oa_id})
    assert answer.status_code == 302
    location = httpx.URL(answer.headers["Location"])
    assert str(location).startswith(CALLBACK + "?")
    return dict(location.params)


def token(app, *, secret=None, **form):
    """Call the token endpoint."""
    ready = app.running.ready
    form = {"app_id": ready["app_id"], "grant_type": "authorization_code", **form}
    headers = {"secret_key": ready["app_secret"] if secret is None else secret}
    with httpx.Client(trust_env=False) as client:
        return client.post(app.running.base + "/oauth/v4/oa/access_token", data=form, headers=headers)


def refresh(app, refresh_token, **form):
    return token(app, grant_type="refresh_token", refresh_token=refresh_token, **form)


def works(app, access_token):
    app.token = access_token
    return app.get("/v2.0/oa/getoa")["error"] == 0


def test_permission_page_offers_the_official_accounts(app):
    """A person sees which OA they grant."""
    link = {"app_id": app.running.ready["app_id"], "redirect_uri": CALLBACK}
    with httpx.Client(trust_env=False) as client:
        page = client.get(app.running.base + "/oauth/v4/oa/permission", params=link)
    assert "Spa Hoa Mai" in page.text
    assert app.oa_id in page.text
    assert "<button" in page.text


def test_a_granted_code_becomes_a_pair_of_tokens(app):
    """Code, OA and state come back to the callback, and the code opens the OA."""
    back = grant(app, state="xyz", code_challenge=challenge_of(VERIFIER))
    assert back["state"] == "xyz"
    assert back["oa_id"] == app.oa_id
    answer = token(app, code=back["code"], code_verifier=VERIFIER).json()
    assert answer["expires_in"] == "90000"
    assert works(app, answer["access_token"])


def test_a_code_without_a_challenge_needs_no_verifier(app):
    """Many integrations send no PKCE at all."""
    assert "access_token" in token(app, code=grant(app)["code"]).json()


def test_a_wrong_verifier_is_refused(app):
    """PKCE holds when it was asked for."""
    code = grant(app, code_challenge=challenge_of(VERIFIER))["code"]
    assert token(app, code=code, code_verifier="B" * 43).json()["error"] == -14005


def test_a_code_works_once(app):
    """The second exchange of a code fails."""
    code = grant(app)["code"]
    token(app, code=code)
    assert token(app, code=code).json()["error"] == -14005


def test_a_code_dies_after_ten_minutes(app):
    """The clock of the sandbox decides."""
    code = grant(app)["code"]
    app.clock(advance_s=601)
    assert token(app, code=code).json()["error"] == -14005


@pytest.mark.parametrize(
    ("form", "secret", "error"),
    [
        ({"app_id": "1"}, None, -14002),
        ({}, "wrong", -14004),
        ({"grant_type": "password"}, None, -14018),
        ({"code": "never-granted"}, None, -14005),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, None, -14014),
    ],
)
def test_wrong_token_requests_get_their_number(app, form, secret, error):
    """HTTP 200 with an error number and its name."""
    answer = token(app, secret=secret, **form)
    assert answer.status_code == 200
    assert answer.json()["error"] == error
    assert answer.json()["error_name"]


def test_the_callback_must_be_the_saved_one(app):
    """The console's callback is compared, once it is set."""
    app.running.post("/_sandbox/app", {"redirect_uri": "https://example.com/callback"})
    link = {"app_id": app.running.ready["app_id"], "redirect_uri": CALLBACK}
    with httpx.Client(trust_env=False) as client:
        page = client.post(app.running.base + "/oauth/v4/oa/permission", params=link)
    assert page.status_code == 200
    assert "-14003" in page.text


def test_refresh_gives_a_new_pair_and_kills_the_old_access_token_at_once(app):
    """Rotation."""
    old = app.running.oa
    answer = refresh(app, old["refresh_token"]).json()
    assert answer["refresh_token"] != old["refresh_token"]
    assert works(app, answer["access_token"])
    assert not works(app, old["access_token"])


def test_a_refresh_token_works_once(app):
    """The second use is refused, and the first pair goes on working."""
    used = app.running.oa["refresh_token"]
    pair = refresh(app, used).json()
    assert refresh(app, used).json()["error"] == -14014
    assert works(app, pair["access_token"])


def test_a_refused_refresh_spends_nothing(app):
    """A wrong secret leaves the refresh token usable."""
    kept = app.running.oa["refresh_token"]
    assert refresh(app, kept, app_id="1").json()["error"] == -14002
    assert "access_token" in refresh(app, kept).json()


def test_a_used_refresh_token_can_be_answered_with_nothing():
    """Production has answered an empty 200 to a consumed token."""
    with running_sandbox(empty_refresh=True) as running:
        form = {
            "app_id": running.ready["app_id"],
            "grant_type": "refresh_token",
            "refresh_token": running.oa["refresh_token"],
        }
        headers = {"secret_key": running.ready["app_secret"]}
        url = running.base + "/oauth/v4/oa/access_token"
        with httpx.Client(trust_env=False) as client:
            client.post(url, data=form, headers=headers)
            second = client.post(url, data=form, headers=headers)
    assert (second.status_code, second.content) == (200, b"")


def test_a_refresh_token_dies_after_ninety_days(app):
    """Three months."""
    app.clock(advance_s=91 * 86_400)
    assert refresh(app, app.running.oa["refresh_token"]).json()["error"] == -14014


def test_control_can_end_both_tokens(app):
    """A trainer shows what a dead connection looks like."""
    app.running.post("/_sandbox/tokens/expire", {"oa_id": app.oa_id, "kill_refresh": True})
    assert app.get("/v2.0/oa/getoa")["error"] == -216
    assert refresh(app, app.running.oa["refresh_token"]).json()["error"] == -14014


def test_an_unknown_path_answers_404_as_a_string_inside_http_200(app):
    """There is no refresh path of its own."""
    assert app.running.post("/oauth/v4/oa/refresh_token")["error"] == "404"


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=none"],
)
def test_a_form_that_is_none_is_refused_with_http_200(app, kind):
    """Zalo's host has no other status; bytes outside UTF-8 are no exception."""
    ready = app.running.ready
    headers = {"Content-Type": kind, "secret_key": "x"}
    with httpx.Client(trust_env=False) as client:
        answer = client.post(app.running.base + "/oauth/v4/oa/access_token", content=b"app_id=\xff", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (200, -14002)
        form = {"app_id": ready["app_id"], "grant_type": "refresh_token"}
        odd = {"secret_key": b"\xff\xe9"}
        answer = client.post(app.running.base + "/oauth/v4/oa/access_token", data=form, headers=odd)
    assert (answer.status_code, answer.json()["error"]) == (200, -14004)


def test_a_person_can_say_no(app):
    """Back to the app without a code, with the state: what Zalo really sends is documented nowhere."""
    link = {"app_id": app.running.ready["app_id"], "redirect_uri": CALLBACK, "state": "xyz"}
    with httpx.Client(trust_env=False) as client:
        page = client.get(app.running.base + "/oauth/v4/oa/permission", params=link)
        answer = client.post(app.running.base + "/oauth/v4/oa/permission", params=link, data={"deny": "1"})
    back = dict(httpx.URL(answer.headers["Location"]).params)
    assert 'name="deny"' in page.text
    assert back == {"error": "user_denied", "state": "xyz"}


def test_each_app_has_its_own_tokens(app):
    """A grant to a second app leaves the pair of the first alone, and neither can use the other's."""
    first = app.running.oa
    second = app.running.post("/_sandbox/apps", {"name": "Second"})
    code = grant(app, app_id=second["app_id"])["code"]
    keys = {"app_id": second["app_id"], "secret": second["secret"]}
    assert token(app, code=code).json()["error"] == -14005
    pair = token(app, code=code, **keys).json()
    assert works(app, pair["access_token"])
    assert works(app, first["access_token"])
    assert refresh(app, pair["refresh_token"]).json()["error"] == -14014
    assert "access_token" in refresh(app, pair["refresh_token"], **keys).json()
    shown = app.running.get("/_sandbox/state")
    assert [each["app_id"] for each in shown["apps"]] == [app.running.ready["app_id"], second["app_id"]]
    assert shown["oas"][0]["granted"] == [each["app_id"] for each in shown["apps"]]


def test_an_unknown_app_is_refused_by_the_permission_page(app):
    """Nobody can grant what is not there."""
    link = {"app_id": "1", "redirect_uri": CALLBACK}
    with httpx.Client(trust_env=False) as client:
        assert "-14002" in client.get(app.running.base + "/oauth/v4/oa/permission", params=link).text


def test_a_permission_taken_back_kills_the_tokens(app):
    """Access and refresh token, of this app only."""
    second = app.running.post("/_sandbox/apps", {})
    keys = {"app_id": second["app_id"], "secret": second["secret"]}
    pair = token(app, code=grant(app, app_id=second["app_id"])["code"], **keys).json()
    app.running.post("/_sandbox/events", {"event": "permission_revoked", "app_id": second["app_id"]})
    assert not works(app, pair["access_token"])
    assert refresh(app, pair["refresh_token"], **keys).json()["error"] == -14014
    assert works(app, app.running.oa["access_token"])
