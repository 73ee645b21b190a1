"""`python -m sandbox serve` and `python -m sandbox demo`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.options import Options
from sandbox.server import serve


def parser() -> argparse.ArgumentParser:
    """The command line, as documented in docs/sandbox.md."""
    root = argparse.ArgumentParser(prog="python -m sandbox", description="A local Zalo and Telegram Bot API.")
    commands = root.add_subparsers(dest="command", required=True)
    start = commands.add_parser("serve", help="run until interrupted; prints one JSON line when ready")
    start.add_argument("--host", default=Options.host, help="address to listen on (default %(default)s)")
    start.add_argument("--port", type=int, default=Options.port, help="0 takes a free one (default %(default)s)")
    start.add_argument("--followers", type=int, default=Options.followers, help="per OA (default %(default)s)")
    start.add_argument("--oas", type=int, default=Options.oas, help="Official Accounts (default %(default)s)")
    start.add_argument("--latency-ms", type=int, default=Options.latency_ms, help="before each Zalo answer")
    start.add_argument("--webhook-url", help="where events are posted; none: they are dropped")
    start.add_argument("--retry-scale", type=float, default=Options.retry_scale, help="factor on retry delays")
    start.add_argument("--empty-refresh", action="store_true", help="a used refresh token gets an empty 200")
    start.add_argument("--receipts", action=argparse.BooleanOptionalAction, default=Options.receipts)
    start.add_argument("--seed", type=int, default=Options.seed, help="of names, phones and ids")
    play = commands.add_parser("demo", help="the whole product against the sandbox, with a story played through it")
    play.add_argument("--port", type=int, default=Options.port, help="of the sandbox; 0 takes a free one")
    play.add_argument("--web-port", type=int, default=8000, help="of the web process; 0 takes a free one")
    play.add_argument("--once", action="store_true", help="end after the story; exit 0 only if every step was seen")
    play.add_argument("--data", type=Path, help="keep everything in this folder (default: thrown away at the end)")
    play.add_argument("--language", choices=["vi", "en"], default="vi", help="of the staff member in the story")
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    given = vars(parser().parse_args(arguments))
    command = given.pop("command")
    if command == "demo":
        # Only the demo needs the whole product; `serve` starts without it.
        from sandbox.demo.run import demo

        return demo(**given)
    return asyncio.run(serve(Options(**given)))


if __name__ == "__main__":
    sys.exit(main())
