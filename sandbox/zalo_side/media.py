"""Sample media under the sandbox's own address, so that pictures in events can really be fetched."""

import base64

from aiohttp import web

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
SAMPLES = {"png": ("image/png", PNG), "gif": ("image/gif", GIF), "pdf": ("application/pdf", PDF)}


async def media(request: web.Request) -> web.Response:
    """A tiny png, gif or pdf by the name's ending; anything else gets the png, as an uploaded jpg does."""
    ending = request.match_info["name"].rpartition(".")[2]
    kind, data = SAMPLES.get(ending, SAMPLES["png"])
    return web.Response(body=data, content_type=kind)
