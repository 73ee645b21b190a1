"""Zalo's judgement carried out: reports counted, quotas moved at midnight and as a penalty, events told."""

from datetime import date

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.clock import DAY_MS, vietnam
from sandbox.zalo_side.events import daily_quota_event, template_quality_event, template_status_event
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.quality import lower
from sandbox.zalo_side.templates import Status, Template
from sandbox.zalo_side.world import World

# A report for one of these, or later than 48 hours after the message came, does not count (zns 5.4).
IDLE_REASONS = ("not_displayed", "other")
REPORT_WITHIN_MS = 2 * DAY_MS


def turn_day(world: World, day: date) -> None:
    """The midnight that begins `day`: daily quotas may move, on the 1st the promotion quotas are new."""
    for oa in world.oas.values():
        _judge_oa(oa, day)
        daily = oa.book.next_daily(day, oa.quota.daily, oa.quality_7_days)
        if daily != oa.quota.daily:
            oa.book.changed_on = day
            change_daily_quota(world, oa, daily)
        if day.day == 1 and oa.book.useful:
            oa.quota.monthly_promotion = oa.book.promotion_quota(day)


def _judge_oa(oa: Oa, day: date) -> None:
    """Quality from the reports, once there ever was one; before that it is what the controls say."""
    if oa.book.reports:
        oa.quality, oa.quality_7_days = oa.book.quality(day, 2), oa.book.quality(day, 7)


def change_daily_quota(world: World, oa: Oa, daily: int) -> None:
    before, oa.quota.daily = oa.quota.daily, daily
    world.emit(oa.oa_id, daily_quota_event(oa, world.app.app_id, before, world.clock.now_ms()))


def take_reports(world: World, oa: Oa, template: Template, order: JsonObject) -> JsonObject:
    """People report messages of a template: `count`, `reason`, and `msg_id` of the message that one person means."""
    day, count = world.clock.now().date(), int(order.get("count", 1))
    if count < 1:
        raise ValueError("count must be above zero")
    counts = order.get("reason") not in IDLE_REASONS and _in_time(world, order.get("msg_id"))
    if counts:
        oa.book.reported(day, template.template_id, count)
        _judge_oa(oa, day)
        _judge_template(world, oa, template)
        if oa.book.deserves_penalty(day, oa.quota.daily):
            oa.book.punished_on = oa.book.changed_on = day
            change_daily_quota(world, oa, lower(oa.quota.daily))
    return {
        "counted": count if counts else 0,
        "reports_today": oa.book.reports[day],
        "daily_quota": oa.quota.daily,
        "quality": oa.quality,
        "quality_7_days": oa.quality_7_days,
        "template_quality": template.quality,
        "template_status": template.status.value,
    }


def _in_time(world: World, msg_id: object) -> bool:
    sent = world.zns_log.find(str(msg_id)) if msg_id is not None else None
    if sent is None or sent.delivered_at is None:
        return msg_id is None
    return world.clock.now_ms() - sent.delivered_at <= REPORT_WITHIN_MS


def _judge_template(world: World, oa: Oa, template: Template) -> None:
    """A template that became LOW is disabled by itself (zns 5.4)."""
    quality = oa.book.template_quality(template.template_id)
    if quality != template.quality:
        change_template_quality(world, oa, template, quality)
    if quality == "LOW" and template.status is Status.ENABLE:
        change_template_status(world, oa, template, Status.DISABLE, "Chất lượng gửi thấp")


def change_template_quality(world: World, oa: Oa, template: Template, quality: str) -> None:
    before, template.quality = template.quality, quality
    world.emit(oa.oa_id, template_quality_event(oa, world.app.app_id, template, before, world.clock.now_ms()))


def change_template_status(world: World, oa: Oa, template: Template, status: Status, reason: str) -> None:
    before, template.status, template.reason = template.status, status, reason
    world.emit(oa.oa_id, template_status_event(oa, world.app.app_id, template, before, world.clock.now_ms()))


def note_arrival(oa: Oa, template: Template, at: int) -> None:
    """One ZNS reached a phone at this time."""
    oa.book.arrived(vietnam(at).date(), template.template_id, promotion=template.tag == "PROMOTION")
