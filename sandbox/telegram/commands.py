"""The command menu, kept per scope and language as setMyCommands gives it."""

import re
from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.errors import bad_request

Command = dict[str, str]
Scope = tuple[str, int, int]  # type, chat id, user id
NAME = re.compile(r"/?[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}")
WIDE = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
IN_CHAT = ("chat", "chat_administrators", "chat_member")
DEFAULT: Scope = ("default", 0, 0)
MAX_COMMANDS = 100


class CommandMenu:
    """Command lists by (scope, language); language "" is for everybody else."""

    def __init__(self) -> None:
        self.lists: dict[tuple[Scope, str], list[Command]] = {}

    def store(self, scope: Scope, language: str, commands: list[Command]) -> None:
        """Replace one list; an empty one takes it away."""
        if commands:
            self.lists[scope, language] = commands
        else:
            self.lists.pop((scope, language), None)

    def exact(self, scope: Scope, language: str) -> list[Command]:
        """What getMyCommands answers: this list only, no falling back."""
        return self.lists.get((scope, language), [])

    def shown_to(self, chat_id: int, language: str) -> list[Command]:
        """What a person sees in the private chat: the narrowest scope first, in each the own language."""
        for scope in (("chat", chat_id, 0), ("all_private_chats", 0, 0), DEFAULT):
            for code in (language, ""):
                if (scope, code) in self.lists:
                    return self.lists[scope, code]
        return []

    def view(self) -> list[dict[str, Any]]:
        """Every list for the control paths."""
        return [
            {"scope": scope[0], "chat_id": scope[1] or None, "language_code": language, "commands": commands}
            for (scope, language), commands in self.lists.items()
        ]


def read_language(args: Args) -> str:
    """The two-letter language of the request, "" for none."""
    language = args.text("language_code")
    if language and not LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def read_scope(args: Args) -> Scope:
    """The scope of the request; raises ApiError for an unknown kind."""
    value = args.json("scope", "BotCommandScope")
    if value is None:
        return DEFAULT
    kind = value.get("type") if isinstance(value, dict) else None
    if kind in WIDE:
        return (kind, 0, 0)
    if kind in IN_CHAT:
        return (kind, _number(value, "chat_id"), _number(value, "user_id") if kind == "chat_member" else 0)
    raise bad_request("can't parse BotCommandScope: Unsupported type specified")


def _number(value: dict[str, Any], name: str) -> int:
    try:
        return int(value[name])
    except (KeyError, TypeError, ValueError):
        raise bad_request(f"can't parse BotCommandScope: Can't find field \"{name}\"") from None


def read_commands(args: Args) -> list[Command]:
    """The list to set; raises ApiError with Telegram's name of the fault."""
    value = args.json("commands", "bot commands")
    if not isinstance(value, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(value) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_command(item) for item in value]


def _command(item: Any) -> Command:
    if not isinstance(item, dict):
        raise bad_request("can't parse commands: expected an Object")
    name, description = str(item.get("command", "")), str(item.get("description", "")).strip()
    if not NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": description}
