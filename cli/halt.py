"""Stopping everything at once, and letting it go again."""

from __future__ import annotations

import click

from cli.ground import open_desk
from services import stop_all
from services.audit import CLI


@click.command("stop-all")
def stop_command() -> None:
    """Stop every OA at once, also those added later; nothing leaves until start-all."""
    stopped = stop_all.stop_all(open_desk(), CLI)
    click.echo(f"{stopped} OA(s) stopped" if stopped else "everything stood still already", err=True)


@click.command("start-all")
def start_command() -> None:
    """Let the OAs go again that stop-all stopped; messages that wait leave within seconds."""
    resumed = stop_all.start_all(open_desk(), CLI)
    click.echo(f"{resumed} OA(s) send again", err=True)
