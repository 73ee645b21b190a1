"""Controls around templates: changing and adding them, reports, and what people do with messages that came."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.zalo_side.acts import answer_form, tap
from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.judging import change_template_quality, change_template_status, take_reports
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.templates import Status, Template, new_template
from sandbox.zalo_side.world import World

Control = Callable[[World, web.Request, dict[str, Any]], Awaitable[Any]]


async def change_template(world: World, request: web.Request, changes: dict[str, Any]) -> JsonObject:
    """Zalo or the OA's staff change a template; with `tell` the events that Zalo has for it go out."""
    oa = world.find_oa(changes.pop("oa_id", None))
    template = _template(world, oa, request.match_info["template_id"])
    if changes.pop("tell", False):
        reason = str(changes.pop("reason", template.reason))
        if "status" in changes:
            change_template_status(world, oa, template, Status(changes.pop("status")), reason)
        if "quality" in changes:
            change_template_quality(world, oa, template, str(changes.pop("quality")))
    template.patch(changes)
    return template.detail("", buttons=True)


def _template(world: World, oa: Oa, template_id: Any) -> Template:
    template = world.templates[oa.oa_id].get(str(template_id))
    if template is None:
        raise ValueError(f"no template {template_id} here")
    return template


async def add_template(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """A new template of an OA, or another one in the place of the old."""
    oa = world.find_oa(order.pop("oa_id", None))
    template = new_template(order)
    world.templates[oa.oa_id][template.template_id] = template
    return template.detail("", buttons=True)


async def reports(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    """People report messages: `template_id`, `count`, `reason`, `msg_id`."""
    oa = world.find_oa(order.get("oa_id"))
    return take_reports(world, oa, _template(world, oa, order.get("template_id", "300111")), order)


async def answer(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    return await answer_form(world, order)


async def tap_button(world: World, _: web.Request, order: dict[str, Any]) -> JsonObject:
    return await tap(world, order)


ROUTES: tuple[tuple[str, str, Control], ...] = (
    ("POST", "/templates", add_template),
    ("POST", "/templates/{template_id}", change_template),
    ("POST", "/reports", reports),
    ("POST", "/answer_form", answer),
    ("POST", "/tap", tap_button),
)
