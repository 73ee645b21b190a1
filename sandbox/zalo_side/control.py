"""The control API below /_sandbox: look into the sandbox, move its clock, break it, make things happen."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.zalo_side.answers import JsonObject, dumps, read_object
from sandbox.zalo_side.clock import VIETNAM
from sandbox.zalo_side.console import patch, patch_oa, patch_person, shown_person, shown_state
from sandbox.zalo_side.control_templates import ROUTES as TEMPLATE_ROUTES
from sandbox.zalo_side.control_templates import Control
from sandbox.zalo_side.emission import Emission
from sandbox.zalo_side.oas import App
from sandbox.zalo_side.people import digits
from sandbox.zalo_side.preview import preview
from sandbox.zalo_side.webhooks import RetryOn
from sandbox.zalo_side.world import World

# 2100-01-01, far from every limit of Python's calendar.
LAST_MS = 4_102_444_800_000
APP_FIELDS = frozenset({"redirect_uri", "use_proof", "rate", "webhook_secret", "secret", "name"})


async def messages(world: World, request: web.Request, _: dict[str, Any]) -> list[JsonObject]:
    """Everything accepted, in order; `?after=N` leaves out the first N."""
    return world.ledger.after(int(request.query.get("after", "0")))


async def forget_messages(world: World, _: web.Request, __: dict[str, Any]) -> JsonObject:
    world.ledger.clear()
    return {"messages": 0}


async def state(world: World, _: web.Request, __: dict[str, Any]) -> JsonObject:
    return shown_state(world)


async def events(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    return await Emission(world, order).run()


async def add_fault(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    return asdict(world.faults.add(order))


async def list_faults(world: World, _: web.Request, __: dict[str, Any]) -> list[JsonObject]:
    return [asdict(fault) for fault in world.faults.active]


async def clear_faults(world: World, _: web.Request, __: dict[str, Any]) -> list[JsonObject]:
    world.faults.clear()
    return []


async def clock(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """`set` to an ISO time (Vietnam when it has no offset) or epoch ms, `advance_s` or `advance_ms`, or `reset`."""
    if order.get("reset"):
        world.clock.shift(-world.clock.offset_ms)
    elif "set" in order:
        world.clock.set(_possible(_moment(order["set"])))
    elif "advance_s" in order or "advance_ms" in order:
        by_ms = round(float(order.get("advance_s", 0)) * 1000 + float(order.get("advance_ms", 0)))
        _possible(world.clock.now_ms() + by_ms)
        world.clock.shift(by_ms)
    else:
        raise ValueError("set, advance_s, advance_ms or reset is needed")
    return {"now": world.clock.now().isoformat(timespec="milliseconds"), "now_ms": world.clock.now_ms()}


def _possible(at_ms: int) -> int:
    if not 0 <= at_ms < LAST_MS:
        raise ValueError("the clock goes from 1970 to 2100")
    return at_ms


def _moment(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    at = datetime.fromisoformat(str(value))
    return round((at if at.tzinfo else at.replace(tzinfo=VIETNAM)).timestamp() * 1000)


def _app(world: World, app_id: Any) -> App:
    if app_id is None:
        return world.app
    if str(app_id) not in world.apps:
        raise ValueError(f"no app {app_id} here")
    return world.apps[str(app_id)]


async def change_oa(world: World, request: web.Request, changes: dict[str, Any]) -> JsonObject:
    """One OA, or all of them as `all`."""
    wanted = request.match_info["oa_id"]
    chosen = list(world.oas.values()) if wanted == "all" else [world.find_oa(wanted)]
    for oa in chosen:
        patch_oa(oa, changes)
    oa = chosen[0]
    return next(shown for shown in shown_state(world)["oas"] if shown["oa_id"] == oa.oa_id)


async def change_users(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """One person, or several as `users`; missing ones are added."""
    oa = world.find_oa(order.pop("oa_id", None))
    orders = order.pop("users", None)
    wanted = [order] if orders is None else list(orders)
    if not all(isinstance(one, dict) for one in wanted):
        raise ValueError("users must be a list of objects")
    people = [patch_person(oa, one) for one in wanted]
    return {"users": [shown_person(person) for person in people]}


async def list_users(world: World, request: web.Request, _: dict[str, Any]) -> JsonObject:
    """A slice of the OA's people with everything the sandbox knows of them."""
    oa = world.find_oa(request.query.get("oa_id"))
    offset, count = int(request.query.get("offset", "0")), int(request.query.get("count", "50"))
    page = oa.people.everyone[offset : offset + count]
    return {"total": len(oa.people), "users": [shown_person(person) for person in page]}


