"""Media under the sandbox's own address, so that what stands in events and echoes can really be fetched."""

import base64
import hashlib
from collections import OrderedDict

from aiohttp import web

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
JPG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4z"
    "NDL/wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJx"
    "FDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZ"
    "mqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APn+v//Z"
)
# One silent frame after an ADTS head, and an MP4 that is nothing but its first box: enough to be recognised.
AAC = bytes.fromhex("fff15080021ffcde02004c61766335382e31333400423000e8" + "00" * 8)
MP4 = bytes.fromhex("000000186674797069736f6d0000020069736f6d69736f32") + b"\x00\x00\x00\x08mdat"
SAMPLES = {
    "png": ("image/png", PNG),
    "jpg": ("image/jpeg", JPG),
    "gif": ("image/gif", GIF),
    "pdf": ("application/pdf", PDF),
    "aac": ("audio/aac", AAC),
    "mp4": ("video/mp4", MP4),
}
ENDINGS = {**{ending: kind for ending, (kind, _) in SAMPLES.items()}, "jpeg": "image/jpeg", "csv": "text/csv"}
KEPT_BYTES = 64 * 1024 * 1024


class Shelf:
    """Bytes under an address made of their digest; the oldest go when there is too much of them."""

    def __init__(self) -> None:
        self.base = ""
        self._kept: OrderedDict[str, tuple[bytes, str]] = OrderedDict()
        self._size = 0

    @staticmethod
    def md5(data: bytes) -> str:
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def put(self, data: bytes, ending: str, *, bare: bool = False) -> str:
        """Keep the bytes and tell their address; `bare` leaves the ending out of it."""
        name = self.md5(data)
        if name not in self._kept:
            self._size += len(data)
        self._kept[name] = (data, ending)
        self._kept.move_to_end(name)
        while self._size > KEPT_BYTES and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1][0])
        return self.address(name if bare else f"{name}.{ending}")

    def sample(self, ending: str) -> str:
        """The address of a sample."""
        return self.address(f"mau.{ending}")

    def address(self, name: str) -> str:
        return f"{self.base}/_sandbox/media/{name}"

    async def serve(self, request: web.Request) -> web.Response:
        """What was kept under this name, else a tiny sample by the name's ending, else the png."""
        stem, _, ending = request.match_info["name"].partition(".")
        if stem in self._kept:
            data, ending = self._kept[stem]
            return web.Response(body=data, content_type=ENDINGS.get(ending, "application/octet-stream"))
        kind, data = SAMPLES.get(ending, SAMPLES["png"])
        return web.Response(body=data, content_type=kind)
