"""The settings, the folder on disk and the mail server: what can be said without the database."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config import LOOPBACK
from services.desk import Desk
from services.health.findings import Finding, Teller

MIB = 1024 * 1024
LITTLE_SPACE, NO_SPACE = 1024 * MIB, 100 * MIB
MAIL_LIMIT = 3.0
_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH


def settings(desk: Desk) -> Iterator[Finding]:
    """Whether the bot has its token; the Zalo app has a line of its own."""
    tell = Teller("settings")
    if desk.settings.telegram_bot_token.get_secret_value():
        yield tell.ok("all settings have values that can be used")
    else:
        yield tell.broken("TELEGRAM_BOT_TOKEN is not set", "make a bot at @BotFather and put its token into .env")


def public_url(desk: Desk) -> Iterator[Finding]:
    """Whether Zalo and staff's phones can reach the address at all."""
    tell, url = Teller("public_url"), desk.settings.public_url
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not url:
        yield tell.warning(
            "PUBLIC_URL is not set: OAs can be connected by pasted tokens only",
            "set it to the https address of the web process, such as https://desk.example.vn",
        )
    elif parts.query or parts.fragment or parts.username:
        yield tell.broken("PUBLIC_URL is more than an address", "leave away what follows ? or #, and any name before @")
    elif not _from_outside(host):
        yield tell.warning(
            f"PUBLIC_URL ({host}) can be reached from this machine or network only: neither Zalo's events nor its "
            "permission page come back to it",
            "give it a name in the public DNS, with https",
        )
    else:
        yield tell.ok(f"Zalo sends events to {url}/webhook/zalo")


def _from_outside(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return host not in LOOPBACK and "." in host and not host.endswith((".local", ".internal", ".lan"))


def secret_keys(desk: Desk) -> Iterator[Finding]:
    """How many keys there are; what is sealed with which has a line of its own."""
    tell, keys = Teller("secret_keys"), [key.get_secret_value() for key in desk.settings.secret_keys]
    if len(set(keys)) < len(keys):
        yield tell.warning("SECRET_KEYS names a key twice", "leave one of the two away")
    elif len(keys) == 1:
        yield tell.ok("one key seals and opens")
    else:
        yield tell.ok(f"{len(keys)} keys: the first seals, all of them open")


def data_dir(desk: Desk) -> Iterator[Finding]:
    """Whether something can be written there, and how much."""
    tell, folder = Teller("data_dir"), desk.settings.data_dir
    if not folder.is_dir():
        above = next(path for path in folder.absolute().parents if path.is_dir())
        if os.access(above, os.W_OK):
            yield tell.warning(f"{folder} does not exist yet", "it is made by: manage.py migrate")
        else:
            yield tell.broken(f"{folder} does not exist and cannot be made", f"let this user write in {above}")
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as problem:
        yield tell.broken(
            f"nothing can be written in {folder} ({problem.strerror})",
            "make room, or let this user write there: renewed tokens are kept there first",
        )
        return
    yield _space(tell, folder, shutil.disk_usage(folder).free)


def _space(tell: Teller, folder: Path, free: int) -> Finding:
    text = f"{folder} is writable, {free // MIB:,} MiB free"
    if free < NO_SPACE:
        return tell.broken(text, "make room now: events and tokens cannot be kept much longer")
    if free < LITTLE_SPACE:
        return tell.warning(text, "make room soon")
    return tell.ok(text)


def permissions(desk: Desk) -> Iterator[Finding]:
    """Whether other users of the machine can read customers' data or the settings."""
    tell = Teller("permissions")
    opened = [str(path) for path in _private_files(desk.settings.data_dir) if _readable_by_others(path)]
    if opened:
        more = f" and {len(opened) - 3} more" if len(opened) > 3 else ""
        yield tell.warning(
            f"others on this machine can read {', '.join(opened[:3])}{more}",
            f"chmod 700 {desk.settings.data_dir}; chmod 600 on files outside it",
        )
    else:
        yield tell.ok("no other user of this machine can read the data or .env")


def _private_files(folder: Path) -> Iterator[Path]:
    yield Path(".env")
    # Behind a folder that nobody else may enter, the files' own rights do not matter.
    if folder.is_dir() and folder.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
        for inside in (folder, folder / "journal", folder / "uploads"):
            yield from (path for path in sorted(inside.glob("*")) if path.is_file())


def _readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _READABLE_BY_OTHERS)
    except OSError:
        return False


def email(desk: Desk) -> Iterator[Finding]:
    """Whether urgent notices could leave by e-mail while Telegram is away."""
    tell, known = Teller("email"), desk.settings
    if not known.smtp_host:
        yield tell.ok(
            "off: urgent notices go by Telegram only", "set SMTP_HOST and ALERT_EMAIL to get them by e-mail too"
        )
        return
    try:
        with socket.create_connection((known.smtp_host, known.smtp_port), timeout=MAIL_LIMIT):
            pass
    except OSError as problem:
        yield tell.warning(
            f"{known.smtp_host}:{known.smtp_port} cannot be reached ({type(problem).__name__})",
            "look at SMTP_HOST and SMTP_PORT; some hosting companies block port 25",
        )
        return
    if known.smtp_security == "none" and known.smtp_password.get_secret_value():
        yield tell.warning("the mail server's password travels in clear", "set SMTP_SECURITY to starttls or tls")
    else:
        yield tell.ok(f"{known.smtp_host} answers; urgent notices go to {len(known.alert_email)} address(es)")
