"""Setting, asking and deleting the command menu."""

from sandbox.telegram.args import Args
from sandbox.telegram.commands import Command, Scope, read_commands, read_language, read_scope
from sandbox.telegram.errors import bad_request
from sandbox.telegram.state import TelegramState


def _scope(state: TelegramState, args: Args) -> tuple[Scope, str]:
    scope, language = read_scope(args), read_language(args)
    if scope[1] and scope[1] not in state.chats:
        raise bad_request("chat not found")
    return scope, language


def _store(state: TelegramState, scope: Scope, language: str, commands: list[Command]) -> bool:
    state.commands.store(scope, language, commands)
    chat_id = scope[1] or None
    state.journal.add("commands", chat_id, scope=scope[0], language_code=language, commands=commands)
    return True


async def set_my_commands(state: TelegramState, args: Args) -> bool:
    """Replace one list."""
    scope, language = _scope(state, args)
    return _store(state, scope, language, read_commands(args))


async def delete_my_commands(state: TelegramState, args: Args) -> bool:
    """Take one list away, so that the next wider one shows."""
    scope, language = _scope(state, args)
    return _store(state, scope, language, [])


async def get_my_commands(state: TelegramState, args: Args) -> list[Command]:
    """Exactly the list asked for."""
    scope, language = _scope(state, args)
    return state.commands.exact(scope, language)
