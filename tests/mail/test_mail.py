"""services/mail.py: what Telegram does not take for ten minutes arrives by e-mail, safely and once."""

from __future__ import annotations

import io
import smtplib
from datetime import timedelta

import pytest
from mail_office import PASSWORD

from models import Counter, Notice, NoticeState, OfficialAccount
from services import logs, mail
from services.mail import MailRefused
from zalo import phone


def late(office, minutes=11):
    office.clock.advance(minutes=minutes)


def test_an_urgent_notice_that_waits_ten_minutes_is_mailed(serve, office):
    """To every address, in both languages, plain text; and only once."""
    post, hoa = serve(), office()
    OfficialAccount.create(oa_id="290", name="Spa Hoa Mai", created_at=hoa.clock.now())
    row = hoa.notice()
    late(hoa, 9)
    assert hoa.send() == 0
    late(hoa, 1)
    assert hoa.send() == 1
    (letter,) = post.letters
    assert post.to == [["hoa@example.vn", "an@example.vn"]]
    text = letter.get_content()
    assert "Mất kết nối Zalo · Spa Hoa Mai" in text
    assert "Zalo connection lost · Spa Hoa Mai" in text
    assert "<b>" not in text
    assert Notice.get_by_id(row.id).mailed_at == hoa.clock.now()
    late(hoa)
    assert hoa.send() == 0


def test_the_letter_says_what_it_is(serve, office):
    """Headers that mail programs and answering machines look at."""
    post, hoa = serve(), office()
    hoa.notice()
    late(hoa)
    hoa.send()
    letter = post.letters[0]
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "desk@example.vn"
    assert letter["To"] == "hoa@example.vn, an@example.vn"
    assert letter["Message-ID"].endswith("@example.vn>")
    assert letter["Date"].datetime == hoa.clock.now()
    assert letter["Subject"].startswith("OA Desk: 1 ")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content_charset() == "utf-8"
    assert all(line.isascii() for line in post.raw[0].splitlines())


def test_one_letter_holds_all_of_them(serve, office):
    """The same matter for three people is one line; two matters are two."""
    post, hoa = serve(), office()
    for chat in (55, 56, 57):
        hoa.notice(chat_id=chat)
    hoa.notice("webhook_silent", payload={"oa_id": "290", "hours": 4})
    late(hoa)
    assert hoa.send() == 2
    text = post.letters[0].get_content()
    assert text.count("Mất kết nối Zalo") == 1
    assert "4 giờ chưa có sự kiện" in text
    assert Notice.select().where(Notice.mailed_at.is_null()).count() == 0


def test_never_more_than_one_letter_in_ten_minutes(serve, office):
    """What comes up meanwhile goes with the next one."""
    post, hoa = serve(), office()
    hoa.notice()
    late(hoa)
    hoa.notice(ref="2", queued_at=hoa.clock.now() - timedelta(minutes=5))
    assert hoa.send() == 1
    late(hoa, 6)
    assert hoa.send() == 0
    late(hoa, 4)
    assert hoa.send() == 1
    assert len(post.letters) == 2


def test_what_telegram_took_or_nobody_hurries_for_is_not_mailed(serve, office):
    """Sent ones, ordinary ones, and those that wait for their hour."""
    serve()
    hoa = office()
    hoa.notice(ref="1", state=NoticeState.SENT)
    hoa.notice(ref="2", urgent=False)
    late(hoa)
    assert hoa.send() == 0


@pytest.mark.parametrize(("told", "mailed"), [(True, 0), (False, 1)])
def test_one_who_blocked_the_bot_is_no_failure_of_telegram(serve, office, told, mailed):
    """While a colleague got the same notice nobody needs a letter; when nobody did, somebody does."""
    serve()
    hoa = office()
    hoa.notice(chat_id=55, state=NoticeState.FAILED)
    hoa.notice(chat_id=56, state=NoticeState.SENT if told else NoticeState.FAILED)
    late(hoa)
    assert hoa.send() == mailed


def test_what_was_refused_long_ago_is_no_news(serve, office):
    """A mail server set up later does not send the past."""
    serve()
    hoa = office()
    hoa.notice(state=NoticeState.FAILED)
    hoa.clock.advance(days=2)
    assert hoa.send() == 0


def test_a_new_version_of_a_mailed_notice_is_news_again(serve, office):
    """The same matter, posted anew an hour later."""
    post, hoa = serve(), office()
    row = hoa.notice()
    late(hoa)
    assert hoa.send() == 1
    hoa.clock.advance(hours=1)
    Notice.update(queued_at=hoa.clock.now()).where(Notice.id == row.id).execute()
    late(hoa)
    assert hoa.send() == 1
    assert len(post.letters) == 2


