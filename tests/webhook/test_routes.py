"""Everything the web process answers besides events."""

from __future__ import annotations

import pytest

import db
from models import Follower, InboxEvent
from services import house
from services.desk import Work
from webhook import create_app, pages

V6 = (
    b'{"oa_id":"2902001003004005006","follower":{"id":"6503004005006007008"},"user_id_by_app":"8104005006007008009",'
    b'"event_name":"follow","source":"oa_profile","app_id":"4101110220330440550","timestamp":"1767225600126"}'
)
MAC = {"X-ZEvent-Signature": "mac=176f1201ecebefb682a646860256d00691f23743ca5016695302c7341e24cbf5"}


def test_a_process_that_is_up_says_so(web):
    """The platform's liveness check needs no database."""
    assert web.get("/healthz").status_code == 200


def test_ready_means_that_the_database_answers_and_is_migrated(web):
    """Traffic comes only when events can be stored."""
    assert web.get("/readyz").status_code == 200
    assert web.get("/readyz").status_code == 200


def test_not_ready_before_the_migrations(tmp_path, settings, environment):
    """A fresh database is not ready."""
    import config

    url = f"sqlite:///{tmp_path}/empty.db"
    app = create_app(config.load({**environment, "DATABASE_URL": url}, env_file=None))
    assert app.test_client().get("/readyz").status_code == 503
    app.extensions["reception"].close()
    db.close_database()


def test_no_event_is_answered_200_when_it_cannot_be_stored(tmp_path, environment):
    """Without a table to store it in the answer is 503: Zalo sends it again."""
    import config

    url = f"sqlite:///{tmp_path}/empty.db"
    app = create_app(config.load({**environment, "DATABASE_URL": url}, env_file=None))
    assert app.test_client().post("/webhook/zalo", data=V6, headers=MAC).status_code == 503
    db.close_database()


def test_the_worker_is_nudged_after_a_stored_event(database, settings):
    """Soon after the commit somebody is told, once for many."""
    import gevent

    nudges = []
    app = create_app(settings, nudge=nudges.append)
    web = app.test_client()
    assert web.post("/webhook/zalo", data=V6, headers=MAC).status_code == 200
    with gevent.Timeout(10):
        while not nudges:
            gevent.sleep(0.01)
    assert nudges == [Work.INBOX]
    app.extensions["reception"].close()


def test_a_broken_nudge_costs_nothing(database, settings):
    """The queue may be away: events are stored all the same."""

    def broken(work):
        raise ConnectionError("no redis")

    app = create_app(settings, nudge=broken)
    assert app.test_client().post("/webhook/zalo", data=V6, headers=MAC).status_code == 200
    assert InboxEvent.select().count() == 1
    app.extensions["reception"].close()


@pytest.mark.parametrize("path", ["/", "/webhook/zalo", "/healthz", "/nowhere"])
def test_every_answer_has_the_security_headers(web, path):
    """Browsers are told to guess and embed nothing."""
    headers = web.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_events_are_answered_with_the_security_headers(web):
    """The fast way has them too."""
    assert web.post("/webhook/zalo", data=b"").headers["X-Content-Type-Options"] == "nosniff"


class TestDomainCheck:
    @pytest.fixture
    def environment(self, environment):
        return environment | {"ZALO_VERIFICATION_CODE": "AbC123"}

    def test_the_file_and_the_page_carry_the_code(self, web):
        """Zalo accepts either the page's tag or the file."""
        tag = b'<meta name="zalo-platform-site-verification" content="AbC123" />'
        assert tag in web.get("/").data
        assert tag in web.get("/zalo_verifierAbC123.html").data

    def test_the_owners_code_wins_and_needs_no_restart(self, database, settings, clock, monkeypatch):
        """Set in the bot, shown within half a minute; taken back, the environment's is there again."""
        app = create_app(settings, now=clock.now)
        web = app.test_client()
        assert b'content="AbC123"' in web.get("/").data
        house.put(clock.now(), house.VERIFICATION_CODE, 'Own"<1>')
        assert b'content="AbC123"' in web.get("/").data
        monkeypatch.setattr(pages, "FRESH_FOR", -1.0)
        assert b'content="Own&quot;&lt;1&gt;"' in web.get("/").data
        assert web.get("/zalo_verifierAbC123.html").status_code == 404
        house.put(clock.now(), house.VERIFICATION_CODE, "")
        assert web.get("/zalo_verifierAbC123.html").status_code == 200
        app.extensions["reception"].close()

    def test_a_database_that_is_away_leaves_the_code(self, web, app, monkeypatch):
        """Zalo looks at it whenever it likes."""
        assert b'content="AbC123"' in web.get("/").data

        def away(work):
            raise RuntimeError

        monkeypatch.setattr(pages, "FRESH_FOR", -1.0)
        monkeypatch.setattr(app.extensions["reception"], "read", away)
        assert b'content="AbC123"' in web.get("/").data

    def test_other_codes_are_not_found(self, web):
        """Nobody else can claim the domain through us."""
        assert web.get("/zalo_verifierZZZ.html").status_code == 404


def test_without_a_code_there_is_nothing_to_verify(web):
    """No empty tag."""
    assert b"zalo-platform" not in web.get("/").data
    assert web.get("/zalo_verifier.html").status_code == 404


class TestMetrics:
    def test_this_machine_may_read_them(self, web, clock):
        """Numbers only: no id, name or phone of anybody."""
        Follower.create(
            oa_id="77", user_id="6503004005006007008", display_name="Lan", is_follower=True, first_seen_at=clock.now()
        )
        text = web.get("/metrics").text
        assert "oadesk_followers 1.0" in text
        assert "oadesk_inbox_lag_seconds 0.0" in text
        assert not any(word in text for word in ("6503004005006007008", "Lan", "77"))

    def test_a_stranger_behind_a_proxy_may_not(self, web):
        """To us everybody behind a local proxy has the proxy's address."""
        assert web.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403

    def test_another_machine_may_not(self, web):
        """Without a token only this machine reads them."""
        assert web.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 403


class TestMetricsToken:
    @pytest.fixture
    def environment(self, environment):
        return environment | {"METRICS_TOKEN": "a-metrics-token"}

    @pytest.mark.parametrize(("given", "status"), [("Bearer a-metrics-token", 200), ("Bearer no", 403), ("", 403)])
    def test_the_token_decides(self, web, given, status):
        """With a token set, being on this machine is not enough."""
        assert web.get("/metrics", headers={"Authorization": given}).status_code == status
