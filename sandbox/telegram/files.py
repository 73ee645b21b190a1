"""Files the bot and the people exchange, kept in memory under opaque ids."""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.telegram.args import Args, Upload
from sandbox.telegram.errors import bad_request
from sandbox.telegram.pictures import THUMBNAIL, image_size

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024


class Kind(NamedTuple):
    """How ids of a kind begin and where its files lie, as with Telegram's own."""

    id_prefix: str
    folder: str
    ending: str = ""  # of every path of the kind; "" takes the ending of the file's name


KINDS = {
    "photo": Kind("AgACAgUAAx", "photos", "jpg"),
    "document": Kind("BQACAgUAAx", "documents"),
    "animation": Kind("CgACAgUAAx", "animations"),
    "video": Kind("BAACAgUAAx", "videos"),
    "voice": Kind("AwACAgUAAx", "voice", "oga"),
    "audio": Kind("CQACAgUAAx", "music"),
    "sticker": Kind("CAACAgUAAx", "stickers", "webp"),
}
PICTURED = ("photo", "animation", "video", "sticker")  # carry width and height
PLAYED = ("animation", "video", "voice", "audio")  # carry a duration
NAMED = ("document", "animation", "video", "audio")  # keep the name the sender's file had


@dataclass(frozen=True)
class StoredFile:
    """One file; `kind` is a name of KINDS. width, height and duration are 0 where a kind has none."""

    file_id: str
    kind: str
    file_name: str
    content_type: str
    data: bytes
    path: str
    width: int = 0
    height: int = 0
    duration: int = 0
    claimed_size: int = 0
    thumbnail: "StoredFile | None" = None

    @property
    def unique_id(self) -> str:
        """Same content, same id, as with Telegram's file_unique_id."""
        return "AQAD" + hashlib.sha256(self.data).hexdigest()[:12]

    @property
    def size(self) -> int:
        """Its bytes, or as many as the sender claims, so that a test of large files need not carry them."""
        return self.claimed_size or len(self.data)

    def to_api(self) -> dict[str, Any]:
        """Telegram's Document, PhotoSize, Animation, Video, Voice, Audio or Sticker."""
        file: dict[str, Any] = {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}
        if self.kind in PICTURED:
            file |= {"width": self.width, "height": self.height}
        if self.kind in PLAYED:
            file["duration"] = self.duration
        if self.kind in NAMED:
            file["file_name"] = self.file_name
        if self.kind == "sticker":
            return {**file, "type": "regular", "is_animated": False, "is_video": False}
        return file if self.kind == "photo" else {**file, "mime_type": self.content_type}

    def content(self) -> dict[str, Any]:
        """The fields of a Message that hold it."""
        if self.kind == "photo":
            sizes = [self.thumbnail, self] if self.thumbnail else [self]
            return {"photo": [size.to_api() for size in sizes]}
        if self.kind == "animation":
            # For old bots Telegram says it a second time, as a document.
            name = {"file_name": self.file_name, "mime_type": self.content_type}
            plain = {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": self.size}
            return {"animation": self.to_api(), "document": {**plain, **name}}
        return {self.kind: self.to_api()}


class FileStore:
    """Files by id and by download path."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, upload: Upload, duration: int = 0, claimed_size: int = 0) -> StoredFile:
        """Keep one file. Raises ApiError when it is empty, or no picture where one is needed."""
        if not upload.data:
            raise bad_request("file must be non-empty")
        width, height = _measured(kind, upload.data)
        # Telegram makes JPEGs of pictures, in more than one size.
        content_type = {"photo": "image/jpeg", "sticker": "image/webp"}.get(kind, upload.content_type)
        named = Upload(upload.file_name, upload.data, content_type)
        if kind != "photo":
            return self._keep(kind, named, width=width, height=height, duration=duration, claimed_size=claimed_size)
        small = self._keep(kind, Upload("", THUMBNAIL, content_type), width=90, height=67)
        return self._keep(kind, named, width=width, height=height, claimed_size=claimed_size, thumbnail=small)

    def _keep(self, kind: str, upload: Upload, **facts: Any) -> StoredFile:
        number, form = len(self._by_id), KINDS[kind]
        file_id = f"{form.id_prefix}{number:06d}kBAAMCAAN5AAM2BA"
        ending = form.ending or _ending(upload)
        path = f"{form.folder}/file_{number}" + (f".{ending}" if ending else "")
        file = StoredFile(file_id, kind, upload.file_name, upload.content_type, upload.data, path, **facts)
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
        return file if file and file.size <= MAX_DOWNLOAD else None

    def from_args(self, kind: str, args: Args) -> StoredFile:
        """What sendPhoto, sendDocument, ... name: an upload, attach://, or an id sent before."""
        return self.named(kind, args.text(kind), args, args.integer("duration"))

    def named(self, kind: str, value: str, args: Args, duration: int = 0) -> StoredFile:
        """As `from_args`, for a value that stands somewhere else in the request."""
        upload = args.uploads.get(value.removeprefix("attach://") if value else kind)
        if upload is not None:
            if kind == "photo" and len(upload.data) > MAX_PHOTO:
                raise bad_request("file is too big")
            return self.add(kind, upload, duration)
        if not value:
            raise bad_request(f"there is no {kind} in the request")
        if value in self._by_id and self._by_id[value].kind == kind:
            return self._by_id[value]
        raise bad_request("wrong file identifier/HTTP URL specified")


def _ending(upload: Upload) -> str:
    _, dot, ending = upload.file_name.rpartition(".")
    return ending.lower() if dot and ending.isascii() and ending.isalnum() else ""


def _measured(kind: str, data: bytes) -> tuple[int, int]:
    if kind in ("photo", "sticker") or data[:3] == b"GIF":
        return image_size(data)
    return (640, 360) if kind in PICTURED else (0, 0)
