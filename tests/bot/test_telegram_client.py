"""How the bot reaches Telegram."""

from __future__ import annotations

import asyncio

import pytest
from telegram.error import NetworkError

import config
from bot.app import build


def test_everything_goes_through_the_proxy_of_the_settings(environment):
    """TELEGRAM_PROXY carries all requests; the process's own proxy variables carry none."""
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()
        await writer.wait_closed()

    async def ask() -> None:
        server = await asyncio.start_server(proxy, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        values = {**environment, "TELEGRAM_PROXY": f"http://127.0.0.1:{port}"}
        bot = build(config.load(values, env_file=None))
        with pytest.raises(NetworkError):
            await bot.get_me()
        await bot.shutdown()
        server.close()
        await server.wait_closed()

    asyncio.run(ask())
    assert asked == [b"CONNECT api.telegram.org:443 HTTP/1.1\r\n"]
