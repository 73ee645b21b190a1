"""Small whole files of each kind, for tests that send them."""

from __future__ import annotations

import io
import random
import zipfile
from typing import Any

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
DOC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "WordDocument".encode("utf-16-le") + b"\0" * 40
CSV = "tên,số điện thoại\nLan,0901234567\n".encode()


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of one colour, as a file."""
    out = io.BytesIO()
    Image.new(mode, size, options.pop("color", 0)).save(out, kind, **options)
    return out.getvalue()


def noise(kind: str = "PNG", size: tuple[int, int] = (900, 700), **options: Any) -> bytes:
    """A picture that no encoder makes small."""
    out = io.BytesIO()
    Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3)).save(out, kind, **options)
    return out.getvalue()


def moving(size: tuple[int, int] = (8, 6), frames: int = 3) -> bytes:
    """A GIF that moves."""
    made = [Image.new("P", size, number) for number in range(frames)]
    out = io.BytesIO()
    made[0].save(out, "GIF", save_all=True, append_images=made[1:])
    return out.getvalue()


def docx(**parts: str) -> bytes:
    """A Word document, or another zip when its parts are named."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in (parts or {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}).items():
            packed.writestr(name, text)
    return out.getvalue()
