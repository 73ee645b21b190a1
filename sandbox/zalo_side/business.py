"""The ZNS host: sends, status, quota, quality and templates."""

from aiohttp import web

from sandbox.zalo_side.answers import JsonObject, Refusal, respond
from sandbox.zalo_side.call import Call, Endpoint, whole
from sandbox.zalo_side.gate import proof_holds, token_owner
from sandbox.zalo_side.shapes import number_or_text
from sandbox.zalo_side.template_data import zns_refusal
from sandbox.zalo_side.templates import STATUS_NUMBERS, Template
from sandbox.zalo_side.world import World
from sandbox.zalo_side.zns import send_by_hash, send_by_phone

MAX_LIMIT = 100


def _success(data: object) -> JsonObject:
    return {"error": 0, "message": "Success", "data": data}


def _whole(call: Call, name: str) -> int:
    number = whole(call.request.query.get(name, ""))
    if number is None:
        raise zns_refusal(-132, name)
    return number


def _asked_template(call: Call) -> Template:
    template_id = call.request.query.get("template_id", "")
    template = call.world.templates[call.oa.oa_id].get(template_id)
    if template is None:
        raise zns_refusal(-109)
    template.roll(call.world.today())
    return template


async def message_status(call: Call) -> JsonObject:
    """1 delivered, 0 accepted and not (yet) on the phone, -1 not found. -107 for an id of another form."""
    msg_id = call.request.query.get("message_id", "")
    if not msg_id or len(msg_id) > 64 or not msg_id.isalnum():
        raise zns_refusal(-107)
    sent = call.world.zns_log.find(msg_id)
    if sent is None or sent.oa_id != call.oa.oa_id:
        return _success({"delivery_time": None, "message": "The message was not found", "status": -1})
    if sent.delivered_at is None:
        return _success({"delivery_time": None, "message": "The message was accepted by Zalo", "status": 0})
    text = "The message was delivered to the user's phone"
    return _success({"delivery_time": str(sent.delivered_at), "message": text, "status": 1})


async def message_quota(call: Call) -> JsonObject:
    quota = call.oa.quota
    quota.roll(call.world.today())
    promotion = quota.monthly_promotion
    left = max(0, promotion - quota.promoted_this_month)
    book = call.oa.book
    estimate = book.estimate(call.world.clock.now().date()) if book.useful else promotion
    numbers = {
        "dailyQuota": quota.daily,
        "remainingQuota": max(0, quota.daily - quota.sent_today),
        "monthlyPromotionQuota": promotion,
        "remainingMonthlyPromotionQuota": left,
        "estimatedNextMonthPromotionQuota": estimate,
    }
    # The two daily promotion numbers have been null since 2024-11-01 (zns 2.2).
    empty = {"dailyQuotaPromotion": None, "remainingQuotaPromotion": None}
    shape = call.oa.shapes.quota_numbers
    return _success(empty | {name: number_or_text(number, shape, int) for name, number in numbers.items()})


async def quality(call: Call) -> JsonObject:
    return _success({"oaCurrentQuality": call.oa.quality, "oa7dayQuality": call.oa.quality_7_days})


async def template_tags(call: Call) -> JsonObject:
    return _success(list(call.oa.tags))


async def list_templates(call: Call) -> JsonObject:
    """A page of the OA's templates, of one status or of all."""
    offset, limit = _whole(call, "offset"), _whole(call, "limit")
    if limit > MAX_LIMIT:
        raise zns_refusal(-132, "limit")
    found = list(call.world.templates[call.oa.oa_id].values())
    wanted = call.request.query.get("status")
    if wanted is not None:
        if wanted not in STATUS_NUMBERS:
            raise zns_refusal(-132, "status")
        found = [template for template in found if template.status is STATUS_NUMBERS[wanted]]
    page = [template.listed(call.oa.shapes.template_ids) for template in found[offset : offset + limit]]
    return _success(page) | {"metadata": {"total": len(found)}}


async def template_info(call: Call) -> JsonObject:
    return _success(_detail(call, buttons=True))


async def old_template_info(call: Call) -> JsonObject:
    return _success(_detail(call, buttons=False))


def _detail(call: Call, *, buttons: bool) -> JsonObject:
    template = _asked_template(call)
    preview = f"{call.world.base}/_sandbox/preview/{call.oa.oa_id}/{template.template_id}"
    return template.detail(preview, buttons=buttons, ids=call.oa.shapes.template_ids)


async def sample_data(call: Call) -> JsonObject:
    return _success(_asked_template(call).sample)


async def ratings(call: Call) -> JsonObject:
    """The answers people gave to a rating template, in the asked time; by GET, by POST or by both."""
    if call.oa.shapes.rating_method not in ("any", call.request.method):
        raise zns_refusal(-106)
    template = _asked_template(call)
    start, end = _whole(call, "from_time"), _whole(call, "to_time")
    offset, limit = _whole(call, "offset"), _whole(call, "limit")
    given = call.world.zns_log.ratings.get(f"{call.oa.oa_id}:{template.template_id}", [])
    found = [rating for rating in given if start <= int(str(rating["submitDate"])) <= end]
    page = found[offset : offset + limit]
    if call.oa.shapes.ratings == "old":
        page = [_old_rating(rating) for rating in page]
    return _success({"total": len(found), "data": page})


def _old_rating(rating: JsonObject) -> JsonObject:
    kept = {name: value for name, value in rating.items() if name not in ("feedbacks", "rating_type", "option")}
    return kept | {"feedback": rating["feedbacks"]}


ENDPOINTS: dict[str, tuple[tuple[str, ...], Endpoint]] = {
    "/message/template": (("POST",), send_by_phone),
    "/message/template/hashphone": (("POST",), send_by_hash),
    "/message/status": (("GET",), message_status),
    "/message/quota": (("GET",), message_quota),
    "/message/template-tag": (("GET",), template_tags),
    "/quality": (("GET",), quality),
    "/template/all": (("GET",), list_templates),
    "/template/info/v2": (("GET",), template_info),
    "/template/info": (("GET",), old_template_info),
    "/template/sample-data": (("GET",), sample_data),
    "/rating/get": (("GET", "POST"), ratings),
}


class Business:
    """The request handler of everything below /business. An unknown path is a plain HTTP 404 on this host."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def answer(self, request: web.Request) -> web.Response:
        known = ENDPOINTS.get(request.path.removeprefix("/business"))
        if known is None:
            return web.Response(status=404, text="Not Found", headers={"Date": self._world.clock.http_date()})
        try:
            body = await self._answer(request, *known)
        except Refusal as refusal:
            body = refusal.body()
        return respond(body, self._world.clock.http_date())

    async def _answer(self, request: web.Request, methods: tuple[str, ...], endpoint: Endpoint) -> JsonObject:
        if request.method not in methods:
            raise zns_refusal(-106)
        now = self._world.clock.now_ms()
        owner = token_owner(self._world, request, now)
        if owner is None or owner.expired:
            raise zns_refusal(-124)
        if not proof_holds(request, owner):
            raise zns_refusal(-1241)
        if not owner.oa.switches.app_active:
            raise zns_refusal(-103)
        return await endpoint(Call(self._world, owner.oa, request, now))
