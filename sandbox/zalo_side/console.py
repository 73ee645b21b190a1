"""What the control API can show and change: the state in JSON and checked patches."""

from dataclasses import asdict
from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.oas import App, Asset, Oa
from sandbox.zalo_side.people import PATCHABLE, Person
from sandbox.zalo_side.shapes import SHAPE_FIELDS, set_shape
from sandbox.zalo_side.webhooks import WebhookSender
from sandbox.zalo_side.world import World

OA_FIELDS = frozenset(
    {"name", "description", "package", "package_valid_through", "rate", "quality", "quality_7_days"}
    | {"free_cs_left", "free_cs_total", "transaction_price", "media_price", "media_total", "upload_total", "tags"}
)
# What may also be null, with the type it has otherwise.
OPTIONAL: dict[tuple[type, str], type] = {
    (Oa, "rate"): int,
    (App, "redirect_uri"): str,
    (Person, "shared_info"): dict,
    (WebhookSender, "url"): str,
}
QUOTA_FIELDS = {
    "daily_quota": "daily",
    "monthly_promotion_quota": "monthly_promotion",
    "development_left": "development",
    "sent_today": "sent_today",
}


def patch(target: Any, changes: dict[str, Any], allowed: frozenset[str]) -> None:
    """Set attributes by name, keeping their types. Raises ValueError naming what does not fit."""
    for name, value in changes.items():
        if name not in allowed:
            raise ValueError(f"unknown: {name}; known: {', '.join(sorted(allowed))}")
        old = getattr(target, name)
        may_be_empty = OPTIONAL.get((type(target), name))
        kind = may_be_empty or type(old)
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind and not (value is None and may_be_empty):
            raise ValueError(f"{name} must be {kind.__name__}")
        setattr(target, name, value)


def patch_oa(oa: Oa, changes: dict[str, Any]) -> None:
    """Change switches, limits, package, quotas, balance or admins of an OA."""
    switches = frozenset(type(oa.switches).__slots__)
    for name, value in changes.items():
        if name in switches:
            patch(oa.switches, {name: value}, switches)
        elif name in QUOTA_FIELDS:
            patch(oa.quota, {QUOTA_FIELDS[name]: value}, frozenset(QUOTA_FIELDS.values()))
        elif name == "balance":
            patch(oa.wallet, {name: value}, frozenset({"balance"}))
        elif name == "admins":
            oa.admins = {str(phone) for phone in value}
        elif name == "assets":
            oa.assets = [_asset(place, each) for place, each in enumerate(value, 1)]
        elif name in SHAPE_FIELDS:
            set_shape(oa.shapes, name, value)
        else:
            known = OA_FIELDS | switches | set(QUOTA_FIELDS) | SHAPE_FIELDS | {"balance", "admins", "assets"}
            if name not in OA_FIELDS:
                raise ValueError(f"unknown: {name}; known: {', '.join(sorted(known))}")
            patch(oa, {name: value}, OA_FIELDS)


def _asset(place: int, order: dict[str, Any]) -> Asset:
    asset = Asset(f"{place:020d}")
    patch(asset, order, frozenset(Asset.__slots__) - {"asset_id"})
    return asset


def patch_person(oa: Oa, changes: dict[str, Any]) -> Person:
    """Find a person by user_id or phone, or add one, and change them."""
    people = oa.people
    user_id, phone = changes.pop("user_id", None), changes.pop("phone", None)
    person = people.find(str(user_id)) if user_id is not None else people.by_phone(str(phone))
    if person is None:
        person = people.newcomer(None if user_id is None else str(user_id))
    if phone is not None and person.phone != phone:
        people.set_phone(person, str(phone))
    if "display_name" in changes:
        changes["name"] = changes.pop("display_name")
    if "tags" in changes:
        person.tags = tuple(str(tag) for tag in changes.pop("tags"))
        people.note_tags(person.tags)
    patch(person, changes, PATCHABLE)
    return person


def shown_person(person: Person) -> JsonObject:
    return asdict(person)


def _shown_tokens(world: World, oa: Oa, app: App) -> JsonObject:
    pair = world.tokens.current(oa.oa_id, app.app_id)
    if pair is None:
        return {"access_token": "", "refresh_token": "", "access_expires_at": 0}
    expires = world.tokens.access_expires(oa.oa_id, app.app_id)
    return {"access_token": pair.access, "refresh_token": pair.refresh, "access_expires_at": expires}


def _shown_oa(world: World, oa: Oa) -> JsonObject:
    return {
        "oa_id": oa.oa_id,
        "name": oa.name,
        **_shown_tokens(world, oa, world.app),
        "granted": list(oa.granted),
        "by_app": {app.app_id: _shown_tokens(world, oa, app) for app in world.told(oa)},
        "package": oa.package,
        "rate": oa.requests_a_minute(),
        "users": len(oa.people),
        "followers": oa.people.followers(),
        "switches": asdict(oa.switches),
        "shapes": asdict(oa.shapes),
        "assets": [asdict(asset) for asset in oa.assets],
        "quota": asdict(oa.quota),
        "wallet": asdict(oa.wallet),
        "free_cs_left": oa.free_cs_left,
        "quality": oa.quality,
        "quality_7_days": oa.quality_7_days,
        "admins": sorted(oa.admins),
        "templates": [template.listed() for template in world.templates[oa.oa_id].values()],
    }


def shown_state(world: World) -> JsonObject:
    """Everything at a glance; tokens are plain because they open nothing but this sandbox."""
    return {
        "clock": {
            "now": world.clock.now().isoformat(timespec="milliseconds"),
            "now_ms": world.clock.now_ms(),
            "offset_ms": world.clock.offset_ms,
        },
        "app": asdict(world.app),
        "apps": [asdict(app) for app in world.apps.values()],
        "oas": [_shown_oa(world, oa) for oa in world.oas.values()],
        "webhook": world.webhook.state(),
        "receipts": asdict(world.receipts),
        "faults": [asdict(fault) for fault in world.faults.active],
        "counters": {
            "messages": len(world.ledger),
            "zns": len(world.zns_log),
            "uploads": len(world.uploads),
            "planned": len(world.timers),
            "refreshes": world.tokens.refreshes,
            "exchanges": world.tokens.exchanges,
        },
    }


def ready_line(world: World) -> JsonObject:
    """What `serve` prints when it is ready: addresses, secrets, tokens, and samples of the sendable templates."""
    oas = list(world.oas.values())
    pairs = [(oa, world.tokens.current(oa.oa_id, world.app.app_id)) for oa in oas]
    templates = world.templates[oas[0].oa_id].values() if oas else []
    return {
        "base": world.base,
        "app_id": world.app.app_id,
        "app_secret": world.app.secret,
        "webhook_secret": world.app.webhook_secret,
        "oas": [
            {"oa_id": oa.oa_id, "name": oa.name, "access_token": pair.access, "refresh_token": pair.refresh}
            for oa, pair in pairs
            if pair is not None
        ],
        "templates": [
            {"template_id": template.template_id, "sample": template.sample}
            for template in templates
            if template.status == "ENABLE"
        ],
    }
