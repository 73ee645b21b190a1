"""The OA host: one table of paths, one way through the gate, HTTP 200 whatever happens."""

from aiohttp import web

from sandbox.zalo_side import chat, directory, history, legacy, profile, quotas, tags, uid, upload
from sandbox.zalo_side.answers import Refusal, respond
from sandbox.zalo_side.call import Call, Endpoint
from sandbox.zalo_side.gate import admit, check_switches
from sandbox.zalo_side.world import World

# getoa answers on every package; the others need one with the Open API.
FREE = {"/v2.0/oa/getoa"}

ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/v2.0/oa/getoa"): profile.get_oa,
    ("GET", "/v3.0/oa/user/getlist"): directory.list_users,
    ("GET", "/v3.0/oa/user/detail"): directory.user_detail,
    ("POST", "/v3.0/oa/user/update"): directory.update_user,
    ("POST", "/v2.0/oa/tag/tagfollower"): tags.tag_user,
    ("POST", "/v2.0/oa/tag/rmfollowerfromtag"): tags.untag_user,
    ("POST", "/v2.0/oa/tag/rmtag"): tags.remove_tag,
    ("GET", "/v2.0/oa/tag/gettagsofoa"): tags.list_tags,
    ("POST", "/v2.0/oa/upload/image"): upload.image,
    ("POST", "/v2.0/oa/upload/gif"): upload.gif,
    ("POST", "/v2.0/oa/upload/file"): upload.file,
    ("POST", "/v3.0/oa/message/cs"): chat.consult,
    ("POST", "/v3.0/oa/message/template"): uid.send_template,
    ("POST", "/v3.0/oa/message/promotion"): legacy.promote,
    ("POST", "/v3.0/oa/message/transaction"): legacy.transact,
    ("POST", "/v2.0/oa/message"): chat.old_message,
    ("POST", "/v3.0/oa/quota/message"): quotas.message_quota,
    ("POST", "/v2.0/oa/quota/message"): quotas.old_message_quota,
    ("GET", "/v2.0/oa/listrecentchat"): history.recent_chats,
    ("GET", "/v2.0/oa/conversation"): history.conversation,
}


class OpenApi:
    """The request handler of everything below /openapi."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def answer(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/openapi")
        endpoint = ENDPOINTS.get((request.method, path))
        headers: dict[str, str] = {}
        try:
            if endpoint is None:
                raise legacy.EMPTY_API
            now = self._world.clock.now_ms()
            oa, headers, over = admit(self._world, request, now)
            if over is not None:
                raise over
            check_switches(oa, paid_package=path not in FREE)
            body = await endpoint(Call(self._world, oa, request, now))
        except Refusal as refusal:
            body = refusal.body()
        return respond(body, self._world.clock.http_date(), headers)
