"""The Official Account API: profile, users, uploads and messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from zalo.client import Answer, Call, Host, Zalo
from zalo.errors import PerhapsSent, Table
from zalo.payload import as_date, as_dict, as_id, as_int, as_list, as_moment, as_text
from zalo.shared_info import SharedInfo, read_shared_info

PAGE = 50  # users in one page of the list, at most


@dataclass(frozen=True, slots=True)
class OaProfile:
    """An OA as Zalo shows it; `package_name` is display text, never a thing to decide by."""

    oa_id: str | None
    name: str
    description: str
    is_verified: bool
    num_follower: int | None
    package_name: str | None
    package_valid_through: date | None
    linked_zca: str | None
    avatar: str | None
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of the user list; `server_date` is Zalo's clock at that moment."""

    total: int
    user_ids: tuple[str, ...]
    server_date: datetime | None


@dataclass(frozen=True, slots=True)
class UserDetail:
    """One user of an OA; `is_follower` None means Zalo did not say."""

    user_id: str
    user_id_by_app: str | None
    display_name: str
    alias: str | None
    is_follower: bool | None
    is_sensitive: bool
    last_interaction_date: date | None
    avatar: str | None
    tag_names: tuple[str, ...]
    notes: tuple[str, ...]
    shared_info: SharedInfo
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Zalo took the message. `quota` is None when the message is charged or Zalo no longer says."""

    message_id: str
    user_id: str | None
    sent_at: datetime | None
    quota: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Allowance:
    """Messages an OA may send without paying for each; None where Zalo says no number. `until` is as Zalo writes it."""

    product_type: str
    quota_type: str
    total: int | None
    remain: int | None
    until: str


async def get_profile(zalo: Zalo, token: str) -> OaProfile:
    """The OA that the token belongs to. Raises ZaloError."""
    data = as_dict((await _get(zalo, token, "/v2.0/oa/getoa")).data)
    return OaProfile(
        oa_id=as_id(data.get("oa_id")) or as_id(data.get("oaid")),  # sources disagree on the name; both are read
        name=as_text(data.get("name")) or "",
        description=as_text(data.get("description")) or "",
        is_verified=_flag(data.get("is_verified")) or False,
        num_follower=as_int(data.get("num_follower")),
        package_name=as_text(data.get("package_name")),
        package_valid_through=as_date(data.get("package_valid_through_date")),
        linked_zca=as_text(data.get("linked_ZCA")) or as_text(data.get("linked_zca")),
        avatar=as_text(data.get("avatar")),
        raw=data,
    )


async def list_users(
    zalo: Zalo,
    token: str,
    *,
    offset: int,
    count: int = PAGE,
    tag_name: str | None = None,
    period: str | None = None,
    is_follower: bool | None = None,
) -> UserPage:
    """One page of at most 50 users; `offset` up to 9,951. Raises ZaloError, PerhapsSent for an answer without total.

    `period` is TODAY, YESTERDAY, L7D, L30D or YYYY_MM_DD:YYYY_MM_DD.
    """
    query: dict[str, Any] = {"offset": offset, "count": count}
    if tag_name is not None:
        query["tag_name"] = tag_name
    if period is not None:
        query["last_interaction_period"] = period
    if is_follower is not None:
        query["is_follower"] = "true" if is_follower else "false"  # Zalo's own samples send text
    answer = await _get(zalo, token, "/v3.0/oa/user/getlist", query)
    data = as_dict(answer.data)
    total = as_int(data.get("total"))
    if total is None:  # never taken for an empty list: everybody would seem to have unfollowed
        raise PerhapsSent("/v3.0/oa/user/getlist: the answer has no total", status=200)
    found = (as_id(as_dict(user).get("user_id")) for user in as_list(data.get("users")))
    return UserPage(total, tuple(user for user in found if user), answer.server_date)


async def get_user(zalo: Zalo, token: str, user_id: str) -> UserDetail:
    """One user's profile. Raises Refused -213 or -201 for somebody the OA does not know."""
    answer = await _get(zalo, token, "/v3.0/oa/user/detail", {"user_id": user_id})
    data = as_dict(answer.data)
    labels = as_dict(data.get("tags_and_notes_info"))
    return UserDetail(
        user_id=as_id(data.get("user_id")) or user_id,
        user_id_by_app=as_id(data.get("user_id_by_app")),
        display_name=as_text(data.get("display_name")) or "",
        alias=as_text(data.get("user_alias")),
        is_follower=_flag(data.get("user_is_follower")),
        is_sensitive=_flag(data.get("is_sensitive")) or False,
        last_interaction_date=as_date(data.get("user_last_interaction_date")),
        avatar=as_text(data.get("avatar")),
        tag_names=_texts(labels.get("tag_names")),
        notes=_texts(labels.get("notes")),
        shared_info=read_shared_info(as_dict(data.get("shared_info"))),
        raw=data,
    )


async def upload_image(zalo: Zalo, token: str, filename: str, data: bytes, content_type: str) -> str:
    """Upload a jpg or png of at most 1 MB; the attachment id lives 7 days. Raises ZaloError."""
    return await _upload(zalo, token, "image", (filename, data, content_type), "attachment_id")


