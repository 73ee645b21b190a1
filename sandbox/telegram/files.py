"""Files the bot and the people exchange, kept in memory under opaque ids."""

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.args import Args, Upload
from sandbox.telegram.errors import bad_request

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """One file; `kind` is "photo" or "document". width and height are 0 for documents."""

    file_id: str
    kind: str
    file_name: str
    content_type: str
    data: bytes
    path: str
    width: int = 0
    height: int = 0

    @property
    def unique_id(self) -> str:
        """Same content, same id, as with Telegram's file_unique_id."""
        return "AQAD" + hashlib.sha256(self.data).hexdigest()[:12]

    def to_api(self) -> dict[str, Any]:
        """Telegram's Document or PhotoSize."""
        file: dict[str, Any] = {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.data),
        }
        if self.kind == "photo":
            return {**file, "width": self.width, "height": self.height}
        return {**file, "file_name": self.file_name, "mime_type": self.content_type}


class FileStore:
    """Files by id and by download path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, upload: Upload) -> StoredFile:
        """Keep one file. Raises ApiError when it is empty, or no picture where one is needed."""
        if not upload.data:
            raise bad_request("file must be non-empty")
        number = len(self._by_id)
        width, height = image_size(upload.data) if kind == "photo" else (0, 0)
        ending = _ending(upload) if kind == "document" else "jpg"
        file_id = f"{'AgACAgUAAx' if kind == 'photo' else 'BQACAgUAAx'}{number:06d}kBAAMCAAN5AAM2BA"
        path = f"{kind}s/file_{number}" + (f".{ending}" if ending else "")
        content_type = "image/jpeg" if kind == "photo" else upload.content_type
        file = StoredFile(file_id, kind, upload.file_name, content_type, upload.data, path, width, height)
        self._by_id[file_id] = self._by_path[path] = file
        return file

    def by_id(self, file_id: str) -> StoredFile:
        """Raises ApiError for an id nobody was given."""
        if file_id not in self._by_id:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return self._by_id[file_id]

    def by_path(self, path: str) -> StoredFile | None:
        """The file to download; None for an unknown path and for what bots may not download."""
        file = self._by_path.get(path)
        return file if file and len(file.data) <= MAX_DOWNLOAD else None

    def from_args(self, kind: str, args: Args) -> StoredFile:
        """What sendPhoto and sendDocument name: an upload, attach://, or an id sent before."""
        value = args.text(kind)
        upload = args.uploads.get(value.removeprefix("attach://") if value else kind)
        if upload is not None:
            if kind == "photo" and len(upload.data) > MAX_PHOTO:
                raise bad_request("file is too big")
            return self.add(kind, upload)
        if not value:
            raise bad_request(f"there is no {kind} in the request")
        if value in self._by_id and self._by_id[value].kind == kind:
            return self._by_id[value]
        raise bad_request("wrong file identifier/HTTP URL specified")


def _ending(upload: Upload) -> str:
    _, dot, ending = upload.file_name.rpartition(".")
    return ending.lower() if dot and ending.isascii() and ending.isalnum() else ""


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG, JPEG, GIF or WebP. Raises ApiError for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return struct.unpack("<HH", data[6:10])
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return 512, 512
    raise bad_request("IMAGE_PROCESS_FAILED")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    # A picture cut short after its first bytes still counts, so that tests need no real JPEG.
    return 1, 1
