"""The SQL by which facts meet those already stored: last-writer-wins registers, the same on both databases.

A fact is taken only if its time is later than the one stored; at the same millisecond the greater rank wins. So every
statement gives the same end state whatever the order of its rows and however often each is repeated.
"""
# ruff: noqa: S608 - statements are put together from the names of this file only, values are parameters

from __future__ import annotations


def _later(table: str, at: str, rank: str | None = None) -> str:
    """SQL: the row coming in beats the one stored."""
    new, old = f"excluded.{at}", f"{table}.{at}"
    tie = f" OR ({new} = {old} AND excluded.{rank} > {table}.{rank})" if rank else ""
    return f"({new} IS NOT NULL AND ({old} IS NULL OR {new} > {old}{tie}))"


def _taken(table: str, wins: str, *columns: str) -> str:
    """SQL assignments: `columns` come from the new row where it wins."""
    return ", ".join(f"{name} = CASE WHEN {wins} THEN excluded.{name} ELSE {table}.{name} END" for name in columns)


def _greater(table: str, *columns: str) -> str:
    """SQL assignments: the greater of both; only for columns whose order is the same in every collation."""
    return ", ".join(
        f"{name} = CASE WHEN excluded.{name} > {table}.{name} THEN excluded.{name} ELSE {table}.{name} END"
        for name in columns
    )


# Somebody asked to be forgotten: what they did or told before that stays away, however late it arrives.
_ALIVE = "(follower.erased_at IS NULL OR excluded.{at} > follower.erased_at)"
# Their first act after that: from here on they are somebody new.
_AFRESH = """(follower.erased_at IS NOT NULL AND follower.last_interaction_at IS NULL
    AND excluded.last_interaction_at > follower.erased_at)"""


def _told(at: str, rank: str | None = None) -> str:
    """SQL: what a person told or did beats what is stored, and they did not have it erased."""
    return f"({_later('follower', at, rank)} AND {_ALIVE.format(at=at)})"


_FOLLOWS = _later("follower", "follow_at", "follow_rank")
# Somebody who left and came back before anything but their id was known is worth asking for again.
_WANTED = f"""(({_FOLLOWS} AND excluded.is_follower AND follower.profile_at IS NULL
    AND {_ALIVE.format(at="last_interaction_at")}) OR {_AFRESH})"""

PEOPLE = f"""
INSERT INTO follower (oa_id, user_id, first_seen_at, is_follower, follow_at, follow_rank, last_interaction_at,
  shared_info, shared_at, shared_rank, shared_name, phone, phone_at, phone_rank,
  user_id_by_app, last_interaction_on, display_name, nickname, avatar, is_sensitive, search_name, tester,
  profile_wanted, profile_attempts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', '', '', FALSE, '', FALSE, TRUE, 0)
ON CONFLICT (oa_id, user_id) DO UPDATE SET
  first_seen_at = CASE WHEN excluded.first_seen_at < follower.first_seen_at
    THEN excluded.first_seen_at ELSE follower.first_seen_at END,
  {_taken("follower", _FOLLOWS, "is_follower", "follow_at", "follow_rank")},
  profile_wanted = CASE WHEN {_WANTED} THEN TRUE ELSE follower.profile_wanted END,
  profile_next_at = CASE WHEN {_WANTED} THEN NULL ELSE follower.profile_next_at END,
  {_taken("follower", _told("last_interaction_at"), "last_interaction_at")},
  {_taken("follower", _told("shared_at", "shared_rank"), "shared_info", "shared_at", "shared_rank", "shared_name")},
  {_taken("follower", _told("phone_at", "phone_rank"), "phone", "phone_at", "phone_rank")}
"""