async def upload_gif(zalo: Zalo, token: str, filename: str, data: bytes, content_type: str) -> str:
    """Upload a gif of at most 5 MB; the attachment id lives 7 days. Raises ZaloError."""
    return await _upload(zalo, token, "gif", (filename, data, content_type), "attachment_id")


async def upload_file(zalo: Zalo, token: str, filename: str, data: bytes, content_type: str) -> str:
    """Upload a pdf, doc, docx or csv of at most 5 MB; the file token lives 7 days. Raises ZaloError."""
    return await _upload(zalo, token, "file", (filename, data, content_type), "token")


async def send_message(zalo: Zalo, token: str, body: Mapping[str, Any]) -> SentMessage:
    """Send a consultation message built by `zalo.messages`, once.

    Raises PerhapsSent when it may have gone out (Zalo has no way to ask), NotSent when it surely did not.
    """
    return await _send(zalo, token, "/v3.0/oa/message/cs", body)


async def send_template(zalo: Zalo, token: str, body: Mapping[str, Any]) -> SentMessage:
    """Send an approved template to a user id, built by `zalo.messages.template`, once. Raises as `send_message`."""
    return await _send(zalo, token, "/v3.0/oa/message/template", body)


async def send_promotion(zalo: Zalo, token: str, body: Mapping[str, Any]) -> SentMessage:
    """Send a media message built by `zalo.documents.promotion`, once. Raises as `send_message`.

    The address was announced to close on 2026-03-01; what it answers since nobody recorded (oa-api.md 6: CONFLICT).
    """
    return await _send(zalo, token, "/v3.0/oa/message/promotion", body)


async def send_transaction(zalo: Zalo, token: str, body: Mapping[str, Any]) -> SentMessage:
    """Send a transaction message built by `zalo.documents.transaction`, once. Raises as `send_message`.

    As with `send_promotion`, the address may be closed.
    """
    return await _send(zalo, token, "/v3.0/oa/message/transaction", body)


async def message_quota(zalo: Zalo, token: str, user_id: str) -> dict[str, Any]:
    """What may be sent to a user, and `last_interaction` in epoch ms; every part may be absent."""
    return as_dict((await _post(zalo, token, "/v3.0/oa/quota/message", {"user_id": user_id})).data)


async def owner_quota(zalo: Zalo, token: str, *, owner: str = "OA", **which: str) -> list[Allowance]:
    """The allowances of consultation and transaction messages beyond what is free. Raises ZaloError.

    `which` narrows: product_type (cs, transaction), quota_type (sub_quota, purchase_quota, reward_quota). Where the
    list stands is in conflict (oa-api.md 9.2): in `data` itself, in `data.asset` or in `data.assets`.
    """
    data = (await _post(zalo, token, "/v3.0/oa/quota/message", {"quota_owner": owner, **which})).data
    held = as_dict(data)
    listed = data if isinstance(data, list) else held.get("asset") or held.get("assets")
    return [_allowance(as_dict(item)) for item in as_list(listed) if isinstance(item, dict)]


async def list_tags(zalo: Zalo, token: str) -> list[str]:
    """Names of all tags of the OA. Raises ZaloError."""
    return list(_texts((await _get(zalo, token, "/v2.0/oa/tag/gettagsofoa")).data))


async def _get(zalo: Zalo, token: str, path: str, data: Mapping[str, Any] | None = None) -> Answer:
    return await zalo.call(Call("GET", Host.OPENAPI, path, Table.OA, token=token, data=data))


async def _post(zalo: Zalo, token: str, path: str, body: Mapping[str, Any]) -> Answer:
    return await zalo.call(Call("POST", Host.OPENAPI, path, Table.OA, token=token, json=body))


async def _send(zalo: Zalo, token: str, path: str, body: Mapping[str, Any]) -> SentMessage:
    answer = await _post(zalo, token, path, body)
    data = as_dict(answer.data)
    message_id = as_id(data.get("message_id"))
    if message_id is None:
        raise PerhapsSent(f"{path}: accepted without a message id", status=200)
    quota = data.get("quota")
    return SentMessage(
        message_id=message_id,
        user_id=as_id(data.get("user_id")),
        # Of templates, sources have it inside and outside `data` (zns.md 1.5: CONFLICT); both are read.
        sent_at=as_moment(data.get("sent_time")) or as_moment(answer.body.get("sent_time")),
        quota=quota if isinstance(quota, dict) else None,
    )


async def _upload(zalo: Zalo, token: str, kind: str, file: tuple[str, bytes, str], key: str) -> str:
    path = f"/v2.0/oa/upload/{kind}"
    answer = await zalo.call(Call("POST", Host.OPENAPI, path, Table.OA, token=token, files={"file": file}))
    handle = as_dict(answer.data).get(key)
    if not isinstance(handle, str) or not handle:
        raise PerhapsSent(f"{path}: accepted without {key}", status=200)
    return handle


def _allowance(item: dict[str, Any]) -> Allowance:
    return Allowance(
        product_type=as_text(item.get("product_type")) or "",
        quota_type=as_text(item.get("quota_type")) or "",
        total=as_int(item.get("total")),
        remain=as_int(item.get("remain")),
        until=as_text(item.get("valid_through")) or "",
    )


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for item in as_list(value) if (text := as_text(item)))
