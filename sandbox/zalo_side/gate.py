"""Who may call the OA host: token, proof, rate and the switches, in this order."""

import hmac
from dataclasses import dataclass

from aiohttp import web

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.oas import PACKAGE_RATES, App, Oa
from sandbox.zalo_side.world import World
from zalo.signature import appsecret_proof

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a token belongs to, if it ever was current, and whether it has expired."""

    token: str
    oa: Oa
    app: App
    expired: bool


def token_owner(world: World, request: web.Request, now: int) -> Owner | None:
    """Only the header `access_token` is read; Zalo ignores `Authorization`."""
    token = request.headers.get("access_token", "")
    access = world.tokens.find_access(token)
    if access is None:
        return None
    return Owner(token, world.oas[access.oa_id], world.apps[access.app_id], now >= access.expires)


def proof_holds(request: web.Request, owner: Owner) -> bool:
    """True when the app does not ask for `appsecret_proof` or the right one was sent."""
    if not owner.app.use_proof:
        return True
    sent = request.headers.get("appsecret_proof", "")
    right = appsecret_proof(owner.app.secret, owner.token)
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), right.encode())


def admit(world: World, request: web.Request, now: int) -> tuple[Oa, dict[str, str], Refusal | None]:
    """The OA behind a request to the OA host and the rate headers. Raises Refusal for a bad token or proof."""
    owner = token_owner(world, request, now)
    if owner is None:
        raise Refusal(-216, "Access token is invalid")
    if owner.expired:
        raise _expired(owner.oa)
    if not proof_holds(request, owner):
        raise Refusal(-242, "Invalid appsecret_proof provided in the API argument")
    headers, over = world.rates.count(now // MINUTE_MS, owner.app, owner.oa)
    return owner.oa, headers, over


def _expired(oa: Oa) -> Refusal:
    if oa.switches.expired_code_220:
        return Refusal(-220, "access_token is expired or removed")
    return Refusal(-216, "Access token has expired")


def check_switches(oa: Oa, *, paid_package: bool) -> None:
    """Raise the Refusal of the first switch that is off; `paid_package` False for calls every package may make."""
    switches = oa.switches
    if not switches.app_enabled:
        raise Refusal(-219, "App is removed or disabled")
    if not switches.app_active:
        raise Refusal(-209, "Not supported this api")
    if not switches.product_registered:
        raise Refusal(-212, "App has not registed this api")
    if not switches.enabled:
        raise Refusal(-204, "Offical Account is disable")
    if not switches.permission_granted:
        raise Refusal(-223, "Official Account has not authorized this API")
    if paid_package and oa.package not in PACKAGE_RATES:
        raise Refusal(-224, "The OA needs to upgrade OA Tier Package to use this feature.")
