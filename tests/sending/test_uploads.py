"""services/uploads.py: what staff send is kept as Zalo takes it, or refused with the rule it breaks."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

import config
from services import filekinds, pictures, uploads
from services.desk import Desk
from services.errors import Invalid, NotFound
from tests.sample_files import CSV, DOC, PDF, docx, moving, noise, picture

MEGABYTE = 1_000_000


@pytest.fixture
def desk(environment, clock):
    return replace(Desk.from_settings(config.load(environment, env_file=None)), now=clock.now)


def refused(work, *args):
    with pytest.raises(Invalid) as told:
        work(*args)
    return told.value.key


def opened(desk, kept):
    return Image.open(io.BytesIO(uploads.read(desk, kept.name)))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says it is that large and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int) -> bytes:
    """A JPEG that says it is that large."""
    data = picture("JPEG", (64, 64))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png")])
def test_a_small_picture_stays_as_it_is(desk, kind, suffix):
    """Byte for byte, under a name that any machine would give it."""
    data = picture(kind, (80, 60))
    kept = uploads.keep_image(desk, data)
    assert (kept.kind, kept.width, kept.height) == ("image", 80, 60)
    assert kept.name.endswith(f".{suffix}")
    assert uploads.read(desk, kept.name) == data
    assert uploads.keep_image(desk, data) == kept
    assert uploads.content_type(kept.name) == f"image/{kind.lower()}"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "AVIF"])
def test_what_zalo_would_not_take_becomes_a_jpg_under_a_megabyte(desk, kind):
    """Too large, or of a kind Zalo does not know."""
    options = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = noise(kind, (1000, 700), **options)
    kept = uploads.keep_image(desk, data)
    made = uploads.read(desk, kept.name)
    assert kept.name.endswith(".jpg")
    assert len(made) <= MEGABYTE
    assert opened(desk, kept).format == "JPEG"
    assert abs(kept.width / kept.height - 10 / 7) < 0.02


def test_the_same_picture_gets_the_same_name_when_it_is_made_smaller(desk):
    """So that Zalo need not be given it twice."""
    data = noise("PNG", (1000, 700))
    assert uploads.keep_image(desk, data) == uploads.keep_image(desk, data)


def test_a_photo_of_fifty_million_pixels_is_taken(desk):
    """As phones of today make them; kept or made smaller, its size is the whole one's or its own."""
    small = picture("JPEG", (8160, 6120), quality=1)
    kept = uploads.keep_image(desk, small)
    assert (kept.width, kept.height, uploads.read(desk, kept.name) == small) == (8160, 6120, True)
    big = uploads.keep_image(desk, small + b"\0" * 1_000_000)
    assert (big.width, big.height) == (2048, 1536)


def test_a_turned_photo_is_shown_upright_and_tells_nothing(desk):
    """EXIF says how the phone was held, and where and when."""
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was on its side
    exif[0x010F] = "Camera of Lan"
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    data = noise("JPEG", (1300, 900), quality=100, exif=exif, comment=b"secret")
    assert len(data) > MEGABYTE
    kept = uploads.keep_image(desk, data)
    made = opened(desk, kept)
    assert made.height > made.width
    assert (kept.width, kept.height) == made.size
    assert not made.getexif()
    assert b"Camera of Lan" not in uploads.read(desk, kept.name)
    assert b"secret" not in uploads.read(desk, kept.name)


@pytest.mark.parametrize(
    ("mode", "color"),
    [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0)), ("P", 0)],
)
def test_what_is_transparent_becomes_white(desk, mode, color):
    """JPG knows no transparency, and black would hide the words."""
    options = {"transparency": 0} if mode == "P" else {}
    data = picture("TIFF" if mode != "P" else "PNG", (40, 30), mode, color=color, **options)
    if mode == "P":  # a small PNG would stay as it is
        made = Image.open(io.BytesIO(pictures._as_jpg(Image.open(io.BytesIO(data))).data))
    else:
        made = opened(desk, uploads.keep_image(desk, data))
    assert all(value > 250 for value in made.getpixel((5, 5)))


