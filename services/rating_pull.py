"""The daily look at the ratings Zalo keeps: what events did not bring."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from db import in_thread, to_ms, write
from models import OfficialAccount, Rating, ZnsTemplate
from services import gateway, ratings
from services.desk import Desk
from services.pacing import Lane
from services.ratings import Rated
from services.templates import DELETED
from zalo import ratings as at_zalo
from zalo.client import Host, Zalo
from zalo.errors import Refused
from zalo.ratings import RatingPage

log = structlog.get_logger(__name__)

# A rating template has tag 2 (zns.md 3.4), older ones one of the names tag 2 or "after the purchase" had (5.1).
RATED_TAGS = ("CUSTOMER_CARE", "ACCOUNT_UPDATE", "GENERAL_UPDATE", "POST_TRANSACTION", "")
FIRST_LOOK = timedelta(days=30)
# How late Zalo's list may show a rating is not documented.
OVERLAP = timedelta(days=1)
MOST_PAGES = 200


async def pull(desk: Desk, oa: OfficialAccount) -> int:
    """Read the new ratings of all templates that may have any; returns how many said something new.

    A template Zalo shows no ratings of (not a rating template, another app's) is left out. Raises ZaloError, Refusal.
    """
    new = 0
    for template in await in_thread(_candidates, oa):
        try:
            new += await _pull_one(desk, oa, template)
        except Refused as refused:
            log.info("no_ratings", oa_id=oa.oa_id, template_id=template.template_id, code=refused.code)
    return new


async def _pull_one(desk: Desk, oa: OfficialAccount, template: ZnsTemplate) -> int:
    until = desk.now()
    since = max(until - FIRST_LOOK, template.ratings_until - OVERLAP) if template.ratings_until else until - FIRST_LOOK
    new = offset = 0
    for _ in range(MOST_PAGES):
        page = await _page(desk, oa, template.template_id, since, until, offset)
        new += await in_thread(_keep, desk.now(), oa, template.template_id, page, until)
        offset += page.entries
        if not page.entries or offset >= page.total:
            await in_thread(_read_until, template, until)
            break
    return new


async def _page(
    desk: Desk, oa: OfficialAccount, template_id: str, since: datetime, until: datetime, offset: int
) -> RatingPage:
    async def work(zalo: Zalo, token: str) -> RatingPage:
        return await at_zalo.list_ratings(zalo, token, template_id, since, until, offset)

    return await gateway.call(desk, oa, work, lane=Lane.BACKGROUND, host=Host.BUSINESS)


def _keep(now: datetime, oa: OfficialAccount, template_id: str, page: RatingPage, until: datetime) -> int:
    with write():
        return ratings.record(
            now,
            [
                Rated(
                    oa.oa_id, each.msg_id, each.tracking_id, each.rate, each.note, each.feedbacks,
                    to_ms(each.at or until), template_id,
                )
                for each in page.items
            ],
        )  # fmt: skip


def _candidates(oa: OfficialAccount) -> list[ZnsTemplate]:
    rated = Rating.select(Rating.template_id).where(Rating.oa_id == oa.oa_id)
    wanted = ZnsTemplate.tag.in_(RATED_TAGS) | ZnsTemplate.template_id.in_(rated)
    mine = (ZnsTemplate.oa == oa.id, ZnsTemplate.status.not_in([DELETED, ""]), wanted)
    return list(ZnsTemplate.select().where(*mine).order_by(ZnsTemplate.id))


def _read_until(template: ZnsTemplate, until: datetime) -> None:
    ZnsTemplate.update(ratings_until=until).where(ZnsTemplate.id == template.id).execute()
