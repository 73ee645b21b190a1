"""The whole state of the local Zalo, and how an event leaves it."""

import asyncio
from random import Random

from sandbox.options import Options
from sandbox.zalo_side.answers import JsonObject, dumps
from sandbox.zalo_side.chats import Chats
from sandbox.zalo_side.clock import SandboxClock
from sandbox.zalo_side.default_templates import default_templates
from sandbox.zalo_side.faults import Faults
from sandbox.zalo_side.ledger import Ledger
from sandbox.zalo_side.media import Shelf
from sandbox.zalo_side.names import oa_name
from sandbox.zalo_side.oas import App, Oa
from sandbox.zalo_side.people import Directory, digits
from sandbox.zalo_side.rates import Rates
from sandbox.zalo_side.receipts import ReceiptTimes
from sandbox.zalo_side.signing import Signing, signature
from sandbox.zalo_side.templates import Template
from sandbox.zalo_side.timers import Timers
from sandbox.zalo_side.tokens import TokenStore
from sandbox.zalo_side.uploads import Uploads
from sandbox.zalo_side.webhooks import Parcel, WebhookSender
from sandbox.zalo_side.zns_log import ZnsLog

APP_ID = "4101110220330440550"
APP_SECRET = "SandboxAppSecret0001"
WEBHOOK_SECRET = "SandboxOaSecretKey01"
FIRST_OA_ID = "2902001003004005006"
ADMIN_PHONE = "84901234567"


class World:
    """The apps, the OAs and everything they own. Lives in one event loop."""

    def __init__(self, options: Options, clock: SandboxClock | None = None) -> None:
        self.options = options
        self.media = Shelf()
        self.clock = clock or SandboxClock()
        self.timers = Timers(self.clock)
        self.random = Random(options.seed)
        self.app = App(APP_ID, APP_SECRET, WEBHOOK_SECRET, name="OA Desk")
        self.apps = {APP_ID: self.app}
        self.tokens = TokenStore()
        self.rates = Rates()
        self.faults = Faults(self.clock)
        self.ledger = Ledger()
        self.zns_log = ZnsLog()
        self.uploads = Uploads(self.media)
        self.receipts = ReceiptTimes(enabled=options.receipts)
        self.webhook = WebhookSender(self.clock, self.timers, options.webhook_url, options.retry_scale)
        self.oas: dict[str, Oa] = {}
        self.templates: dict[str, dict[str, Template]] = {}
        self.chats: dict[str, Chats] = {}
        for index in range(options.oas):
            self._open_oa(index)

    @property
    def base(self) -> str:
        """The sandbox's own address, known once it listens."""
        return self.media.base

    @base.setter
    def base(self, address: str) -> None:
        self.media.base = address

    def _open_oa(self, index: int) -> None:
        oa_id = FIRST_OA_ID if index == 0 else digits(f"oa:{index}", first="2")
        people = Directory(oa_id, self.app.app_id, self.options.seed)
        people.populate(self.options.followers, self.clock.now_ms())
        name = oa_name(index)
        oa = Oa(oa_id, name, people, description=f"{name}, tài khoản mẫu chạy trên máy này")
        oa.admins = {ADMIN_PHONE, *(person.phone for person in people.everyone[:3])}
        self.oas[oa_id] = oa
        self.templates[oa_id] = {template.template_id: template for template in default_templates()}
        self.chats[oa_id] = Chats()
        self.let(oa_id, self.app.app_id)
        self.tokens.issue(oa_id, self.app.app_id, self.clock.now_ms())

    def find_oa(self, oa_id: object) -> Oa:
        """The OA of a control order, the first one when it names none. Raises ValueError for a stranger."""
        if oa_id is None:
            return next(iter(self.oas.values()))
        if str(oa_id) not in self.oas:
            raise ValueError(f"no OA {oa_id} here")
        return self.oas[str(oa_id)]

    def let(self, oa_id: str, app_id: str) -> None:
        """The OA grants the app; from now on the app is told its events."""
        granted = self.oas[oa_id].granted
        if app_id not in granted:
            granted.append(app_id)

    def revoke(self, oa_id: str, app_id: str) -> None:
        """The OA takes the permission back: no tokens, no events."""
        granted = self.oas[oa_id].granted
        if app_id in granted:
            granted.remove(app_id)
        self.tokens.revoke(oa_id, app_id)

    def told(self, oa: Oa) -> list[App]:
        """The apps that hear of what happens at this OA."""
        return [self.apps[app_id] for app_id in oa.granted]

    def today(self) -> str:
        """The Vietnam date by the sandbox clock, YYYY-MM-DD."""
        return self.clock.now().date().isoformat()

    def emit(self, oa_id: str, body: JsonObject, *, zns: bool = False) -> None:
        """Sign an event and put it on its way to the apps of the OA; with nobody to tell, it is only counted."""
        if self.webhook.url is None:
            self.webhook.health.counts["dropped"] += 1
            return
        body = self.shaped(self.oas[oa_id], body)
        for app in self.told(self.oas[oa_id]):
            mine = self.as_told(body, app)
            self.webhook.send(self.pack(app, dumps(mine), str(mine["timestamp"]), zns=zns))

    def shaped(self, oa: Oa, body: JsonObject) -> JsonObject:
        """The event with its timestamp as this OA's switch wants it."""
        if oa.shapes.timestamps != "number" or not str(body.get("timestamp", "")).isdigit():
            return body
        return body | {"timestamp": int(body["timestamp"])}

    def as_told(self, body: JsonObject, app: App) -> JsonObject:
        """An event made for the first app as another one gets it: its own id, and its own ids of people."""
        if app is self.app:
            return body
        changed = {"app_id": app.app_id}
        if "user_id_by_app" in body:
            changed["user_id_by_app"] = digits(f"{app.app_id}:{body['user_id_by_app']}", first="8")
        return body | changed

    def pack(
        self, app: App, raw: bytes, timestamp: str, *, signing: Signing = Signing.GOOD, zns: bool = False
    ) -> Parcel:
        """The bytes with their headers, ready to send, signed with the app's OA Secret Key."""
        headers = {"Content-Type": "application/json"}
        mac = signature(signing, app.app_id, raw, timestamp, app.webhook_secret)
        if mac is not None:
            headers["X-ZEvent-Signature"] = mac
        if zns:
            headers["X-ZEvent-Server"] = "ZNS"
        return Parcel(raw, headers)

    async def start(self) -> None:
        await self.webhook.start()

    async def stop(self) -> None:
        self.timers.stop()
        await self.webhook.stop()
        await asyncio.sleep(0)
