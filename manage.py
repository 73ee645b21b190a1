"""The command line: what scripts, hosting platforms and operators call. `python manage.py --help` lists everything.

Output of `--json` is one JSON object a line on stdout, streamed; messages go to stderr. Exit 0: done. 1: refused, with
one clear line. 2: wrong usage.
"""

from __future__ import annotations

import click

from cli import accounts, backup, doctor, erase, events, halt, keys, messages, opt_outs, people, setup, staff, templates
from cli.ground import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """OA Desk: Zalo Official Accounts, run from Telegram."""


for command in (
    keys.new_key, keys.rotate_keys, setup.check, setup.migrate, doctor.doctor, backup.backup_command,
    backup.restore_command, accounts.oa, people.followers_command, events.inbox_command,
    events.replay, messages.deliveries_command, templates.templates_command,
    halt.stop_command, halt.start_command, erase.erase_command, opt_outs.optout, staff.staff_group,
):  # fmt: skip
    cli.add_command(command)


if __name__ == "__main__":
    cli()
