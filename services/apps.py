"""Which Zalo app speaks for an OA: the one of the environment, or one the owner added."""

from __future__ import annotations

from models import OfficialAccount, ZaloApp
from services.desk import Desk
from zalo.client import AppKeys


def keys_of(desk: Desk, oa: OfficialAccount) -> AppKeys:
    """The app's id and secret, as the client wants them. An app nobody knows here gives the environment's."""
    default = desk.app_keys()
    if oa.app_id in {"", default.app_id}:
        return default
    row = ZaloApp.get_or_none(ZaloApp.app_id == oa.app_id)
    if row is None:
        return default
    secret = desk.box.open(row.secret, f"zalo_app:{row.app_id}:secret")
    return AppKeys(app_id=row.app_id, secret=secret, use_proof=default.use_proof)


def app_id_of(desk: Desk, oa: OfficialAccount) -> str:
    """The id of the app that speaks for the OA."""
    return str(oa.app_id or desk.settings.zalo_app_id)
