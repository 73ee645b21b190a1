"""The pages of connecting, as a browser, a link crawler and a reload see them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import gevent
import pytest

from models import OauthState, OauthTicket, OfficialAccount, Role, Staff
from services import connect_tickets, staff
from services.desk import Work
from texts import load
from webhook import create_app, oauth

WORDS = load()
START, CALLBACK = "/oauth/zalo/start", "/oauth/zalo/callback"
CHAT = 7001002004


@pytest.fixture
def environment(environment):
    return environment | {"PUBLIC_URL": "http://127.0.0.1:8000"}


@pytest.fixture
def person(database, clock):
    return staff.add(clock.now(), CHAT, Role.MANAGER, "Hoa", language="vi")


@pytest.fixture
def oa(database, clock):
    return OfficialAccount.create(oa_id="290200", name="Spa <b>Hoa</b> Mai", created_at=clock.now())


@pytest.fixture
def impatient(monkeypatch):
    """The callback waits for no worker: there is none here."""
    monkeypatch.setattr(oauth, "PATIENCE", 0.0)


@pytest.fixture
def link(person, settings, clock):
    """Makes a ticket; its secret."""
    from secretbox import SecretBox

    def make(oa=None):
        box = SecretBox(settings.secret_keys)
        _, secret = connect_tickets.make(clock.now(), box, settings, person, oa, settings.zalo_app_id, CHAT)
        return secret

    return make


def ticket():
    return OauthTicket.get()


def says(answer, key, language="vi"):
    """Whether the page has this title."""
    title = WORDS[language].plain(f"connect_page.{key}.title")
    return f"<h1>{title}</h1>" in answer.text.replace("&#39;", "'")


def ended(state, **values):
    OauthTicket.update(state=state, **values).execute()


class TestStart:
    @pytest.mark.parametrize("method", ["get", "head"])
    def test_looking_spends_nothing(self, web, link, method):
        """Link crawlers and previews may look as often as they like."""
        secret = link()
        before = list(OauthTicket.select().dicts())
        for _ in range(3):
            assert getattr(web, method)(START, query_string={"t": secret}).status_code == 200
        assert list(OauthTicket.select().dicts()) == before

    def test_the_button_leads_to_zalo_with_state_and_challenge(self, web, link, settings):
        """The callback's address is ours, byte for byte; the state is the link's secret."""
        secret = link()
        page = web.get(START, query_string={"t": secret})
        assert says(page, "start")
        address = re.search(r'class="button" href="([^"]+)"', page.text).group(1).replace("&amp;", "&")
        query = parse_qs(urlsplit(address).query)
        assert address.startswith("https://oauth.zaloapp.com/v4/oa/permission?")
        assert query["redirect_uri"] == ["http://127.0.0.1:8000/oauth/zalo/callback"]
        assert (query["state"], query["app_id"]) == ([secret], [settings.zalo_app_id])
        assert len(query["code_challenge"][0]) == 43

    def test_it_names_the_oa_that_is_expected(self, web, link, oa):
        """Escaped: a name may hold anything."""
        page = web.get(START, query_string={"t": link(oa)})
        assert "Spa &lt;b&gt;Hoa&lt;/b&gt; Mai" in page.text
        assert "<b>Hoa</b>" not in page.text

    def test_it_speaks_the_language_of_the_person(self, web, link, person):
        """The one they chose in Telegram, whatever the browser prefers."""
        staff.set_language(person, "en")
        page = web.get(START, query_string={"t": link()}, headers={"Accept-Language": "vi"})
        assert says(page, "start", "en")
        assert '<html lang="en">' in page.text

    @pytest.mark.parametrize(("wanted", "language"), [("en-GB,en;q=0.9", "en"), ("vi", "vi"), ("fr", "vi"), ("", "vi")])
    def test_a_stranger_is_answered_in_the_language_of_the_browser(self, web, wanted, language):
        """Nobody is known behind a wrong link; Vietnamese unless English is asked for."""
        page = web.get(START, query_string={"t": "nobody-made-this"}, headers={"Accept-Language": wanted})
        assert page.status_code == 404
        assert says(page, "unknown", language)

    @pytest.mark.parametrize("path", [START, CALLBACK, CALLBACK + "?code=abc"])
    def test_an_address_that_was_cut_off_is_a_bad_request(self, web, path):
        """Without the secret there is nothing to look up."""
        page = web.get(path)
        assert page.status_code == 400
        assert says(page, "unknown")

    def test_after_ten_minutes_it_has_run_out(self, web, link, clock):
        """Before and after the clock has dropped it."""
        secret = link()
        clock.advance(minutes=10)
        for _ in range(2):
            page = web.get(START, query_string={"t": secret})
            assert (page.status_code, says(page, "expired")) == (410, True)
            connect_tickets.expire(clock.now())

    def test_a_newer_link_takes_its_place(self, web, link):
        """The older one says so."""
        old = link()
        link()
        page = web.get(START, query_string={"t": old})
        assert (page.status_code, says(page, "replaced")) == (410, True)

    def test_a_ticket_whose_key_is_gone_has_run_out(self, web, link):
        """It can't be used; a new one can."""
        secret = link()
        OauthTicket.update(verifier="sealed by a key that is gone").execute()
        assert says(web.get(START, query_string={"t": secret}), "expired")


