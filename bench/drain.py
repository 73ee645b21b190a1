"""Drain of the inbox into the tables, against plain executemany of the very rows it writes.

Both write the same rows to the same schema in batches of the same size, each batch one commit, synchronous=FULL. The
ratio says what parsing, judging and claiming cost on top of the bare writing.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

import config
import db
from bench.events import APP, OA, mixed
from models import InboxEvent, OfficialAccount
from services import facts, inbox, rows
from services.desk import Desk

EVENTS = 20_000
BATCH = 1000


def main(events: int = EVENTS) -> None:
    """Print the ratio of five runs and their median: a disk shared with others makes any single one chance."""
    ratios = []
    for _ in range(5):
        with tempfile.TemporaryDirectory(prefix="oadesk-bench-") as folder:
            taken, written = _drain(Path(folder), events)
            plain = _plain(Path(folder), written)
        print(
            f"drain: {events / taken:,.0f} events/s in {taken:.2f} s; plain executemany of the same rows {plain:.2f} s;"
            f" ratio {plain / taken:.2f}"
        )
        ratios.append(plain / taken)
    print(f"drain: median ratio {statistics.median(ratios):.2f} (wanted: at least 0.5)")


def _drain(folder: Path, events: int) -> tuple[float, list[tuple[str, list[tuple[object, ...]]]]]:
    """Seconds for draining everything, and every statement with its rows, batch by batch."""
    desk = _desk(folder / "drain.db")
    _fill(desk, events)
    written: list[tuple[str, list[tuple[object, ...]]]] = []
    real = facts.many

    def listening(sql: str, batch: list[tuple[object, ...]]) -> int:
        written.append((sql, list(batch)))
        return real(sql, batch)

    facts.many = listening  # type: ignore[assignment]
    try:
        begun = time.perf_counter()
        while inbox.apply_batch(desk, BATCH):
            written.append(("done", []))
        taken = time.perf_counter() - begun
    finally:
        facts.many = real
    db.close_database()
    asyncio.run(desk.close())
    return taken, written


def _plain(folder: Path, written: list[tuple[str, list[tuple[object, ...]]]]) -> float:
    """Seconds for writing the same rows by executemany, and for marking the same events done."""
    desk = _desk(folder / "plain.db")
    _fill(desk, sum(sql == "done" for sql, _ in written) * BATCH)
    done, first = "UPDATE inbox_event SET state = 'done', done_at = ?, error = '' WHERE id = ?", 1
    begun = time.perf_counter()
    batch: list[tuple[str, list[tuple[object, ...]]]] = []
    for sql, values in written:
        if sql != "done":
            batch.append((sql, values))
            continue
        with db.write():
            for statement, its_rows in batch:
                rows.many(statement, its_rows)
            rows.many(done, [(1, number) for number in range(first, first + BATCH)])
        batch, first = [], first + BATCH
    taken = time.perf_counter() - begun
    db.close_database()
    asyncio.run(desk.close())
    return taken


def _desk(path: Path) -> Desk:
    values = {"SECRET_KEYS": Fernet.generate_key().decode(), "DATABASE_URL": f"sqlite:///{path}", "ZALO_APP_ID": APP}
    settings = config.load(values, env_file=None)
    db.open_database(settings.database)
    db.migrate()
    OfficialAccount.create(oa_id=OA, name="Bench", created_at=datetime.now(UTC))
    return Desk.from_settings(settings)


def _fill(desk: Desk, events: int) -> None:
    stored = mixed(events, desk.now())
    for start in range(0, len(stored), 5000):
        inbox.store(stored[start : start + 5000])
    assert InboxEvent.select().count() == events


if __name__ == "__main__":
    main()
