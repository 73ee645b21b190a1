"""Uploaded images, gifs and files: described, dated, and shown under the sandbox's own address."""

import secrets
from collections import Counter
from dataclasses import dataclass

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.media import Shelf

LIFE_MS = 7 * 86_400_000
MEGABYTE = 1024 * 1024
MAX_BYTES = {"image": MEGABYTE, "gif": 5 * MEGABYTE, "file": 5 * MEGABYTE}
FILE_EXTENSIONS = ("pdf", "doc", "docx", "csv")


@dataclass(frozen=True, slots=True)
class Upload:
    """What one attachment id or file token stands for."""

    oa_id: str
    kind: str
    filename: str
    extension: str
    size: int
    md5: str
    at: int
    url: str


def extension_of(kind: str, filename: str, data: bytes) -> str | None:
    """The real type by the first bytes (files: by name); None when this upload kind does not take it."""
    if kind == "file":
        ending = filename.rpartition(".")[2].lower()
        return ending if ending in FILE_EXTENSIONS else None
    if kind == "gif":
        return "gif" if data[:6] in (b"GIF87a", b"GIF89a") else None
    if data[:3] == b"\xff\xd8\xff":
        return "jpg"
    return "png" if data[:8] == b"\x89PNG\r\n\x1a\n" else None


class Uploads:
    """Attachment ids and file tokens live seven days."""

    def __init__(self, media: Shelf) -> None:
        self._media = media
        self._by_id: dict[str, Upload] = {}
        self._asked: Counter[tuple[str, str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._by_id)

    def count(self, oa_id: str, kind: str, month: str, most: int) -> None:
        """Count one upload of the month. Raises Refusal -211 above `most`: which number Zalo answers is assumed."""
        if self._asked[oa_id, kind, month] >= most:
            raise Refusal(-211, "Out of quota")
        self._asked[oa_id, kind, month] += 1

    def add(self, oa_id: str, kind: str, filename: str, data: bytes, now_ms: int) -> str:
        """Take one upload and return its id. Raises Refusal: -210 too big, -201 wrong type."""
        if len(data) > MAX_BYTES[kind]:
            raise Refusal(-210, f"file exceeds the limit of {MAX_BYTES[kind] // MEGABYTE}MB")
        extension = extension_of(kind, filename, data)
        if extension is None:
            raise Refusal(-201, "file is invalid!")
        md5, url = self._media.md5(data), self._media.put(data, extension, bare=kind == "file")
        upload_id = secrets.token_urlsafe(66)
        self._by_id[upload_id] = Upload(oa_id, kind, filename, extension, len(data), md5, now_ms, url)
        return upload_id

    def find(self, upload_id: str, oa_id: str, kind: str, field_name: str, now_ms: int) -> Upload:
        """The upload behind an id. Raises Refusal: -100 after seven days, -201 when it is not this OA's or kind."""
        upload = self._by_id.get(upload_id)
        if upload is None or upload.oa_id != oa_id or upload.kind != kind:
            raise Refusal(-201, f"{field_name} is invalid!")
        if now_ms - upload.at >= LIFE_MS:
            raise Refusal(-100, f"{field_name} was expired")
        return upload
