"""The page behind a template's previewUrl: its text filled with the sample, and its buttons."""

import html

from aiohttp import web

from sandbox.zalo_side.templates import Template
from sandbox.zalo_side.world import World


async def preview(world: World, request: web.Request) -> web.Response:
    """Plain HTML; 404 for an unknown template."""
    templates = world.templates.get(request.match_info["oa_id"], {})
    template = templates.get(request.match_info["template_id"])
    if template is None:
        return web.Response(status=404, text="Không có mẫu tin này")
    oa = world.oas[request.match_info["oa_id"]]
    return web.Response(text=page(oa.name, template), content_type="text/html", charset="utf-8")


def page(oa_name: str, template: Template) -> str:
    """The template as a phone would show it."""
    words = html.escape(template.body or template.name)
    for param in template.params:
        words = words.replace(f"&lt;{param.name}&gt;", f"<b>{html.escape(param.sample)}</b>")
    buttons = "".join(f"<p>[{html.escape(str(each.get('title', '')))}]</p>" for each in template.buttons)
    title = html.escape(f"{template.name} · {oa_name}")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return (
        f"<!doctype html><html lang=vi><head>{head}</head><body><h1>{title}</h1><p>{words}</p>{buttons}</body></html>"
    )
