"""Numbers, money and times as people write them."""

from datetime import UTC, datetime, timedelta

import pytest

from texts import figures

NOW = datetime(2026, 11, 23, 2, 17, tzinfo=UTC)  # 09:17 in Vietnam


@pytest.mark.parametrize(("language", "shown"), [("vi", "1.204"), ("en", "1,204")])
def test_thousands(language, shown):
    """1.204 in Vietnamese, 1,204 in English."""
    assert figures.number(language, 1204) == shown


@pytest.mark.parametrize(("language", "shown"), [("vi", "361.200đ"), ("en", "361,200 VND")])
def test_money(language, shown):
    """Whole dong only."""
    assert figures.money(language, 361200) == shown


@pytest.mark.parametrize(
    ("language", "back", "shown"),
    [
        ("vi", timedelta(0), "hôm nay 09:17"),
        ("vi", timedelta(hours=10), "hôm qua 23:17"),
        ("vi", timedelta(days=11), "12/11 09:17"),
        ("vi", timedelta(days=400), "19/10/2025 09:17"),
        ("vi", timedelta(days=-1), "ngày mai 09:17"),
        ("en", timedelta(0), "today 09:17"),
        ("en", timedelta(days=11), "12 Nov 09:17"),
        ("en", timedelta(days=400), "19 Oct 2025 09:17"),
    ],
)
def test_moments(language, back, shown):
    """Today and yesterday by name, other days by date, other years with the year; days end at Vietnam's midnight."""
    assert figures.moment(language, NOW - back, NOW) == shown


@pytest.mark.parametrize(
    ("back", "shown"),
    [
        (timedelta(seconds=20), "vừa xong"),
        (timedelta(minutes=4), "4 phút trước"),
        (timedelta(hours=30), "30 giờ trước"),
        (timedelta(days=3), "20/11 09:17"),
        (timedelta(minutes=-5), "vừa xong"),
    ],
)
def test_how_long_ago(back, shown):
    """Minutes, hours, then the day itself; a clock a little ahead is no trouble."""
    assert figures.ago("vi", NOW - back, NOW) == shown
