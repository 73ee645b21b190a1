"""A process of its own that needs a valid token: `python tests/tokens/renewing.py [threads]`.

Says "ready", waits for a line, then lets every thread ask at once; prints a line for each: "served <digest>
<generation>" or "refused <error> <key>". RENEW_LIMIT: seconds a request may take. RENEW_CLOCK: seconds our clock is
ahead. RENEW_AGAIN: renew so many times in a row, whatever the life that is left.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import config
import db
from models import OaToken, OfficialAccount
from services import logs, tokens
from services.desk import Desk, utc_now
from services.errors import DeskError
from zalo.client import Zalo


def make_desk(settings: config.Settings) -> Desk:
    ahead = timedelta(seconds=float(os.environ.get("RENEW_CLOCK", "0")))
    desk = Desk.from_settings(settings)
    zalo = Zalo(desk.zalo.hosts, total_limit=float(os.environ.get("RENEW_LIMIT", "15")))
    return replace(desk, zalo=zalo, now=lambda: utc_now() + ahead)


async def serve(settings: config.Settings) -> tokens.Access:
    desk = make_desk(settings)
    try:
        oa = await db.in_thread(OfficialAccount.get)
        again = int(os.environ.get("RENEW_AGAIN", "0"))
        for _ in range(again):
            row = await db.in_thread(OaToken.get)
            access = await tokens.refresh(desk, oa, row.generation, at_once=True)
        return access if again else await tokens.access_token(desk, oa)
    finally:
        await desk.close()


def one(settings: config.Settings) -> None:
    try:
        access = asyncio.run(serve(settings))
        told = f"served {hashlib.sha256(access.token.encode()).hexdigest()[:12]} {access.generation}"
    except (tokens.TokenUnavailable, DeskError) as trouble:
        told = f"refused {type(trouble).__name__} {getattr(trouble, 'key', '')}".strip()
    print(told, flush=True)


def main() -> None:
    settings = config.load(env_file=None)
    logs.setup("DEBUG", secrets=settings.secrets())
    db.open_database(settings.database)
    print("ready", flush=True)
    sys.stdin.readline()
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    threads = [threading.Thread(target=one, args=(settings,)) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.close_database()


if __name__ == "__main__":
    main()
