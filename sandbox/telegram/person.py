"""A person with Telegram on the phone, played through the control paths (blocking, standard library only)."""

import base64
import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

Seen = dict[str, Any]  # a message as the control paths show it
SLACK = 15.0  # seconds an answer may take beyond the wait that was asked for


class Refused(Exception):
    """The sandbox refused an act, with its reason: no such button now, the bot is blocked, ..."""


class NotSeen(Exception):
    """What was waited for did not come; the text shows what did."""


class Person:
    """One person's private chat with the bot.

    `wait_for` looks at what the bot did since this person's last act (say, tap, send, `mark`), so
    an answer that came quickly is not missed and an old one is not mistaken for it.
    """

    def __init__(self, base: str, id: int, first_name: str = "", language: str = "vi") -> None:
        self.base = base.rstrip("/")
        self.id = id
        self.first_name = first_name or f"Person {id}"
        self._opener = build_opener(ProxyHandler({}))  # never through a proxy: the sandbox is local
        self._since = 0
        body = {"id": id, "first_name": self.first_name, "language_code": language}
        self._post("people", body)

    def say(self, text: str, reply_to: int | None = None) -> int:
        """Write a text; returns its message_id."""
        return self._act("say", {"text": text, "reply_to": reply_to})

    def send_photo(self, data: bytes, caption: str = "", file_name: str = "photo.jpg", **more: Any) -> int:
        """Send a picture; returns its message_id. `more` of every sending: `reply_to`, `album` (any text that the
        messages of one album share), `size` (what the file claims to be, in bytes), `mime_type`."""
        return self._send("photo", data, caption=caption, file_name=file_name, **more)

    def send_document(self, name: str, data: bytes, caption: str = "", **more: Any) -> int:
        """Send a file; returns its message_id."""
        return self._send("document", data, caption=caption, file_name=name, **more)

    def send_animation(self, data: bytes, caption: str = "", file_name: str = "animation.mp4", **more: Any) -> int:
        """Send a moving picture. Telegram's apps make MP4s of GIFs; name it `.gif` to be one that did not."""
        return self._send("animation", data, caption=caption, file_name=file_name, **more)

    def send_video(self, data: bytes, caption: str = "", file_name: str = "video.mp4", **more: Any) -> int:
        """Send a video, with `duration` in seconds."""
        return self._send("video", data, caption=caption, file_name=file_name, **more)

    def send_voice(self, data: bytes, caption: str = "", **more: Any) -> int:
        """Send a voice message, with `duration` in seconds."""
        return self._send("voice", data, caption=caption, **more)

    def send_audio(self, data: bytes, caption: str = "", file_name: str = "audio.mp3", **more: Any) -> int:
        """Send a piece of music, with `duration` in seconds."""
        return self._send("audio", data, caption=caption, file_name=file_name, **more)

    def send_sticker(self, data: bytes, **more: Any) -> int:
        """Send a sticker (a WebP, a PNG, ...)."""
        return self._send("sticker", data, **more)

    def send_location(self, latitude: float, longitude: float, reply_to: int | None = None) -> int:
        """Send a place; returns its message_id."""
        return self._act("send_location", {"latitude": latitude, "longitude": longitude, "reply_to": reply_to})

    def send_contact(
        self, phone_number: str, first_name: str, last_name: str = "", *, user_id: int | None = None, **more: Any
    ) -> int:
        """Send somebody's card; with the own `id` as `user_id` it is one's own, as the "share my phone" button does."""
        card = {"phone_number": phone_number, "first_name": first_name, "last_name": last_name, "user_id": user_id}
        return self._act("send_contact", {**card, **more})

    def tap(self, label: str, message_id: int | None = None, *, wait: bool = False) -> dict[str, Any]:
        """Tap the button whose label is or begins with `label`, on the newest message that has one.

        With `wait`, returns the bot's answer too: answered, text, show_alert. Raises Refused when no
        message has such a button now.
        """
        return self._tapped({"message_id": message_id, "text": label, "wait": wait})

    def tap_data(self, data: str, message_id: int, *, wait: bool = False, force: bool = False) -> dict[str, Any]:
        """Tap by callback data; `force` sends it even if the message has no such button any more."""
        return self._tapped({"message_id": message_id, "data": data, "wait": wait, "force": force})

    def open_link(self, link: str) -> int:
        """Open a link to the bot and tap Start; returns the message_id of what that writes. Raises Refused."""
        return self._act("open_link", {"link": link})

    def add_bot(self, chat_id: int, title: str = "", kind: str = "supergroup") -> None:
        """Add the bot to a group or channel, which is made if there is none."""
        self._post("add_bot", {"person": self.id, "chat_id": chat_id, "title": title, "type": kind})

    def remove_bot(self, chat_id: int) -> None:
        """Throw the bot out of a group or channel."""
        self._post("remove_bot", {"person": self.id, "chat_id": chat_id})

    def block(self) -> None:
        """Block the bot."""
        self._post("block", {"person": self.id})

    def unblock(self) -> None:
        """Take the block away."""
        self._post("unblock", {"person": self.id})

    def mark(self) -> None:
        """From here on `wait_for` forgets what has come so far."""
        self._since = self._last_entry()

    def chat(self) -> list[Seen]:
        """All messages as they are now, deleted ones marked so."""
        messages: list[Seen] = self._get(f"chat/{self.id}")["messages"]
        return messages

    def last(self) -> Seen:
        """The bot's newest message that is still there."""
        for message in reversed(self.chat()):
            if message["from"] == "bot" and not message["deleted"]:
                return message
        raise NotSeen("the bot has written nothing")

    def commands(self) -> list[dict[str, str]]:
        """The command menu this person sees."""
        found: list[dict[str, str]] = self._get("commands", person=self.id)
        return found

    def download(self, message: Seen) -> bytes:
        """The file of a message."""
        with self._opener.open(self.base + message["file"]["url"], timeout=SLACK) as answer:
            data: bytes = answer.read()
        return data

    def wait_for(self, wanted: str | Callable[[Seen], bool], timeout: float = 10.0) -> Seen:
        """The bot's first message or edit since the last act that holds the text or meets the condition.

        Text is looked for in the message's text and in its buttons' labels. Raises NotSeen after
        `timeout` seconds.
        """
        meets = wanted if callable(wanted) else lambda message: wanted in _readable(message)
        after, end = self._since, time.monotonic() + timeout
        shown: list[Seen] = []
        while (left := end - time.monotonic()) > 0:
            for entry in self._wait(after, left):
                after = entry["n"]
                if entry["kind"] in ("message", "edit") and entry["from"] == "bot":
                    shown.append(entry["message"])
                    if meets(entry["message"]):
                        return shown[-1]
        raise NotSeen(_story(wanted, timeout, shown))

    def wait_until_deleted(self, message_id: int, timeout: float = 10.0) -> None:
        """Wait until a message of the chat is gone. Raises NotSeen after `timeout` seconds."""
        after, end = 0, time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            for entry in self._wait(after, left):
                after = entry["n"]
                if entry["kind"] == "delete" and entry["message_id"] == message_id:
                    return
        raise NotSeen(f"message {message_id} was not deleted within {timeout:g} s")

    def _send(self, kind: str, data: bytes, size: int | None = None, **fields: Any) -> int:
        coded = base64.b64encode(data).decode("ascii")
        return self._act(f"send_{kind}", {"data": coded, "file_size": size, **fields})

    def _act(self, path: str, body: dict[str, Any]) -> int:
        done = self._post(path, {"person": self.id, **body})
        self._since = done["n"]
        return int(done["message_id"])

    def _tapped(self, body: dict[str, Any]) -> dict[str, Any]:
        done: dict[str, Any] = self._post("tap", {"person": self.id, **body})
        self._since = done["n"]
        return done

    def _last_entry(self) -> int:
        return int(self._get(f"chat/{self.id}")["last"])

    def _wait(self, after: int, seconds: float) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get("wait", chat_id=self.id, after=after, timeout=round(seconds, 3))
        return found

    def _get(self, path: str, **query: object) -> Any:
        tail = f"?{urlencode(query)}" if query else ""
        return self._send_request(Request(f"{self.base}/_sandbox/telegram/{path}{tail}"))  # noqa: S310

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        raw = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        headers = {"Content-Type": "application/json"}
        url = f"{self.base}/_sandbox/telegram/{path}"
        return self._send_request(Request(url, data=raw, headers=headers, method="POST"))  # noqa: S310

    def _send_request(self, request: Request) -> Any:
        try:
            with self._opener.open(request, timeout=60 + SLACK) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise Refused(json.loads(error.read() or b"{}").get("error", str(error.code))) from None


def labels(message: Seen) -> list[str]:
    """The labels of a message's buttons, row by row."""
    return [button["text"] for row in message["keyboard"] for button in row]


def _readable(message: Seen) -> str:
    return "\n".join([message["text"], *labels(message)])


def _story(wanted: object, timeout: float, shown: Iterable[Seen]) -> str:
    lines = [f"  {_readable(message)!r}" for message in shown] or ["  nothing"]
    return f"{wanted!r} did not come within {timeout:g} s; since the last act the bot showed:\n" + "\n".join(lines)