async def expire_tokens(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """End the access token now; with `kill_refresh` the refresh token too."""
    oa, app = world.find_oa(order.get("oa_id")), _app(world, order.get("app_id"))
    if world.tokens.current(oa.oa_id, app.app_id) is None:
        raise ValueError(f"OA {oa.oa_id} has no tokens for app {app.app_id}")
    world.tokens.expire(oa.oa_id, app.app_id, world.clock.now_ms(), kill_refresh=bool(order.get("kill_refresh")))
    return {"oa_id": oa.oa_id, "expired": True}


async def issue_tokens(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """A new pair by hand, as the API Explorer of Zalo's console gives one; the old access token dies."""
    oa, app = world.find_oa(order.get("oa_id")), _app(world, order.get("app_id"))
    world.let(oa.oa_id, app.app_id)
    pair = world.tokens.issue(oa.oa_id, app.app_id, world.clock.now_ms())
    return {"oa_id": oa.oa_id, "access_token": pair.access, "refresh_token": pair.refresh}


async def list_secrets(world: World, _: web.Request, __: dict[str, Any]) -> list[str]:
    """Every token and code ever given out, and the secrets of every app: what must stand in nobody's log."""
    return [*world.tokens.given, *(text for app in world.apps.values() for text in (app.secret, app.webhook_secret))]


async def change_webhook(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """`url`, `enabled`, `retry_on` any or connect, `retry_scale`, `limit_s`."""
    hook = world.webhook
    if "retry_on" in order:
        hook.retry_on = RetryOn(order.pop("retry_on"))
    if "enabled" in order:
        hook.enable() if order.pop("enabled") else hook.disable("switched off by control")
    patch(hook, order, frozenset({"url", "retry_scale", "limit_s"}))
    return hook.state()


async def change_receipts(world: World, _: web.Request, changes: dict[str, Any]) -> JsonObject:
    numbers = {name: float(value) if type(value) is int else value for name, value in changes.items()}
    patch(world.receipts, numbers, frozenset(type(world.receipts).__slots__))
    return asdict(world.receipts)


async def change_app(world: World, _: web.Request, changes: dict[str, Any]) -> JsonObject:
    """`app_id` says which; the first one without it."""
    app = _app(world, changes.pop("app_id", None))
    patch(app, changes, APP_FIELDS)
    return asdict(app)


async def add_app(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """Another app of the console: `app_id`, `secret` and `webhook_secret` are made up when they are left out."""
    place = len(world.apps) + 1
    app_id = str(order.pop("app_id", digits(f"app:{place}", first="4")))
    if app_id in world.apps or not (app_id.isascii() and app_id.isdigit()):
        raise ValueError(f"app {app_id} is there already, or is no number")
    app = App(app_id, f"SandboxAppSecret{place:04}", f"SandboxOaSecretKey{place:02}", name=f"Ứng dụng {place}")
    patch(app, order, APP_FIELDS)
    world.apps[app_id] = app
    return asdict(app)


ROUTES: tuple[tuple[str, str, Control], ...] = (
    ("GET", "/messages", messages),
    ("DELETE", "/messages", forget_messages),
    ("GET", "/state", state),
    ("POST", "/events", events),
    ("GET", "/faults", list_faults),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", clear_faults),
    ("POST", "/clock", clock),
    ("POST", "/oas/{oa_id}", change_oa),
    ("GET", "/users", list_users),
    ("POST", "/users", change_users),
    *TEMPLATE_ROUTES,
    ("POST", "/tokens/expire", expire_tokens),
    ("POST", "/tokens/issue", issue_tokens),
    ("GET", "/secrets", list_secrets),
    ("POST", "/webhook", change_webhook),
    ("POST", "/receipts", change_receipts),
    ("POST", "/app", change_app),
    ("POST", "/apps", add_app),
)


def add_control(app: web.Application, world: World) -> None:
    """Mount the control paths; a wrong order is answered 400 with its reason."""
    for method, path, control in ROUTES:
        app.router.add_route(method, "/_sandbox" + path, _handler(world, control))
    app.router.add_get("/_sandbox/preview/{oa_id}/{template_id}", partial(preview, world))
    app.router.add_get("/_sandbox/media/{name}", world.media.serve)


def _handler(world: World, control: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        order = read_object(raw) if raw.strip() else {}
        try:
            if order is None:
                raise ValueError("the body must be a JSON object")
            answer, status = await control(world, request, order), 200
        except (ValueError, KeyError, TypeError, OverflowError) as problem:
            answer, status = {"error": str(problem)}, 400
        return web.Response(status=status, body=dumps(answer, readable=True), content_type="application/json")

    return handle
