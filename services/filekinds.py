"""Which files Zalo takes, told by what is in them and by their name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping

from services.errors import Invalid
from zalo.payload import clean

MAX_BYTES = 5 * 1024 * 1024
_LONGEST_NAME = 100
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD_STREAM = "WordDocument".encode("utf-16-le")  # what tells a .doc from an .xls or an installer
_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|script)", re.IGNORECASE)
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def check(data: bytes, filename: str) -> str:
    """The suffix of a file that Zalo takes. Raises the Invalid that `uploads.keep_file` names."""
    suffix = filename.strip().rpartition(".")[2].lower()
    if suffix not in _LOOKS_LIKE or "." not in filename:
        raise Invalid("file.wrong_type", name=clean_name(filename), allowed=", ".join(_LOOKS_LIKE))
    if not data:
        raise Invalid("file.empty", name=clean_name(filename))
    if len(data) > MAX_BYTES:
        raise Invalid("file.too_big", limit=MAX_BYTES, size=len(data))
    if not _LOOKS_LIKE[suffix](data):
        raise Invalid("file.not_what_it_says", name=clean_name(filename), suffix=suffix)
    return suffix


def clean_name(filename: str) -> str:
    """The file's name as the customer may see it: no folders, no control characters, its end kept when it is long."""
    name = re.sub(r"[\x00-\x1f\x7f\"]", "", re.split(r"[/\\]", clean(filename))[-1]).strip() or "file"
    stem, dot, suffix = name.rpartition(".")
    return name if len(name) <= _LONGEST_NAME else stem[: _LONGEST_NAME - len(suffix) - 1] + dot + suffix[:10]


def _is_pdf(data: bytes) -> bool:
    return b"%PDF-" in data[:1024]  # readers allow a little before it, and so do the makers of some


def _is_doc(data: bytes) -> bool:
    return data.startswith(_OLE) and _WORD_STREAM in data


def _is_docx(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:  # its list of names only: nothing is unpacked
            return "word/document.xml" in parts.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


def _is_csv(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as Excel's "Unicode text" has it
        data = data.decode("utf-16", "replace").encode()
    return not _NOT_TEXT.search(data) and not _PAGE.match(data) and b"%PDF-" not in data[:8]


_LOOKS_LIKE: Mapping[str, Callable[[bytes], bool]] = {
    "pdf": _is_pdf, "doc": _is_doc, "docx": _is_docx, "csv": _is_csv,
}  # fmt: skip
