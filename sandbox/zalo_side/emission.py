"""POST /_sandbox/events: make one event or many, sign them as ordered, and tell what the receiver said."""

import asyncio
import json
from typing import Any

from sandbox.zalo_side.answers import JsonObject, dumps
from sandbox.zalo_side.oas import App
from sandbox.zalo_side.orders import Order, make_event
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.signing import Signing
from sandbox.zalo_side.webhooks import Parcel
from sandbox.zalo_side.world import World

MOST = 200_000
BREATH = 200
REVOKED = "permission_revoked"


class Emission:
    """One call of the events control: `spec` is its JSON."""

    def __init__(self, world: World, spec: dict[str, Any]) -> None:
        self._world = world
        if "event_name" in spec:
            spec = {"event": spec["event_name"], **spec}
        self._spec = spec
        self._oa = world.find_oa(spec.get("oa_id"))
        self._count = int(spec.get("count", 1))
        self._copies = 1 + int(spec.get("duplicate", 0))
        self._signing = Signing(spec.get("sign", "good"))
        if not 1 <= self._count <= MOST or self._copies < 1:
            raise ValueError(f"count must be 1 to {MOST}, duplicate 0 or more")
        if not ({"event", "raw", "raw_text"} & set(spec)):
            raise ValueError("event, raw or raw_text is needed")
        self._apps = self._find_apps()

    def _find_apps(self) -> list[App]:
        """The apps that are told: those the OA granted, or the one that is named, granted or not."""
        apps, named = self._world.apps, self._spec.get("app_id")
        if named is not None:
            if str(named) not in apps:
                raise ValueError(f"no app {named} here")
            return [apps[str(named)]]
        if "raw_text" in self._spec or isinstance(self._spec.get("raw"), dict):
            raw = self._spec.get("raw")
            return [apps.get(str(raw.get("app_id")), self._world.app) if isinstance(raw, dict) else self._world.app]
        told = self._world.told(self._oa)
        # Taking a permission back concerns one app; it is the last thing that app hears.
        return told[-1:] if self._spec["event"] == REVOKED else told

    async def run(self) -> JsonObject:
        """Make and send everything; with `wait`, answer only after the receiver did."""
        sent: list[tuple[bytes, list[Parcel]]] = []
        wait = bool(self._spec.get("wait"))
        for place in range(self._count):
            for app, raw, timestamp in self._bodies(place):
                parcels = [self._parcel(app, raw, timestamp, wait=wait) for _ in range(self._copies)]
                for parcel in parcels:
                    self._world.webhook.send(parcel)
                if wait:
                    sent.append((raw, parcels))
            if place % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        answer: JsonObject = {"events": self._count, "posts": self._count * self._copies * len(self._apps)}
        return answer | {"sent": [await _result(raw, parcels) for raw, parcels in sent]} if wait else answer

    def _bodies(self, place: int) -> list[tuple[App, bytes, str]]:
        """For each app that is told: the body as it goes out, and the timestamp to sign with."""
        spec = self._spec
        if "raw_text" in spec:
            raw = str(spec["raw_text"]).encode("utf-8", "surrogatepass")
            return [(self._apps[0], raw, str(spec.get("timestamp", self._world.clock.now_ms())))]
        if isinstance(spec.get("raw"), dict):
            return [(self._apps[0], *self._bytes(spec["raw"]))]
        at = int(spec.get("at", self._world.clock.now_ms())) + (place if "at" in spec else 0)
        made = make_event(Order(self._world, self._oa, self._person(place), spec, at))
        body = self._world.shaped(self._oa, made)
        if spec["event"] == REVOKED:
            for app in self._apps:
                self._world.revoke(self._oa.oa_id, app.app_id)
        return [(app, *self._bytes(self._world.as_told(body, app))) for app in self._apps]

    def _bytes(self, body: JsonObject) -> tuple[bytes, str]:
        raw = json.dumps(body, separators=(",", ":")).encode() if self._spec.get("escape") else dumps(body)
        return raw, str(body.get("timestamp", ""))

    def _person(self, place: int) -> Person:
        """The named person; else a newcomer for a follow, a follower in turn for an unfollow, anybody in turn."""
        people = self._oa.people
        if self._spec.get("user_id") is not None:
            return people.find_or_add(str(self._spec["user_id"]))
        if self._spec["event"] == "follow" or not people.everyone:
            return people.newcomer()
        if self._spec["event"] == "unfollow":
            return next((person for person in people if person.is_follower), people.everyone[0])
        return people.everyone[place % len(people)]

    def _parcel(self, app: App, raw: bytes, timestamp: str, *, wait: bool) -> Parcel:
        zns = bool(self._spec.get("phone")) and self._spec.get("event") == "user_received_message"
        parcel = self._world.pack(app, raw, timestamp, signing=self._signing, zns=zns)
        parcel.first_result = asyncio.get_running_loop().create_future() if wait else None
        return parcel


async def _result(raw: bytes, parcels: list[Parcel]) -> JsonObject:
    """What was sent and the first answer to each copy: an HTTP status, or why there was none."""
    futures = [parcel.first_result for parcel in parcels if parcel.first_result is not None]
    statuses = await asyncio.gather(*futures)
    try:
        body = json.loads(raw)
    except ValueError:
        body = raw.decode("utf-8", "replace")
    return {"body": body, "signature": parcels[0].headers.get("X-ZEvent-Signature"), "statuses": statuses}
