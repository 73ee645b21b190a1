"""The permission page: an OA's owner picks the OA and grants the app its permissions, or does not."""

from html import escape

from sandbox.zalo_side.oas import App, Oa

PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Zalo (sandbox): cấp quyền</title>
<style>
:root{{color-scheme:light dark;--ink:#16202c;--card:#fff;--ground:#e9f1fb;--line:#cfd8e3;--blue:#0068ff;--on:#fff}}
@media (prefers-color-scheme:dark){{:root{{--ink:#e8edf3;--card:#18212b;--ground:#0e141b;--line:#2f3c4b;
--blue:#6cb0ff;--on:#06203f}}}}
*{{box-sizing:border-box}}
body{{margin:0;padding:1rem;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,sans-serif}}
main{{max-width:28rem;margin:0 auto;padding:1.25rem;background:var(--card);border:1px solid var(--line);
border-radius:14px;overflow-wrap:anywhere}}
h1{{font-size:1.4rem;line-height:1.3}}
label{{display:flex;gap:.75rem;align-items:center;margin:.5rem 0;padding:.75rem;border:1px solid var(--line);
border-radius:10px}}
input{{width:1.25rem;height:1.25rem;flex:none}}
small,.note{{opacity:.75;font-size:.9rem}}
label small{{display:block}}
button{{display:block;width:100%;margin-top:.75rem;padding:.85rem;border-radius:10px;font:inherit;font-weight:600;
border:1px solid var(--blue);background:var(--blue);color:var(--on)}}
button.no{{background:none;color:inherit;border-color:var(--line)}}
</style></head>
<body><main><p class="note">Zalo chạy trên máy này (sandbox) / a local Zalo</p>{content}</main></body></html>"""

CHOICE = """<label><input type="radio" name="oa_id" value="{oa_id}"{checked}>
<span>{name} <small>{oa_id}</small></span></label>"""

FORM = """<h1>Cấp quyền cho ứng dụng</h1>
<p><b>{name}</b> <small>({app_id})</small> xin quyền gửi tin, quản lý người quan tâm và nhận sự kiện của Official
Account:</p>
<form method="post">{choices}
<button type="submit">Cho phép / Allow</button>
<button type="submit" class="no" name="deny" value="1">Từ chối / Deny</button></form>"""


def permission_page(app: App, oas: list[Oa]) -> str:
    """The form; it posts to the address it was shown at, so state and challenge travel in the query."""
    choices = "".join(
        CHOICE.format(oa_id=escape(oa.oa_id), name=escape(oa.name), checked="" if place else " checked")
        for place, oa in enumerate(oas)
    )
    name = escape(app.name or app.app_id)
    return PAGE.format(content=FORM.format(name=name, app_id=escape(app.app_id), choices=choices))


def error_page(code: int, name: str) -> str:
    """What a person sees for a wrong link."""
    return PAGE.format(content=f"<h1>{escape(name)}</h1><p>error_code={code}</p>")
