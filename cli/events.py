"""Zalo's events as they were stored."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import json_option, open_desk, print_rows, refuse
from models import InboxEvent, InboxState
from services import audit, inbox
from services.audit import CLI


@click.command("inbox")
@click.option("--state", type=click.Choice([state.value for state in InboxState]), help="Only events in this state.")
@json_option
def inbox_command(state: str | None, as_json: bool) -> None:
    """Zalo's events as they were stored."""
    open_desk()
    print_rows((_event_row(event) for event in inbox.iterate(state)), as_json)


def _event_row(event: InboxEvent) -> dict[str, Any]:
    return {
        "id": event.id, "name": event.name, "oa_id": event.oa_id, "state": event.state, "attempts": event.attempts,
        "received_at": event.received_at, "error": event.error,
    }  # fmt: skip


@click.command()
@click.argument("event_id", type=int, required=False)
@click.option("--dead", is_flag=True, help="All events that were given up.")
def replay(event_id: int | None, dead: bool) -> None:
    """Have the worker apply an event (or all dead ones) again."""
    if (event_id is None) == (not dead):
        raise click.UsageError("name one event, or give --dead")
    desk = open_desk()
    with db.write():
        count = inbox.replay_dead(desk.now()) if event_id is None else inbox.replay(desk.now(), [event_id])
        if count:
            target = "" if event_id is None else str(event_id)
            audit.record(desk.now(), CLI, "inbox.replayed", target=target, detail={"count": count})
    if not count:
        refuse("there is no such event" if event_id is not None else "no event is dead")
    click.echo(f"{count} event(s) will be applied again", err=True)
