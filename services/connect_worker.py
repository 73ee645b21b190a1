"""The worker's part of connecting: the code becomes a pair, the pair is asked whose it is, the OA gets it.

Before each request the step is committed, so that a killed worker is followed by one that knows what may have
happened. A code works once: an exchange whose answer was lost is tried once more and then given up, in words that ask
to connect again. A pair is stored before anything else is done with it.

Exchanging kills the access token an OA had, so the OA's token lease is held from before the exchange until the new
pair is saved: no renewal runs into it, and it waits for one that is under way.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from db import in_thread
from models import OaState, OauthState, OauthTicket, OfficialAccount, TokenState
from secretbox import CannotOpen
from services import apps, connect_pairs, connect_tickets, token_owner, token_pairs
from services.connect_tickets import LIFETIME
from services.desk import Desk
from services.errors import DeskError, Refusal
from services.token_hold import Held, hold
from services.token_pairs import Pair
from zalo import oa as zalo_oa
from zalo import oauth
from zalo.client import AppKeys, Zalo
from zalo.errors import ErrorClass, NotSent, PerhapsSent, Refused, ZaloError
from zalo.oa import OaProfile
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)

MOST_EXCHANGES = 2  # the second only after the answer of the first was lost
USED_CODE = -14005
PAIR_FOR = timedelta(hours=24)
_SHORTEST_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=2)
_SAVE_PAUSES = (0.2, 1.0, 3.0)
_running: set[asyncio.Task[None]] = set()

# What ended a ticket besides Zalo's own numbers.
LOST, UNREACHABLE, NO_REFRESH, NO_OA = "lost", "unreachable", "no_refresh", "no_oa"
UNREADABLE, APP_GONE = "unreadable", "app_gone"


async def step(desk: Desk) -> bool:
    """Begin to work on one waiting ticket; False when none waits. One slow OA keeps nobody else waiting."""
    owner = token_owner.new()
    ticket = await in_thread(connect_tickets.claim, desk.now(), owner)
    if ticket is None:
        return False
    task = asyncio.create_task(_guarded(_Connecting(desk, ticket, owner)))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return True


async def finished() -> None:
    """Wait for everything that `step` began in this event loop."""
    while _running:
        await asyncio.gather(*_running)


async def _guarded(work: _Connecting) -> None:
    try:
        await work.go_on()
    except Exception as defect:
        # The lease runs out, and the ticket is taken up where it stands.
        log.exception("connect_broke", ticket=work.ticket.id, problem=type(defect).__name__)


class _Connecting:
    """One ticket under its lease."""

    def __init__(self, desk: Desk, ticket: OauthTicket, owner: str) -> None:
        self._desk = desk
        self.ticket = ticket
        self._owner = owner

    async def go_on(self) -> None:
        """Take the ticket as far as it goes now. An OA that was not the one expected is locked and asked again."""
        more = True
        for _ in range(3):
            if more:
                more = await self._under_lease(await in_thread(_hinted, self.ticket))
        if more:
            await self._put_off(UNREACHABLE)

    async def _under_lease(self, oa: OfficialAccount | None) -> bool:
        """Work while no renewal of `oa` can come between; True when another OA turns out to be meant."""
        if oa is None:
            return await self._work(None, None)
        try:
            async with hold(self._desk, oa) as held:
                return await self._work(oa, held)
        except (DeskError, ZaloError) as busy:
            log.warning("connect_waits", ticket=self.ticket.id, problem=str(busy))
            await self._put_off(UNREACHABLE)
            return False

    async def _work(self, oa: OfficialAccount | None, held: Held | None) -> bool:
        if self.ticket.state == OauthState.RETURNED and not await self._exchange():
            return False
        try:
            pair = await in_thread(connect_pairs.unseal, self._desk.box, self.ticket)
        except CannotOpen:
            return await self._failed(UNREADABLE)
        profile = await self._ask_whose(oa, pair)
        return profile is not None and await self._settle(profile, pair, oa, held)

    async def _exchange(self) -> bool:
        """The code becomes a pair that is stored; False: ended or put off."""
        if self.ticket.attempts >= MOST_EXCHANGES:
            return await self._failed(LOST)
        try:
            app, code, verifier = await in_thread(_keys, self._desk, self.ticket)
        except Refusal:
            return await self._failed(APP_GONE)
        except CannotOpen:
            return await self._failed(UNREADABLE)
        if not await in_thread(_leaves, self._desk.now(), self.ticket, self._owner):
            return False
        try:
            answer = await oauth.exchange(self._desk.zalo, app, code, verifier or None)
        except NotSent:
            await self._put_off(UNREACHABLE, attempts=self.ticket.attempts - 1)
        except PerhapsSent:
            await self._lost()
        except Refused as refused:
            await self._refused(refused)
        else:
            return await self._keep(answer)
        return False

    async def _lost(self) -> None:
        if self.ticket.attempts >= MOST_EXCHANGES:
            await self._failed(LOST)
            return
        now = self._desk.now()
        await in_thread(connect_tickets.put_off, now, self.ticket, self._owner, now)

    async def _refused(self, refused: Refused) -> None:
        if refused.error_class in {ErrorClass.LATER, ErrorClass.TRANSIENT}:
            await self._put_off(str(refused.code), attempts=self.ticket.attempts - 1)
        elif refused.code == USED_CODE and self.ticket.attempts > 1:
            await self._failed(LOST)  # the first exchange did reach Zalo; its pair is gone
        else:
            await self._failed(str(refused.code))

    async def _keep(self, answer: TokenPair) -> bool:
        if not answer.refresh:
            return await self._failed(NO_REFRESH)
        now, pair = self._desk.now(), connect_pairs.as_text(answer, self._desk.now())
        for pause in (*_SAVE_PAUSES, None):
            try:
                return await in_thread(connect_tickets.keep_pair, now, self._desk.box, self.ticket, pair)
            except Exception as problem:
                # Nobody else has this pair: a database that is busy or away for a moment must not cost it.
                log.error("connect_not_stored", ticket=self.ticket.id, problem=type(problem).__name__)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        return False

    async def _ask_whose(self, oa: OfficialAccount | None, pair: Pair) -> OaProfile | None:
        if not await in_thread(connect_tickets.move, self._desk.now(), self.ticket, self._owner):
            return None
        try:
            return await zalo_oa.get_profile(await in_thread(_zalo, self._desk, self.ticket), pair.access)
        except Refused as refused:
            if refused.error_class in {ErrorClass.LATER, ErrorClass.TRANSIENT}:
                await self._put_off(str(refused.code))
            elif oa is not None and await in_thread(_overtaken, oa, self.ticket, refused):
                await in_thread(self._end_known, oa)
            else:
                await self._failed(str(refused.code))
        except ZaloError:
            await self._put_off(UNREACHABLE)
        except Refusal:
            await self._failed(APP_GONE)
        return None

    async def _settle(self, profile: OaProfile, pair: Pair, oa: OfficialAccount | None, held: Held | None) -> bool:
        ticket = self.ticket
        ticket.found_oa_id = profile.oa_id or ticket.found_oa_id
        ticket.found_name = profile.name or ticket.found_name
        if not ticket.found_oa_id:
            return await self._failed(NO_OA)
        known = await in_thread(_known, ticket.found_oa_id)
        if known is None:
            await self._unknown(profile)
        elif held is None or oa is None or known.id != oa.id:
            return await in_thread(self._found)
        else:
            await self._save(held, known, pair, profile)
        return False

    def _found(self) -> bool:
        found = {"found_oa_id": self.ticket.found_oa_id, "found_name": self.ticket.found_name}
        return connect_tickets.move(self._desk.now(), self.ticket, self._owner, **found)

    async def _save(self, held: Held, oa: OfficialAccount, pair: Pair, profile: OaProfile) -> None:
        """The OA works by the new pair, and the ticket has ended: both, or neither."""

        def also() -> None:
            _keep_profile(self._desk, oa, profile)
            self._end_known(oa)

        await in_thread(_move_app, self._desk, oa, self.ticket.app_id)
        await held.save(connect_pairs.as_answer(pair), self.ticket.app_id, issued_at=pair.issued_at, also=also)

    async def _unknown(self, profile: OaProfile) -> None:
        expected = self.ticket.oa
        if expected is not None and expected.oa_id != self.ticket.found_oa_id:
            await self._end(OauthState.WRONG_OA)
        elif not self.ticket.staff.active:
            await self._end(OauthState.DROPPED)
        else:
            await in_thread(connect_tickets.ask, self._desk.now(), self.ticket, profile.raw)

    def _end_known(self, oa: OfficialAccount) -> None:
        """Joins the transaction that saves the pair."""
        self.ticket.found_oa_id, self.ticket.found_name = oa.oa_id, self.ticket.found_name or oa.name
        expected = self.ticket.oa
        right = expected is None or expected.id == oa.id
        state = OauthState.CONNECTED if right else OauthState.WRONG_OA
        connect_tickets.end(self._desk.now(), self.ticket, state)

    async def _failed(self, code: str) -> bool:
        await self._end(OauthState.FAILED, code)
        return False

    async def _end(self, state: OauthState, code: str = "") -> None:
        await in_thread(connect_tickets.end, self._desk.now(), self.ticket, state, code)
        log.info("connect_ended", ticket=self.ticket.id, state=state.value, code=code)

    async def _put_off(self, code: str, **values: int) -> None:
        """Rest for about as long as it has taken until now; give up when what is held has run out at Zalo."""
        now, ticket = self._desk.now(), self.ticket
        since = ticket.used_at or now
        if now >= since + (LIFETIME if ticket.state == OauthState.RETURNED else PAIR_FOR):
            await self._end(OauthState.FAILED, code)
            return
        until = now + min(max(now - since, _SHORTEST_REST), _LONGEST_REST)
        await in_thread(lambda: connect_tickets.put_off(now, ticket, self._owner, until, error_code=code, **values))


def _hinted(ticket: OauthTicket) -> OfficialAccount | None:
    """The OA whose tokens the exchange will probably replace: Zalo's word, else the one expected."""
    return _known(ticket.found_oa_id) or (_known(ticket.oa.oa_id) if ticket.oa is not None else None)


