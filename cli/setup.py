"""Before the first start: settings, the schema."""

from __future__ import annotations

import click

import config
import db
from cli.ground import json_option, open_desk, print_rows, refuse


@click.command()
def check() -> None:
    """Say what the settings still lack to run all four processes, and what may come later."""
    settings = config.load()
    if not settings.telegram_bot_token.get_secret_value():
        refuse("not set: TELEGRAM_BOT_TOKEN; see .env.example")
    later = {
        "ZALO_APP_ID": settings.zalo_app_id,
        "ZALO_APP_SECRET": settings.zalo_app_secret.get_secret_value(),
        "ZALO_WEBHOOK_SECRET": settings.zalo_webhook_secret,
        "PUBLIC_URL": settings.public_url,
    }
    missing = [name for name, value in later.items() if not value]
    if missing:
        click.echo(f"not set yet: {', '.join(missing)}; a Zalo app can also be entered in Telegram", err=True)


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to the schema of this version. Safe when several processes start it at once."""
    open_desk()
    applied = db.migrate()
    db.close_database()
    if as_json:
        print_rows(({"applied": name} for name in applied), as_json)
    click.echo(f"{len(applied)} migration(s) applied" if applied else "nothing to do", err=True)