@pytest.mark.parametrize(("mode", "color"), [("I;16", 65535), ("CMYK", (0, 0, 0, 0)), ("1", 1), ("F", 65535.0)])
def test_pictures_of_scanners_and_printers_are_read_too(desk, mode, color):
    """16 bits a pixel, four colours, black and white."""
    made = opened(desk, uploads.keep_image(desk, picture("TIFF", (40, 30), mode, color=color)))
    assert made.mode == "RGB"
    assert all(value > 240 for value in made.getpixel((5, 5)))


def test_a_gif_is_kept_with_its_size(desk):
    """Zalo demands width and height; only a moving picture needs to be one."""
    data = moving((64, 48))
    kept = uploads.keep_image(desk, data)
    assert (kept.kind, kept.width, kept.height) == ("gif", 64, 48)
    assert uploads.read(desk, kept.name) == data


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "image.not_a_picture"),
        (b"<!doctype html><html>", "image.not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image.not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "image.not_a_picture"),
        (PDF, "image.not_a_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "image.not_a_picture"),
        (picture("PNG", (80, 60))[:-30], "image.broken"),
        (noise("PNG", (300, 200))[:90_000], "image.broken"),
        (noise("JPEG", (300, 200))[:20_000], "image.broken"),
        (noise("PNG", (1000, 700))[:1_500_000], "image.broken"),
        (moving((64, 48))[:40], "image.broken"),
        (png_of_size(20_000, 20_000), "image.too_many_pixels"),
        (png_of_size(6500, 6500), "image.too_many_pixels"),
        (jpeg_of_size(9000, 8000), "image.too_many_pixels"),
        (b"GIF89a" + b"\0" * 5_300_000, "gif.too_big"),
        (picture() + b"\0" * 16_000_000, "image.too_big"),
    ],
    ids=[
        "nothing", "page", "svg", "postscript", "pdf", "garbage", "png without its end", "half a png", "half a jpg",
        "half a big png", "half a gif", "bomb", "large bomb", "jpg bomb", "big gif", "20 MB photo",
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused_by_its_rule(desk, data, key):
    """Before anything leaves; nothing of it stays on the disk."""
    assert refused(uploads.keep_image, desk, data) == key
    assert list((desk.settings.data_dir / "uploads").glob("*")) == []


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
)
def test_damaged_bytes_are_kept_or_refused_but_break_nothing(kind, cut, flips):
    """Whatever Pillow's decoders raise over them."""
    data = bytearray(picture(kind, (24, 18)))
    for place, value in flips:
        data[int(place * len(data))] = value
    data = data[: int(cut * len(data)) + 1]
    try:
        made = pictures.prepare(bytes(data))
    except Invalid:
        return
    assert made.width > 0
    assert made.height > 0


def test_big_pictures_are_read_one_at_a_time(desk):
    """Two at once are more memory than a small server has."""
    data, seen, real = noise("PNG", (900, 700)), [], pictures._as_jpg
    busy = threading.Lock()

    def watched(image):
        seen.append(busy.acquire(blocking=False))
        made = real(image)
        busy.release()
        return made

    pictures._as_jpg = watched
    try:
        threads = [threading.Thread(target=uploads.keep_image, args=(desk, data)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        pictures._as_jpg = real
    assert seen == [True] * 3


@pytest.mark.parametrize(
    ("data", "name", "suffix"),
    [
        (PDF, "Báo giá.pdf", "pdf"),
        (b"\xef\xbb\xbf" + PDF, "a.PDF", "pdf"),
        (DOC, "hop-dong.doc", "doc"),
        (docx(), "hop-dong.docx", "docx"),
        (CSV, "khách.csv", "csv"),
        (b"\xef\xbb\xbf" + CSV, "khách.csv", "csv"),
        (b"\xff\xfe" + CSV.decode().encode("utf-16-le"), "khach.csv", "csv"),
        ("tên,số\n".encode("cp1258", "replace"), "cu.csv", "csv"),
    ],
)
def test_a_file_zalo_takes_is_kept_with_its_name(desk, data, name, suffix):
    """The customer sees what it was called, the disk what is in it."""
    kept = uploads.keep_file(desk, data, name)
    assert (kept.kind, kept.original) == ("file", name)
    assert kept.name.endswith(f".{suffix}")
    assert uploads.read(desk, kept.name) == data
    assert "/" in uploads.content_type(kept.name)


@pytest.mark.parametrize(
    ("data", "name", "key"),
    [
        (PDF, "a.exe", "file.wrong_type"),
        (PDF, "pdf", "file.wrong_type"),
        (PDF, "", "file.wrong_type"),
        (docx(), "a.xlsx", "file.wrong_type"),
        (b"", "a.pdf", "file.empty"),
        (PDF + b" " * 5 * 1024 * 1024, "a.pdf", "file.too_big"),
        (docx(), "a.pdf", "file.not_what_it_says"),
        (PDF, "a.docx", "file.not_what_it_says"),
        (docx(**{"xl/workbook.xml": "<x/>"}), "a.docx", "file.not_what_it_says"),
        (b"PK\x03\x04 not a zip", "a.docx", "file.not_what_it_says"),
        (DOC[:512], "a.doc", "file.not_what_it_says"),
        (b"MZ\x90\0" + b"\0" * 60, "a.csv", "file.not_what_it_says"),
        (b"<!DOCTYPE html><html></html>", "a.csv", "file.not_what_it_says"),
        (PDF, "a.csv", "file.not_what_it_says"),
        (picture(), "a.pdf", "file.not_what_it_says"),
    ],
)
def test_a_file_zalo_refuses_is_refused_before(desk, data, name, key):
    """By what is in it as well as by its name."""
    assert refused(uploads.keep_file, desk, data, name) == key


def test_the_last_allowed_byte_of_a_file_is_allowed(desk):
    """5 MB are 5,242,880 bytes."""
    assert uploads.keep_file(desk, PDF + b" " * (filekinds.MAX_BYTES - len(PDF)), "a.pdf").kind == "file"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/báo giá.pdf", "báo giá.pdf"),
        ("C:\\tai lieu\\a.pdf", "a.pdf"),
        ('a"b\r\nX: y.pdf', "abX: y.pdf"),
        ("x" * 200 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_file_name_carries_no_folders_and_no_control_characters(desk, given, shown):
    """It stands in a request's header and on the customer's phone."""
    assert uploads.keep_file(desk, PDF, given).original == shown


@pytest.mark.parametrize("name", ["../oadesk.db", "a.jpg", "0" * 64 + ".exe", "0" * 64 + ".jpg", ""])
def test_only_what_was_kept_can_be_read(desk, name):
    """A name from elsewhere leads nowhere."""
    with pytest.raises(NotFound) as told:
        uploads.read(desk, name)
    assert told.value.key == "image.gone"


def test_what_nobody_used_for_long_is_dropped_whatever_its_kind(desk, clock):
    """Needed and lately used ones stay."""
    kept = [
        uploads.keep_image(desk, picture()).name,
        uploads.keep_image(desk, moving()).name,
        *(uploads.keep_file(desk, data, f"a.{suffix}").name for data, suffix in
          ((PDF, "pdf"), (DOC, "doc"), (docx(), "docx"), (CSV, "csv"))),
    ]  # fmt: skip
    clock.advance(days=40)
    uploads.read(desk, kept[1])
    dropped = uploads.drop_unused(desk, clock.now() - timedelta(days=30), {kept[2]})
    left = {path.name for path in (desk.settings.data_dir / "uploads").iterdir()}
    assert (dropped, left) == (4, {kept[1], kept[2]})
