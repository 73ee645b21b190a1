"""Sending files and looking them up."""

from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import MAX_DOWNLOAD
from sandbox.telegram.methods_messages import post, read_caption
from sandbox.telegram.state import TelegramState


async def _send(state: TelegramState, args: Args, kind: str) -> dict[str, Any]:
    text, entities = read_caption(args)
    state.open_chat(args.text("chat_id"))
    file = state.files.from_args(kind, args)
    return post(state, args, text=text, entities=entities, file=file).to_api()


async def send_photo(state: TelegramState, args: Args) -> dict[str, Any]:
    """A picture, uploaded or by an id sent before; addresses are not fetched."""
    return await _send(state, args, "photo")


async def send_document(state: TelegramState, args: Args) -> dict[str, Any]:
    """A file, uploaded or by an id sent before; addresses are not fetched."""
    return await _send(state, args, "document")


async def get_file(state: TelegramState, args: Args) -> dict[str, Any]:
    """Where to download a file; refused above 20 MB."""
    if not args.has("file_id"):
        raise bad_request("file_id not specified")
    file = state.files.by_id(args.text("file_id"))
    if len(file.data) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": len(file.data),
        "file_path": file.path,
    }