class TestCallback:
    def test_a_code_spends_the_ticket_and_wakes_the_worker(self, database, settings, link, clock, impatient):
        """The code is stored sealed, the nudge is sent, and the page says that the answer comes in Telegram."""
        nudges = []
        app = create_app(settings, nudge=nudges.append, now=clock.now)
        secret = link()
        page = app.test_client().get(CALLBACK, query_string={"state": secret, "code": "the-code", "oa_id": "290200"})
        assert (page.status_code, says(page, "late")) == (200, True)
        assert (ticket().state, ticket().found_oa_id) == (OauthState.RETURNED, "290200")
        assert "the-code" not in ticket().code
        with gevent.Timeout(10):
            while not nudges:
                gevent.sleep(0.01)
        assert nudges == [Work.CONNECT]
        app.extensions["reception"].close()

    def test_the_waiting_page_looks_again_without_the_code(self, web, link, impatient):
        """It refreshes itself at the start address, which spends nothing and holds nothing of Zalo's."""
        secret = link()
        page = web.get(CALLBACK, query_string={"state": secret, "code": "the-code"})
        again = re.search(r'http-equiv="refresh" content="\d+;url=([^"]+)"', page.text).group(1)
        assert again == f"start?t={secret}"
        again = f"/oauth/zalo/{again}"
        assert "the-code" not in page.text
        assert says(web.get(again), "late")
        ended(OauthState.CONNECTED, found_name="Spa", ended_at=ticket().used_at)
        assert says(web.get(again), "connected")

    def test_it_waits_for_what_the_worker_says(self, web, link, oa):
        """The row is looked at until the worker has ended it."""
        secret = link(oa)

        def worker():
            while not OauthTicket.select().where(OauthTicket.state == OauthState.RETURNED).exists():
                gevent.sleep(0.01)
            ended(OauthState.CONNECTED, found_name=oa.name)

        working = gevent.spawn(worker)
        page = web.get(CALLBACK, query_string={"state": secret, "code": "c"})
        working.get(timeout=10)
        assert (page.status_code, says(page, "connected")) == (200, True)
        assert "Spa &lt;b&gt;Hoa&lt;/b&gt; Mai" in page.text
        assert 'http-equiv="refresh"' not in page.text

    @pytest.mark.parametrize("query", [{}, {"error": "user_denied"}, {"error": "-14099"}, {"code": ""}])
    def test_whoever_comes_without_a_code_was_denied(self, web, link, query):
        """What Zalo sends for a no is documented nowhere; a number is shown."""
        page = web.get(CALLBACK, query_string={"state": link(), **query})
        assert (page.status_code, says(page, "denied")) == (200, True)
        assert ticket().state == OauthState.DENIED
        assert ("-14099" in page.text) == (query.get("error") == "-14099")
        assert "user_denied" not in page.text

    def test_head_spends_nothing(self, web, link):
        """Only a GET is a person coming back."""
        secret = link()
        assert web.head(CALLBACK, query_string={"state": secret, "code": "c"}).status_code == 200
        assert ticket().state == OauthState.OPEN

    def test_other_methods_are_refused(self, web, link):
        """There are no forms here."""
        secret = link()
        assert web.post(CALLBACK, query_string={"state": secret, "code": "c"}).status_code == 405
        assert ticket().state == OauthState.OPEN

    def test_reloading_shows_what_came_of_it_and_exchanges_nothing(self, web, link, impatient):
        """The first code stays the only one, whatever the address says now."""
        secret = link()
        web.get(CALLBACK, query_string={"state": secret, "code": "first"})
        sealed = ticket().code
        for _ in range(2):
            web.get(CALLBACK, query_string={"state": secret, "code": "second"})
        assert ticket().code == sealed
        ended(OauthState.CONNECTED, found_name="Spa")
        page = web.get(CALLBACK, query_string={"state": secret, "code": "second"})
        assert (page.status_code, says(page, "connected")) == (410, True)
        assert WORDS["vi"].plain("connect_page.used") in page.text

    def test_a_late_return_has_run_out(self, web, link, clock):
        """Nothing is exchanged after ten minutes."""
        secret = link()
        clock.advance(minutes=11)
        page = web.get(CALLBACK, query_string={"state": secret, "code": "c"})
        assert (page.status_code, says(page, "expired")) == (410, True)
        assert ticket().state == OauthState.OPEN

    def test_who_was_removed_meanwhile_connects_nothing(self, web, link):
        """The ticket stays unspent, and the page says that it is over."""
        secret = link()
        Staff.update(active=False).execute()
        page = web.get(CALLBACK, query_string={"state": secret, "code": "c"})
        assert (page.status_code, says(page, "dropped")) == (410, True)
        assert ticket().state == OauthState.OPEN

    def test_an_unknown_state_is_not_found(self, web):
        """256 bits are not guessed."""
        page = web.get(CALLBACK, query_string={"state": "x" * 43, "code": "c"})
        assert (page.status_code, says(page, "unknown")) == (404, True)

    @pytest.mark.parametrize("secret", ["\x00", "é" * 3000, "%ff", "a&b"])
    def test_odd_secrets_are_only_unknown(self, web, secret):
        """No value breaks the page."""
        assert web.get(START, query_string={"t": secret}).status_code == 404

    def test_a_long_code_and_odd_ids_do_no_harm(self, web, link, impatient):
        """What Zalo sends is stored as text, cleaned and cut."""
        page = web.get(CALLBACK, query_string={"state": link(), "code": "c" * 3000, "oa_id": "\x00<script>" * 40})
        assert page.status_code == 200
        assert len(ticket().found_oa_id) <= 40


