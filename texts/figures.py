"""Numbers, money and times as people write them: 1.204, 361.200đ, 23/11 09:17."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from services.desk import VIETNAM

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(language: str, value: int) -> str:
    """1.204 ‖ 1,204."""
    text = f"{value:,}"
    return text if language == "en" else text.replace(",", ".")


def money(language: str, dong: int) -> str:
    """361.200đ ‖ 361,200 VND."""
    return f"{number(language, dong)} VND" if language == "en" else f"{number(language, dong)}đ"


def day(language: str, moment: datetime | date, now: datetime) -> str:
    """23/11 ‖ 23 Nov, with the year when it is another one."""
    local = moment.astimezone(VIETNAM).date() if isinstance(moment, datetime) else moment
    same_year = local.year == now.astimezone(VIETNAM).year
    if language == "en":
        text = f"{local.day} {MONTHS[local.month - 1]}"
        return text if same_year else f"{text} {local.year}"
    return f"{local:%d/%m}" if same_year else f"{local:%d/%m/%Y}"


def clock(moment: datetime) -> str:
    """09:17 in Vietnam."""
    return f"{moment.astimezone(VIETNAM):%H:%M}"


def moment(language: str, at: datetime, now: datetime) -> str:
    """hôm nay 08:05, hôm qua 08:05, 23/11 09:17."""
    days = (now.astimezone(VIETNAM).date() - at.astimezone(VIETNAM).date()).days
    words = {"vi": {0: "hôm nay", 1: "hôm qua", -1: "ngày mai"}, "en": {0: "today", 1: "yesterday", -1: "tomorrow"}}
    return f"{words[language].get(days) or day(language, at, now)} {clock(at)}"


def brief(language: str, at: datetime, now: datetime) -> str:
    """09:17 when it is today, else with the day."""
    same = now.astimezone(VIETNAM).date() == at.astimezone(VIETNAM).date()
    return clock(at) if same else f"{day(language, at, now)} {clock(at)}"


def ago(language: str, at: datetime, now: datetime) -> str:
    """4 phút trước ‖ 4 min ago; over two days the day itself."""
    past = max(now - at, timedelta(0))
    if past < timedelta(minutes=1):
        return "vừa xong" if language == "vi" else "just now"
    if past < timedelta(hours=1):
        minutes = past // timedelta(minutes=1)
        return f"{minutes} phút trước" if language == "vi" else f"{minutes} min ago"
    if past < timedelta(hours=48):
        hours = past // timedelta(hours=1)
        return f"{hours} giờ trước" if language == "vi" else f"{hours} h ago"
    return moment(language, at, now)


def month(moment_: datetime) -> str:
    """03/2025."""
    return f"{moment_.astimezone(VIETNAM):%m/%Y}"


def stamp(at: datetime) -> str:
    """2026-11-23 09:17 in Vietnam, for files that are sorted."""
    return f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M}"
