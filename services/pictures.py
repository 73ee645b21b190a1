"""Pictures as Zalo takes them: small ones as they are, big ones made smaller, broken ones refused.

Zalo takes jpg and png up to 1 MB and gif up to 5 MB (oa-api 9.1).
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps

from services.errors import Invalid
from zalo.media import image_kind

# Whether Zalo's megabyte has 1,000,000 or 1,048,576 bytes is not written anywhere: below both.
MAX_BYTES = 1_000_000
MAX_GIF_BYTES = 5 * 1024 * 1024
MAX_SOURCE_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 40_000_000  # with transparency 370 MB of memory for two seconds
MAX_JPEG_PIXELS = 64_000_000  # phones make photos of 12 to 50 million; a JPEG is read at a fraction of its size
_LONGEST_SIDE = 2048  # a phone shows no more
_PHOTOS = {"JPEG", "MPO"}  # MPO: a JPEG with further pictures behind the first, as some phones write
_SUFFIXES = {"jpeg": "jpg", "png": "png", "gif": "gif"}
_QUALITIES = (85, 75, 65)
_PLAIN_MODES = {"RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"}
_SMALLER = 0.75
# Decoders that read pictures people have; others of Pillow's start programs (EPS) or are hardly ever tested.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_one_at_a_time = threading.Lock()  # two big ones at once are more memory than a small server has


@dataclass(frozen=True)
class Picture:
    """A picture ready for Zalo."""

    data: bytes
    suffix: str  # jpg, png, gif
    width: int
    height: int


def prepare(data: bytes) -> Picture:
    """Check a picture, and make it a JPG of at most 1 MB when Zalo would not take it as it is.

    A re-encoded one is turned as its EXIF says, carries no metadata and has white where it was transparent. Raises
    Invalid: see `uploads.keep_image`.
    """
    kind = image_kind(data)
    if kind == "gif" and len(data) > MAX_GIF_BYTES:
        raise Invalid("gif.too_big", limit=MAX_GIF_BYTES, size=len(data))
    if len(data) > MAX_SOURCE_BYTES:
        raise Invalid("image.too_big", limit=MAX_SOURCE_BYTES, size=len(data))
    with _one_at_a_time:
        image = _opened(data)
        _check_size(image)
        try:
            if kind is not None and (kind == "gif" or len(data) <= MAX_BYTES):
                return _as_it_is(data, image, kind)
            return _as_jpg(image)
        except Exception:
            raise Invalid("image.broken") from None


def _opened(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid("image.too_many_pixels", limit=MAX_PIXELS, width=0, height=0) from None
    except Exception:  # its readers raise anything at all over bytes that are no picture
        raise Invalid("image.not_a_picture") from None


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    limit = MAX_JPEG_PIXELS if image.format in _PHOTOS else MAX_PIXELS
    if width * height > limit:
        raise Invalid("image.too_many_pixels", limit=limit, width=width, height=height)


def _as_it_is(data: bytes, image: Image.Image, kind: str) -> Picture:
    width, height = image.size
    _read_smaller(image)
    image.load()  # raises when it is damaged or ends too early
    return Picture(data, _SUFFIXES[kind], width, height)


def _read_smaller(image: Image.Image) -> None:
    """Read a JPEG at a half, a quarter or an eighth of its size, which saves that much memory; nothing for others."""
    image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))


def _as_jpg(image: Image.Image) -> Picture:
    _read_smaller(image)
    ImageOps.exif_transpose(image, in_place=True)
    whole = _scalable(image)
    whole.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    plain = _opaque(whole)
    plain.info.clear()  # comments, too, would be written into the new file
    while True:
        for quality in _QUALITIES:
            data = _encoded(plain, quality)
            if len(data) <= MAX_BYTES:
                return Picture(data, "jpg", *plain.size)
        smaller = (max(1, int(plain.width * _SMALLER)), max(1, int(plain.height * _SMALLER)))
        plain = plain.resize(smaller)


def _scalable(image: Image.Image) -> Image.Image:
    """The picture in colours that can be averaged: palettes cannot, nor can 16 bits a pixel be written to a JPG."""
    if image.mode.startswith(("I", "F")):  # scans
        return image.convert("F").point(lambda value: value / 256).convert("L")
    if image.mode in _PLAIN_MODES and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _opaque(image: Image.Image) -> Image.Image:
    """RGB, with white where the picture was transparent."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    white.alpha_composite(layer)
    return white.convert("RGB")


def _encoded(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
