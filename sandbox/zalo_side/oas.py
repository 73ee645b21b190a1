"""The Official Accounts, the apps they granted, and every switch that can stop them."""

from dataclasses import dataclass, field

from sandbox.zalo_side.people import Directory
from sandbox.zalo_side.quality import QualityBook
from sandbox.zalo_side.shapes import Shapes
from sandbox.zalo_side.wallet import Wallet

# Requests a minute on the openapi host, by package; packages not named here have no Open API at all.
PACKAGE_RATES = {"Tăng trưởng": 100, "Toàn diện": 2000}
APP_RATE = 4000


@dataclass(slots=True)
class App:
    """One app of the developer console. `redirect_uri` None accepts any callback."""

    app_id: str
    secret: str
    webhook_secret: str
    redirect_uri: str | None = None
    use_proof: bool = False
    rate: int = APP_RATE
    name: str = ""


@dataclass(slots=True)
class Switches:
    """What Zalo's consoles switch on; each False stops something with its own error number."""

    enabled: bool = True
    app_enabled: bool = True
    app_active: bool = True
    product_registered: bool = True
    permission_granted: bool = True
    verified: bool = True
    linked_zca: bool = True
    zns_blocked: bool = False
    charge_fails: bool = False
    promotion_needs_relation: bool = True
    old_quota_numbers: bool = False
    """True: cs answers carry remain and total, as before March 2026."""
    stale_quotes_refused: bool = False
    """True: quoting a message that the sandbox does not know is -201, as one integration reports (oa-api 5.1)."""
    tracking_id_required: bool = False
    """True: a ZNS without tracking_id is -132, as the text of 2026 has it (zns 1.1)."""
    expired_code_220: bool = False
    """True: an expired access token is answered -220 instead of -216."""


@dataclass(slots=True)
class ZnsQuota:
    """Counters that a Vietnam midnight or a first of the month resets; `daily` and `monthly_promotion` are limits."""

    daily: int = 500_000
    monthly_promotion: int = 10_000
    development: int = 1_000
    sent_today: int = 0
    promoted_this_month: int = 0
    day: str = ""
    month: str = ""

    def roll(self, day: str) -> None:
        """Start new counters when `day` (YYYY-MM-DD) is another day or month than the last one."""
        if day == self.day:
            return
        if day[:7] != self.month:
            self.month, self.promoted_this_month = day[:7], 0
        self.day, self.sent_today = day, 0


@dataclass(slots=True)
class Asset:
    """An allowance that was bought or given: messages of one product, by this OA or by its app."""

    asset_id: str
    product_type: str = "transaction"
    quota_type: str = "purchase_quota"
    total: int = 1000
    remain: int = 1000
    valid_through: str = "31/12/2027"
    owner_type: str = "OA"


@dataclass(slots=True)
class Oa:
    """One Official Account."""

    oa_id: str
    name: str
    people: Directory
    description: str = ""
    package: str = "Toàn diện"
    package_valid_through: str = "31/12/2027"
    rate: int | None = None
    """Requests a minute when it should differ from the package's."""
    transaction_price: int = 165
    media_price: int = 165
    """What a media message of the older form cost is not known; this is what a transaction message cost."""
    media_total: int = 4
    """Media and promotion messages a person may get from this OA in a month: 4 or 30, readings differ (oa-api 7)."""
    upload_total: int = 5000
    """Uploads of each kind in a month (oa-api 9.1)."""
    free_cs_left: int = 2000
    free_cs_total: int = 2000
    quality: str = "HIGH"
    quality_7_days: str = "HIGH"
    granted: list[str] = field(default_factory=list)
    """Ids of the apps that may speak for it, in the order of their first grant; each is told every event."""
    admins: set[str] = field(default_factory=set)
    """Phones that test templates may be sent to."""
    switches: Switches = field(default_factory=Switches)
    quota: ZnsQuota = field(default_factory=ZnsQuota)
    wallet: Wallet = field(default_factory=Wallet)
    shapes: Shapes = field(default_factory=Shapes)
    assets: list[Asset] = field(default_factory=list)
    tags: list[str] = field(default_factory=lambda: ["TRANSACTION", "CUSTOMER_CARE", "PROMOTION"])
    """What message/template-tag lists; a template of another tag is refused -145."""
    media_today: tuple[str, int] = ("", 0)
    """A day and how many media messages were asked for in it."""
    book: QualityBook = field(default_factory=QualityBook)

    def requests_a_minute(self) -> int:
        return self.rate if self.rate is not None else PACKAGE_RATES.get(self.package, 100)