# A message changes the time of the last interaction and nothing else: most events are messages, and the long statement
# costs three times as much.
TOUCH = f"""
INSERT INTO follower (oa_id, user_id, first_seen_at, last_interaction_at, follow_rank, shared_rank, shared_name, phone,
  phone_rank, user_id_by_app, last_interaction_on, display_name, nickname, avatar, is_sensitive, search_name, tester,
  profile_wanted, profile_attempts)
VALUES (?, ?, ?, ?, '', '', '', '', '', '', '', '', '', '', FALSE, '', FALSE, TRUE, 0)
ON CONFLICT (oa_id, user_id) DO UPDATE SET
  first_seen_at = CASE WHEN excluded.first_seen_at < follower.first_seen_at
    THEN excluded.first_seen_at ELSE follower.first_seen_at END,
  profile_wanted = CASE WHEN {_AFRESH} THEN TRUE ELSE follower.profile_wanted END,
  {_taken("follower", _told("last_interaction_at"), "last_interaction_at")}
"""

# Zalo's list says: these follow. Only a difference is written; the index finds it, whatever the planner thinks.
FOUND = """
INSERT INTO follower (oa_id, user_id, first_seen_at, is_follower, follow_at, follow_rank, shared_rank, shared_name,
  phone, phone_rank, user_id_by_app, last_interaction_on, display_name, nickname, avatar, is_sensitive, search_name,
  tester, profile_wanted, profile_attempts)
VALUES (?, ?, ?, TRUE, ?, '', '', '', '', '', '', '', '', '', '', FALSE, '', FALSE, TRUE, 0)
ON CONFLICT (oa_id, user_id) DO UPDATE SET
  is_follower = TRUE, follow_at = excluded.follow_at, follow_rank = '',
  profile_wanted = CASE WHEN follower.profile_at IS NULL AND follower.erased_at IS NULL
    THEN TRUE ELSE follower.profile_wanted END
WHERE follower.is_follower IS NOT TRUE AND (follower.follow_at IS NULL OR follower.follow_at < excluded.follow_at)
"""

TAGGED = f"""
INSERT INTO follower_tag (oa_id, user_id, name, present, changed_at, rank) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (oa_id, user_id, name) DO UPDATE SET
  {_taken("follower_tag", _later("follower_tag", "changed_at", "rank"), "present", "changed_at", "rank")}
"""

TAGS = f"""
INSERT INTO tag (oa_id, name, seen_at, removed_at) VALUES (?, ?, ?, ?)
ON CONFLICT (oa_id, name) DO UPDATE SET
  {_taken("tag", _later("tag", "seen_at"), "seen_at")}, {_taken("tag", _later("tag", "removed_at"), "removed_at")}
"""

# One message id has one content; should Zalo ever use one twice, the later wins whichever came first.
MESSAGES = f"""
INSERT INTO chat_message (oa_id, msg_id, user_id, inbound, kind, text, attachments, quote_msg_id, admin_id, at,
  stored_at, told_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (oa_id, msg_id) DO UPDATE SET
  {
    _taken(
        "chat_message",
        _later("chat_message", "at", "kind"),
        "user_id",
        "inbound",
        "text",
        "attachments",
        "quote_msg_id",
        "admin_id",
        "kind",
        "at",
    )
}
"""

# The first time a message was reported seen is when it was seen.
REPORTS = f"""
INSERT INTO receipt (oa_id, msg_id, kind, at, tracking_id, user_id, text_hash, admin_id, echoed, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (oa_id, msg_id, kind) DO UPDATE SET
  at = CASE WHEN excluded.at < receipt.at THEN excluded.at ELSE receipt.at END,
  {_greater("receipt", "tracking_id", "user_id", "text_hash", "admin_id", "echoed")}
"""

CONTACTS = "INSERT INTO contact (phone, name, created_at) VALUES (?, '', ?) ON CONFLICT DO NOTHING"

LINK = """
UPDATE follower SET contact_id = (SELECT id FROM contact WHERE contact.phone = follower.phone)
WHERE oa_id = ? AND user_id = ? AND phone <> ''
"""

HEARD = "UPDATE official_account SET last_event_at = ? WHERE oa_id = ? AND COALESCE(last_event_at, 0) < ?"

QUOTA_WANTED = "UPDATE official_account SET quota_wanted_at = ? WHERE oa_id = ?"
