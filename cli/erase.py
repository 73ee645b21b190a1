"""Forgetting a person, from the command line."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import in_loop, json_option, print_rows, refuse
from models import OfficialAccount
from services import erasure, erasure_jobs, erasure_sweep, phones
from services.audit import CLI
from services.desk import Desk
from services.erasure_jobs import Job
from services.errors import NotFound


@click.command("erase")
@click.option("--oa", "oa_id", help="The OA's id; with --user-id.")
@click.option("--user-id", help="Zalo's id of the person at that OA.")
@click.option("--phone", help="Everybody of any OA with this phone, and what was sent to it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def erase_command(oa_id: str | None, user_id: str | None, phone: str | None, yes: bool, as_json: bool) -> None:
    """Forget a person: name, phone, address, messages. Counts, states and money stay. Nothing brings it back."""
    if bool(phone) == bool(oa_id and user_id) or bool(oa_id) != bool(user_id):
        raise click.UsageError("give --oa with --user-id, or --phone")
    if not yes:
        click.confirm("This cannot be undone. Go on?", abort=True, err=True)

    async def work(desk: Desk) -> tuple[Job, bool]:
        job = await db.in_thread(_begin, desk, oa_id, user_id, phone)
        done = await erasure_sweep.run(desk, job)
        return await db.in_thread(erasure_jobs.again, job) or job, bool(done)

    job, done = in_loop(work)
    print_rows([_row(job, done)], as_json)
    if not done:
        click.echo("something about this person is still under way; the clock finishes it", err=True)


def _begin(desk: Desk, oa_id: str | None, user_id: str | None, phone: str | None) -> Job:
    if phone:
        return erasure.erase_phone(desk, CLI, phones.normalise(phone))
    if not oa_id or not user_id:
        refuse("give --oa with --user-id, or --phone")
    # An OA that was removed here still has its past, and the people in it their right to have it erased.
    if not OfficialAccount.select().where(OfficialAccount.oa_id == oa_id).exists():
        raise NotFound("oa.unknown", oa_id=oa_id[:40])
    return erasure.erase(desk, CLI, oa_id, user_id)


def _row(job: Job, done: bool) -> dict[str, Any]:
    return {"people": len(job.people), "phones": len(job.phones), "done": done}