class TestOutcomes:
    @pytest.mark.parametrize("language", ["vi", "en"])
    @pytest.mark.parametrize(
        ("state", "key", "status"),
        [
            (OauthState.CONNECTED, "connected", 200),
            (OauthState.ASKING, "asking", 200),
            (OauthState.WRONG_OA, "wrong_oa", 400),
            (OauthState.FAILED, "failed", 400),
            (OauthState.DROPPED, "dropped", 410),
        ],
    )
    def test_each_has_its_page_in_both_languages(self, web, link, oa, person, language, state, key, status):
        """Shown where the person comes back, with the names of the OAs."""
        staff.set_language(person, language)
        secret = link(oa)

        def worker():
            while not OauthTicket.select().where(OauthTicket.state == OauthState.RETURNED).exists():
                gevent.sleep(0.01)
            ended(state, found_name="Nha khoa <An>", error_code="-14005" if state == OauthState.FAILED else "")

        working = gevent.spawn(worker)
        page = web.get(CALLBACK, query_string={"state": secret, "code": "c"})
        working.get(timeout=10)
        assert (page.status_code, says(page, key, language)) == (status, True)
        assert "<An>" not in page.text
        if state == OauthState.WRONG_OA:
            assert "Nha khoa &lt;An&gt;" in page.text
            assert "Spa &lt;b&gt;Hoa" in page.text

    @pytest.mark.parametrize(
        ("code", "key"), [("-14003", "code.oauth.-14003"), ("-224", "code.oa.-224"), ("lost", "code.oauth.lost")]
    )
    def test_zalos_error_is_explained(self, web, link, clock, code, key):
        """In the words the bot has for it, and its number."""
        secret = link()
        ended(OauthState.FAILED, error_code=code, used_at=clock.now(), ended_at=clock.now())
        page = web.get(START, query_string={"t": secret})
        what = WORDS["vi"].plain(f"{key}.what")
        assert what[1:] in page.text
        assert (f"<code>{code}</code>" in page.text) == code.startswith("-")

    def test_an_error_without_words_is_shown_by_its_number(self, web, link, clock):
        """Zalo has more codes than anybody has written down."""
        secret = link()
        ended(OauthState.FAILED, error_code="-99999", used_at=clock.now(), ended_at=clock.now())
        page = web.get(START, query_string={"t": secret})
        assert WORDS["vi"].plain("connect_page.failed.unknown") in page.text
        assert "<code>-99999</code>" in page.text


@pytest.mark.parametrize("path", [START + "?t=x", CALLBACK + "?state=x&code=y", START])
def test_the_pages_keep_to_themselves(web, path):
    """No referrer, no cookie, no script, nothing cached, nothing indexed, in no frame."""
    headers = web.get(path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "script" not in policy


def test_the_style_sheet_is_served_and_the_pages_need_nothing_else(web, link):
    """What a page loads is this one file; it has a dark theme."""
    page = web.get(START, query_string={"t": link()}).text
    css = web.get(oauth.CSS)
    loaded = [each for each in re.findall(r'(?:src|href)="([^"]*)"', page) if not each.startswith("https://oauth")]
    assert [f"/oauth/zalo/{each}" for each in loaded] == [oauth.CSS]
    assert css.mimetype == "text/css"
    assert "prefers-color-scheme: dark" in css.text
    assert "<script" not in page
    assert "style=" not in page


def test_a_database_that_is_away_is_said_and_nothing_is_lost(settings, link, clock, caplog):
    """503 and words; the log names neither the address nor the code."""
    app = create_app(settings, now=clock.now)
    secret = link()

    def broken(work):
        raise RuntimeError(f"no database for {secret}")

    reading, app.extensions["reception"].read = app.extensions["reception"].read, broken
    page = app.test_client().get(CALLBACK, query_string={"state": secret, "code": "the-code"})
    app.extensions["reception"].read = reading
    assert (page.status_code, says(page, "away")) == (503, True)
    assert ticket().state == OauthState.OPEN
    assert secret not in caplog.text
    assert "the-code" not in caplog.text
    app.extensions["reception"].close()


def test_tickets_and_their_pages_agree_on_the_time(link, clock):
    """Ten minutes."""
    link()
    assert ticket().expires_at == clock.now() + timedelta(minutes=10)