def _known(oa_id: str) -> OfficialAccount | None:
    found: OfficialAccount | None = OfficialAccount.get_or_none(
        OfficialAccount.oa_id == oa_id, OfficialAccount.state != OaState.REMOVED
    )
    return found


def _keys(desk: Desk, ticket: OauthTicket) -> tuple[AppKeys, str, str]:
    keys = apps.keys_of_app(desk, ticket.app_id)
    box = desk.box
    return keys, connect_tickets.opened(box, ticket, "code"), connect_tickets.opened(box, ticket, "verifier")


def _leaves(now: datetime, ticket: OauthTicket, owner: str) -> bool:
    """Commit that an exchange may reach Zalo from here on; people who were removed meanwhile connect nothing."""
    if not ticket.staff.active:
        connect_tickets.end(now, ticket, OauthState.DROPPED)
        return False
    return connect_tickets.move(now, ticket, owner, attempts=ticket.attempts + 1)


def _zalo(desk: Desk, ticket: OauthTicket) -> Zalo:
    keys = apps.keys_of_app(desk, ticket.app_id)
    return desk.zalo.for_app(keys) if keys.use_proof else desk.zalo


def _overtaken(oa: OfficialAccount, ticket: OauthTicket, refused: Refused) -> bool:
    """Our pair is dead because the OA was renewed after the exchange: it lives."""
    row = token_pairs.current(oa)
    if refused.error_class is not ErrorClass.TOKEN or row is None or row.state != TokenState.OK:
        return False
    return row.refreshed_at is not None and row.refreshed_at >= ticket.used_at


def _move_app(desk: Desk, oa: OfficialAccount, app_id: str) -> None:
    """Before another app speaks for the OA: what the old one's webhook brought until now still counts."""
    if apps.app_id_of(desk, oa) != app_id:
        OfficialAccount.update(app_since=desk.now()).where(OfficialAccount.id == oa.id).execute()


def _keep_profile(desk: Desk, oa: OfficialAccount, profile: OaProfile) -> None:
    fresh = {"profile": profile.raw, "profile_at": desk.now()}
    OfficialAccount.update(**fresh).where(OfficialAccount.id == oa.id).execute()
