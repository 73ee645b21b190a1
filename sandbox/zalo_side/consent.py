"""The permission page: an OA's owner picks the OA and grants the app its permissions."""

from html import escape

from sandbox.zalo_side.oas import App, Oa

PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Zalo (sandbox): cấp quyền</title>
<style>body{{font:16px sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}}
button{{background:#0068ff;color:#fff;border:0;border-radius:6px;padding:.7rem 1.4rem;font-size:1rem}}
label{{display:block;margin:.5rem 0}}.note{{color:#666}}</style></head>
<body><p class="note">Zalo chạy trên máy này (sandbox) / a local Zalo</p>{content}</body></html>"""

CHOICE = """<label><input type="radio" name="oa_id" value="{oa_id}"{checked}> {name} <small>{oa_id}</small></label>"""

FORM = """<h1>Cấp quyền cho ứng dụng</h1>
<p>Ứng dụng <b>{app_id}</b> xin quyền gửi tin, quản lý người quan tâm và nhận sự kiện của Official Account:</p>
<form method="post">{choices}<button type="submit">Cho phép / Allow</button></form>"""


def permission_page(app: App, oas: list[Oa]) -> str:
    """The form; it posts to the address it was shown at, so state and challenge travel in the query."""
    choices = "".join(
        CHOICE.format(oa_id=escape(oa.oa_id), name=escape(oa.name), checked="" if place else " checked")
        for place, oa in enumerate(oas)
    )
    return PAGE.format(content=FORM.format(app_id=escape(app.app_id), choices=choices))


def error_page(code: int, name: str) -> str:
    """What a person sees for a wrong link."""
    return PAGE.format(content=f"<h1>{escape(name)}</h1><p>error_code={code}</p>")
