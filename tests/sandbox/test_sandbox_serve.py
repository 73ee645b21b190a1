"""`python -m sandbox serve` as people and scripts use it."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.__main__ import parser
from sandbox.zalo_side.control import ROUTES
from zalo import oa, oauth, zns
from zalo.client import AppKeys, Hosts, Zalo

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")


def start(*options):
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "serve", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.processes
def test_serve_prints_one_ready_line_and_stops_on_term():
    """Scripts read the line, then use the addresses and tokens in it."""
    with start("--port", "0", "--followers", "3", "--latency-ms", "1") as process:
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert set(ready) == {"base", "app_id", "app_secret", "webhook_secret", "oas", "templates"}
    assert set(ready["oas"][0]) == {"oa_id", "name", "access_token", "refresh_token"}
    assert set(ready["templates"][0]) == {"template_id", "sample"}


@pytest.mark.processes
def test_a_taken_port_is_one_clear_line():
    """Exit 1, no traceback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with start("--port", port) as process:
            out, complaints = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert port in complaints
    assert complaints.count("\n") == 1


def test_every_option_and_control_is_documented():
    """docs/sandbox.md names them all."""
    commands = parser()._subparsers._group_actions[0].choices
    options = [option for action in commands["serve"]._actions for option in action.option_strings]
    for option in options:
        assert option in ("-h", "--help", "--no-receipts") or f"`{option}" in PAGE, option
    for method, path, _ in ROUTES:
        assert re.search(rf"`{method} /_sandbox{re.escape(path)}", PAGE), f"{method} {path}"


def test_our_own_client_speaks_with_it(running):
    """The zalo library, every call it has that the sandbox knows."""
    ready, first = running.ready, running.oa
    hosts = Hosts(running.base + "/oauth", running.base + "/openapi", running.base + "/business")

    async def talk():
        async with Zalo(hosts) as zalo:
            keys = AppKeys(ready["app_id"], ready["app_secret"])
            pair = await oauth.refresh(zalo, keys, first["refresh_token"])
            profile = await oa.get_profile(zalo, pair.access)
            page = await oa.list_users(zalo, pair.access, offset=0)
            person = await oa.get_user(zalo, pair.access, page.user_ids[0])
            known = ready["templates"][0]
            sent = await zns.send(
                zalo,
                pair.access,
                phone="84912340007",
                template_id=known["template_id"],
                params=known["sample"],
                tracking_id="t1",
                development=False,
            )
            template = await zns.template_info(zalo, pair.access, known["template_id"])
            return profile, page, person, sent, template

    profile, page, person, sent, template = asyncio.run(talk())
    assert profile.oa_id == first["oa_id"]
    assert profile.package_name == "Toàn diện"
    assert page.total == 5
    assert person.display_name
    assert running.messages()[0]["msg_id"] == sent.msg_id
    assert template.price_phone == 300
