"""A process of its own that needs a valid token: `python tests/tokens/renewing.py [threads]`.

Says "ready", waits for a line, then lets every thread ask at once; prints a line for each: "served <digest>
<generation>" or "refused <error> <key>". RENEW_LIMIT: seconds a request may take. RENEW_CLOCK: seconds our clock is
ahead. RENEW_WITNESS: renew without end, whatever the life that is left, and write the generation of each answer that
has reached the journal into this file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import config
import db
from models import OaToken, OfficialAccount
from services import journal, logs, tokens
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
        while "RENEW_WITNESS" in os.environ:
            await renew(desk, oa)
        return await tokens.access_token(desk, oa)
    finally:
        await desk.close()


async def renew(desk: Desk, oa: OfficialAccount) -> None:
    row = await db.in_thread(OaToken.get)
    try:
        await tokens.refresh(desk, oa, row.generation, at_once=True)
    except (tokens.TokenUnavailable, DeskError):
        await asyncio.sleep(0.1)


def bear_witness(path: str) -> None:
    """Say what lies in the journal, at the moment it does."""
    keep = journal.keep

    def kept(desk: Desk, entry: journal.Entry) -> Path:
        written = keep(desk, entry)
        with open(path, "a", encoding="ascii") as witness:
            witness.write(f"{entry.generation}\n")
        return written

    journal.keep = kept


def one(settings: config.Settings) -> None:
    try:
        access = asyncio.run(serve(settings))
        told = f"served {hashlib.sha256(access.token.encode()).hexdigest()[:12]} {access.generation}"
    except (tokens.TokenUnavailable, DeskError) as trouble:
        told = f"refused {type(trouble).__name__} {getattr(trouble, 'key', '')}".strip()
    print(told, flush=True)


def main() -> None:
    settings = config.load(env_file=None)
    if "RENEW_WITNESS" in os.environ:
        bear_witness(os.environ["RENEW_WITNESS"])
    logs.setup(settings.log_level, secrets=settings.secrets())
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
