"""How everything is, line by line, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click

import config
from cli.ground import json_option, open_desk, print_rows, refuse
from services import doctor as examination
from services.desk import Desk
from services.health.findings import Check, Finding, Level, Teller

LONG_QUEUE = 50
_COLOUR = {Level.OK: "green", Level.WARNING: "yellow", Level.BROKEN: "red"}


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Look at everything there is to look at: settings, database, keys, processes, Telegram, Zalo, tokens.

    Exit 1 when something is broken; a warning is none.
    """
    findings: list[Finding] = []
    for finding in _findings():
        print_rows([asdict(finding)], True) if as_json else _show(finding, findings[-1].do if findings else "")
        findings.append(finding)
    broken = list(dict.fromkeys(each.check for each in findings if each.level is Level.BROKEN))
    if broken:
        refuse(f"broken: {', '.join(broken)}")
    warnings = sum(each.level is Level.WARNING for each in findings)
    click.echo(f"nothing is broken, {warnings} warning(s)" if warnings else "all is well", err=True)


def _findings() -> Iterator[Finding]:
    try:
        desk = open_desk()
    except config.ConfigError as problem:
        for line in str(problem).splitlines():
            yield Teller("settings").broken(line, "see .env.example; nothing else can be looked at before")
        return
    outside = (Check("telegram", _telegram, rows=False), Check("queue", _queue, rows=False))
    yield from examination.examine(desk, (*examination.CHECKS, *outside))


def _telegram(desk: Desk) -> Iterator[Finding]:
    from bot import probe  # here, not above: it loads Telegram's library, which no other command needs

    yield from probe.telegram(desk)


def _queue(desk: Desk) -> Iterator[Finding]:
    import jobs  # here, not above: importing it reads the environment

    tell, kind = Teller("queue"), "SQLite" if desk.settings.queue.startswith("sqlite:") else "Redis"
    try:
        waiting = jobs.huey.pending_count()
    except Exception as problem:
        yield tell.broken(
            f"the queue ({kind}) does not answer ({type(problem).__name__}): work is found seconds later, by the sweep",
            "look at QUEUE_URL and its server",
        )
        return
    if waiting > LONG_QUEUE:
        yield tell.warning(
            f"{waiting} tasks wait in the queue ({kind})", "start the worker, or look at what its log says"
        )
    else:
        yield tell.ok(f"the queue ({kind}) answers, {waiting} task(s) wait")


def _show(finding: Finding, said_before: str) -> None:
    level = click.style(f"{finding.level.value:8}", fg=_COLOUR[finding.level])
    click.echo(f"{level} {finding.check:12} {finding.text}")
    if finding.level is not Level.OK and finding.do != said_before:  # one cause, several lines
        click.echo(f"{'':21} -> {finding.do}")
