"""One update of one staff member while it is handled: who, where, what, and how to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ParamSpec, TypeVar

import db
from bot.customer_files import CustomerFiles
from bot.markup import Screen, Target
from bot.menu import Menus
from bot.telegram_limits import Sender
from models import Notice, Staff
from services import audit, drafts, notices, telling
from services.desk import Desk
from services.drafts import Form
from texts import Texts

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Office:
    """What the bot's process has: the desk, the way to Telegram, and the words."""

    desk: Desk
    sender: Sender
    texts: dict[str, Texts]
    menus: Menus
    files: CustomerFiles = field(default_factory=CustomerFiles, repr=False)


@dataclass(frozen=True)
class Attached:
    """A file that came with a person's message, still at Telegram. `size` is 0 where Telegram does not say."""

    file_id: str
    name: str = ""
    size: int = 0  # bytes
    media_type: str = ""


@dataclass
class Turn:
    """Handed to every command, button and form. Answers go through `show`, `say` and `toast`."""

    office: Office
    staff: Staff
    chat_id: int
    text: str = field(default="", repr=False)
    photo: str = ""  # Telegram's id of a picture, with `text` as its caption
    photo_size: int = 0  # bytes, 0 when Telegram does not say
    document: Attached | None = None  # a file, a GIF, a video: whatever is no still picture
    location: tuple[float, float] | None = None  # latitude and longitude
    message_id: int | None = None  # of the person's own message
    reply_to: int | None = None  # the message theirs answers
    forwarded: bool = False  # whether the words are somebody else's
    tapped: int | None = None  # the bot's message whose button was tapped
    query_id: str = ""
    target: Target | None = None
    protected: bool = False  # whether `tapped` may not be forwarded
    act: str = ""  # what the audit calls it when it is refused; "" for looking
    about: int | None = None  # the OA a form is about, for the same
    button: tuple[str, tuple[str, ...]] = ("", ())
    number: Notice | None = None  # what would have hidden the number on `tapped`, taken back because of this tap
    stopped: int | None = None  # how many OAs this press of the red button stopped, when that is done already
    _answered: bool = False

    @property
    def desk(self) -> Desk:
        """The desk of this process."""
        return self.office.desk

    @property
    def sender(self) -> Sender:
        """The way to Telegram."""
        return self.office.sender

    @property
    def t(self) -> Texts:
        """The words in this person's language."""
        return self.office.texts[self.staff.language]

    @property
    def actor(self) -> audit.Actor:
        """This person, for the audit."""
        return audit.Actor(self.staff.name, self.staff, self.chat_id, self.message_id or self.tapped)

    def now(self) -> datetime:
        """The desk's clock."""
        return self.office.desk.now()

    async def db(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking database work, off the event loop."""
        return await db.in_thread(work, *args, **kwargs)

    async def show(self, screen: Screen) -> int:
        """Show a screen: on the tapped message while somebody navigates, else as a new message.

        Telegram does not let an edit protect a message: what must not be forwarded takes the place of one that may.
        """
        if self.tapped is None or (self.target is not None and self.target.fresh):
            return await self.say(screen)
        if screen.protect and not self.protected:
            before = self.tapped
            await self.say(screen)
            await self.sender.delete(self.chat_id, before)
            return self.tapped
        shown = await self.sender.edit(self.chat_id, self.tapped, screen)
        self.tapped = shown
        return shown

    async def show_beside(self, screen: Screen) -> int:
        """As `show`, but never in the place of a message that stands for a customer.

        A reply to that one goes to them for weeks: no other screen, and nobody else's name, may take its place.
        """
        if self.tapped is not None and await self.db(telling.meant, self.chat_id, self.tapped) is not None:
            return await self.say(screen)
        return await self.show(screen)

    async def say(self, screen: Screen) -> int:
        """Show a screen as a new message; what follows in this turn is shown on it."""
        self.tapped = await self.sender.send(self.chat_id, screen)
        self.target, self.protected = None, screen.protect
        return self.tapped

    async def toast(self, text: str = "") -> None:
        """A short remark over the tapped button, at most once a turn; no effect when nothing was tapped."""
        if self.query_id and not self._answered:
            self._answered = True
            await self.sender.answer(self.query_id, text)

    async def forget_my_message(self, screen: int | None) -> None:
        """Delete what was just typed, because it holds a secret; `screen` is then the last message and is edited."""
        if self.message_id is not None and await self.sender.delete(self.chat_id, self.message_id):
            self.tapped = self.tapped or screen

    async def hide_number_after_all(self) -> None:
        """The tap changed nothing on the message, so the number there still has to go."""
        if self.number is not None:
            row, self.number = self.number, None
            given = (row.chat_id, row.kind, row.ref, row.payload, row.message_id, row.next_attempt_at)
            await self.db(notices.post, self.now(), *given)

    async def form(self) -> Form | None:
        """The person's open form."""
        return await self.db(drafts.load, self.desk.box, self.staff)

    async def keep(self, form: Form) -> None:
        """Store the form: from here on a restart does not lose it."""
        await self.db(drafts.save, self.now(), self.desk.box, self.staff, form)

    async def close_form(self) -> bool:
        """Forget the open form; False when there was none."""
        return await self.db(drafts.clear, self.staff)
