"""Who may call the OA host: token, proof, rate and the switches, in this order."""

import hmac

from aiohttp import web

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.oas import PACKAGE_RATES, Oa
from sandbox.zalo_side.world import World
from zalo.signature import appsecret_proof

MINUTE_MS = 60_000


def token_owner(world: World, request: web.Request, now: int) -> tuple[str, Oa | None, bool]:
    """The token as sent, its OA if the token ever was current, and whether it has expired.

    Only the header `access_token` is read; Zalo ignores `Authorization`.
    """
    token = request.headers.get("access_token", "")
    access = world.tokens.find_access(token)
    if access is None:
        return token, None, False
    return token, world.oas[access.oa_id], now >= access.expires


def proof_holds(world: World, request: web.Request, token: str) -> bool:
    """True when the app does not ask for `appsecret_proof` or the right one was sent."""
    if not world.app.use_proof:
        return True
    sent = request.headers.get("appsecret_proof", "")
    right = appsecret_proof(world.app.secret, token)
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), right.encode())


def admit(world: World, request: web.Request, now: int) -> tuple[Oa, dict[str, str], Refusal | None]:
    """The OA behind a request to the OA host and the rate headers. Raises Refusal for a bad token or proof."""
    token, oa, expired = token_owner(world, request, now)
    if oa is None:
        raise Refusal(-216, "Access token is invalid")
    if expired:
        raise _expired(oa)
    if not proof_holds(world, request, token):
        raise Refusal(-242, "Invalid appsecret_proof provided in the API argument")
    headers, over = world.rates.count(now // MINUTE_MS, world.app, oa)
    return oa, headers, over


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