def test_a_failing_server_is_counted_and_tried_again(serve, office):
    """Nothing is taken for mailed before the server took it."""
    post, hoa = serve(), office()
    post.refuse = "451 later"
    row = hoa.notice()
    late(hoa)
    assert hoa.send() == 0
    assert Notice.get_by_id(row.id).mailed_at is None
    assert Counter.get(Counter.name == "mail.failed").value == 1
    post.refuse = ""
    late(hoa, 1)
    assert hoa.send() == 1


def test_a_server_that_is_not_there_is_a_failure_like_any_other(office):
    """Nobody listens on the port."""
    hoa = office()
    hoa.notice()
    late(hoa)
    assert hoa.send() == 0
    assert Counter.get(Counter.name == "mail.failed").value == 1


def test_without_a_mail_server_nothing_happens(office):
    """E-mail is an offer."""
    hoa = office(SMTP_HOST="")
    hoa.notice()
    late(hoa)
    assert hoa.send() == 0


def test_no_secret_and_no_number_leaves_by_mail(serve, office):
    """Whatever a notice may hold one day."""
    post, hoa = serve(), office()
    number = "84901234567"
    assert phone.normalise(number)
    token = hoa.settings.telegram_bot_token.get_secret_value()
    hoa.notice("oauth_refused", payload={"oa_id": "290", "code": f"{number} {token} 0901234567"})
    late(hoa)
    assert hoa.send() == 1
    text = post.letters[0].get_content()
    for secret in (number, token, token.partition(":")[2], "0901234567"):
        assert secret not in text


# ------------------------------------------------------------------ on the way


def test_starttls_protects_password_and_letter(serve, office, server_context, trusted):
    """The password is given only after the change to TLS, to a server whose certificate was checked."""
    post = serve(tls_context=server_context, require_starttls=True, auth_required=True)
    hoa = office(SMTP_SECURITY="starttls", SMTP_USER="desk", SMTP_PASSWORD=PASSWORD)
    hoa.notice()
    late(hoa)
    assert hoa.send() == 1
    assert post.logins == [b"desk"]


def test_tls_from_the_first_byte(serve, office, server_context, trusted):
    """As port 465 has it."""
    post = serve(ssl_context=server_context, auth_require_tls=False)
    hoa = office(SMTP_SECURITY="tls", SMTP_USER="desk", SMTP_PASSWORD=PASSWORD)
    hoa.notice()
    late(hoa)
    assert hoa.send() == 1
    assert (len(post.letters), post.logins) == (1, [b"desk"])


def test_a_server_without_starttls_gets_nothing(serve, office):
    """Somebody on the way may have struck the offer out; the password stays here."""
    post = serve(auth_require_tls=False)
    hoa = office(SMTP_SECURITY="starttls", SMTP_USER="desk", SMTP_PASSWORD=PASSWORD)
    with pytest.raises(MailRefused, match="STARTTLS"):
        mail.connect(hoa.settings)
    hoa.notice()
    late(hoa)
    assert hoa.send() == 0
    assert (post.letters, post.logins) == ([], [])


def test_a_certificate_nobody_vouches_for_is_refused(serve, office, server_context):
    """Without the CA among the trusted ones."""
    post = serve(tls_context=server_context)
    hoa = office(SMTP_SECURITY="starttls", SMTP_USER="desk", SMTP_PASSWORD=PASSWORD)
    hoa.notice()
    late(hoa)
    assert hoa.send() == 0
    assert post.logins == []


def test_a_password_never_travels_in_clear(office):
    """SMTP_SECURITY=none with a password is for this machine only."""
    hoa = office(SMTP_HOST="mail.example.vn", SMTP_USER="desk", SMTP_PASSWORD=PASSWORD)
    with pytest.raises(MailRefused, match="password"):
        mail.connect(hoa.settings)


def test_a_wrong_password_is_logged_without_it(serve, office, server_context, trusted):
    """The log says what kind of failure it was, and nothing the server or we said."""
    serve(tls_context=server_context, auth_required=True)
    hoa = office(SMTP_SECURITY="starttls", SMTP_USER="desk", SMTP_PASSWORD="wrong-password-of-tests")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        mail.connect(hoa.settings)
    stream = io.StringIO()
    logs.setup("DEBUG", secrets=hoa.settings.secrets(), stream=stream)
    hoa.notice()
    late(hoa)
    assert hoa.send() == 0
    assert "SMTPAuthenticationError 535" in stream.getvalue()
    assert "wrong-password-of-tests" not in stream.getvalue()
