"""/hanmuc: how much may still be sent, and the alerts."""

from __future__ import annotations

from models import AuditEntry, OfficialAccount, Role
from services import notices


def test_the_quotas_are_read_on_request(desk, words):
    """Nothing known at first; then figures, quality and what left today."""
    person = desk.person(Role.OPERATOR, language=words.language)
    oa = desk.oa()
    person.say("/hanmuc")
    person.wait_for(words("quota.never"))
    person.tap(words("button.quota_read"))
    shown = person.wait_for(words("quota.cs_title"))["text"]
    assert words("quota.used_nothing") in shown
    assert words("quality_word.HIGH") in shown
    known = OfficialAccount.get_by_id(oa.id)
    assert known.zns_quota["daily"]
    assert AuditEntry.select().where(AuditEntry.action == "oa.quota_read").count() == 1


def test_numbers_zalo_leaves_out_are_not_made_up(desk):
    """No limit, or not known: said so."""
    person = desk.person(Role.VIEWER)
    desk.oa()
    quota = {"daily": None, "remaining": None, "quality_48h": "LOW", "quality_7d": "HIGH"}
    OfficialAccount.update(zns_quota=quota, zns_quota_at=desk.clock.now(), cs_quota=[]).execute()
    person.say("/quota")
    shown = person.wait_for("Zalo không cho số")["text"]
    assert "THẤP" in shown
    assert "None" not in shown


def test_the_alerts_say_what_to_do(desk, words):
    """80 % used, and a quality that fell; both lead to the screen."""
    person = desk.person(Role.MANAGER, language=words.language)
    oa = desk.oa()
    person.say("/start")
    person.wait_for("Spa Hoa Mai")
    low = {"oa_id": oa.oa_id, "which": "zns", "left": 150, "total": 1000}
    fell = {"oa_id": oa.oa_id, "span": "7d", "before": "HIGH", "after": "LOW"}
    notices.post(desk.clock.now(), person.id, "quota_low", "x", low)
    desk.drain()
    person.wait_for("150")
    notices.post(desk.clock.now(), person.id, "quality_fell", "y", fell)
    desk.drain()
    person.wait_for(words("quota_span.7d"))
    person.tap(words("button.quota"))
    person.wait_for(words("quota.title"))
