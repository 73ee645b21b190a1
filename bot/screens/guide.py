"""The way from nothing to a connected OA, page by page, with the exact values of this installation to copy.

docs/connect.md names the same steps in the same order; a test holds the two together.
"""

from __future__ import annotations

from bot.keyboards import home_row
from bot.markup import Button, Rows, Screen, to
from bot.turn import Turn
from config import Settings
from models import Role
from services import addresses, staff
from texts.html import lines

STEPS = ("oa", "package", "app", "domain", "callback", "webhook", "secrets", "zbs", "connect")
# Pages that are of no use before the server has an address.
WITH_ADDRESS = {"domain", "callback", "webhook"}
# Every event has a switch of its own in the console: the families of services/events.py, and news about templates.
EVENTS = (
    "user_send_* (text, image, link, audio, video, sticker, gif, location, business_card, file)",
    "oa_send_* (text, image, list, gif, file, sticker, template)",
    "follow, unfollow, user_submit_info, user_click_chatnow",
    "user_received_message, user_seen_message",
    "add_user_to_tag, remove_user_from_tag, remove_tag",
    "user_feedback, user_withdraw, permission_revoked",
    "change_template_status, change_template_quality, change_template_quota",
    "change_oa_daily_quota, change_oa_template_tags",
)
MAX_COPY = 256  # characters Telegram takes in a copy button


def guide_page(turn: Turn, step: str) -> Screen:
    """One page; a step nobody knows opens the first."""
    at = STEPS.index(step) if step in STEPS else 0
    step, t, settings = STEPS[at], turn.t, turn.desk.settings
    no_address = step in WITH_ADDRESS and not settings.public_url
    text = lines(
        t("guide.title", number=at + 1, total=len(STEPS)),
        t("guide.step", title=t(f"guide.{step}.title")),
        "",
        t(f"guide.{step}.body", **values(settings)),
        *(["", t("guide.no_public_url")] if no_address else []),
    )
    return Screen(text, [*_own(turn, step), _turn(turn, at), home_row(t)])


def values(settings: Settings) -> dict[str, str]:
    """What stands in the pages: every page may use any of it."""
    missing = "PUBLIC_URL/"
    return {
        "callback": addresses.callback(settings) or missing + addresses.CALLBACK.lstrip("/"),
        "webhook": addresses.webhook(settings) or missing + addresses.WEBHOOK.lstrip("/"),
        "domain": addresses.domain(settings) or "PUBLIC_URL",
        "app_id": settings.zalo_app_id or "–",
        "events": "\n".join(f"• {family}" for family in EVENTS),
    }


def _own(turn: Turn, step: str) -> Rows:
    """What can be copied or opened on this page."""
    t, settings = turn.t, turn.desk.settings
    owner = staff.may(turn.staff, Role.OWNER)
    copies = {
        "domain": ("button.copy_domain", addresses.domain(settings)),
        "callback": ("button.copy_callback", addresses.callback(settings)),
        "webhook": ("button.copy_webhook", addresses.webhook(settings)),
    }
    row: list[Button] = []
    if step in copies and copies[step][1]:
        label, value = copies[step]
        row.append(Button(t.plain(label), copy=value[:MAX_COPY]))
    doors = {"domain": ("button.domain", "domain"), "webhook": ("button.apps", "apps"), "app": ("button.apps", "apps")}
    if owner and step in doors:
        label, action = doors[step]
        row.append(Button(t.plain(label), to(action, fresh=True)))
    if step == "connect" and staff.may(turn.staff, Role.MANAGER):
        row.append(Button(t.plain("button.connect"), to("connect", 0), style="primary"))
    return [row] if row else []


def _turn(turn: Turn, at: int) -> list[Button]:
    """◀️ 2/9 ▶️."""
    row = [Button(f"{at + 1}/{len(STEPS)}", to("guide", STEPS[at]))]
    if at > 0:
        row.insert(0, Button("◀️", to("guide", STEPS[at - 1])))
    if at + 1 < len(STEPS):
        row.append(Button("▶️", to("guide", STEPS[at + 1])))
    return row
