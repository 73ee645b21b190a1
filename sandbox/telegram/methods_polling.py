"""getMe, getUpdates and the webhook methods a polling bot calls."""

from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.errors import bad_request
from sandbox.telegram.state import TelegramState

MAX_POLL_SECONDS = 50


async def get_me(state: TelegramState, args: Args) -> dict[str, Any]:
    """The bot itself."""
    return {
        **state.bot(),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


async def get_updates(state: TelegramState, args: Args) -> list[dict[str, Any]]:
    """Long poll; allowed_updates, once named, stays until named again (an empty list: the default)."""
    allowed = args.json("allowed_updates", "allowed_updates")
    if allowed is not None:
        if not isinstance(allowed, list):
            raise bad_request("can't parse allowed_updates: expected an Array of String")
        state.updates.allowed = frozenset(str(item) for item in allowed) or None
    limit = args.integer("limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    seconds = min(max(args.integer("timeout"), 0), MAX_POLL_SECONDS)
    return await state.updates.take(args.integer("offset"), limit, seconds)


async def delete_webhook(state: TelegramState, args: Args) -> bool:
    """There is never a webhook; only the order to drop what waits has an effect."""
    if args.flag("drop_pending_updates"):
        state.updates.pending.clear()
    return True


async def get_webhook_info(state: TelegramState, args: Args) -> dict[str, Any]:
    """No webhook, and how many updates wait."""
    return {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(state.updates.pending),
    }
