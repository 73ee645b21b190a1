"""services/handles.py: a file is uploaded once for each OA, serves for six days, and again when Zalo lost it."""

from __future__ import annotations

import asyncio
import threading

import pytest
from media_desk import follower, queue, send, sent

from models import Delivery, DeliveryState, ZaloUpload
from services import contents, handles, uploads
from services.errors import NotFound
from tests.sample_files import PDF, moving, picture
from zalo.errors import NotSent

S = DeliveryState


@pytest.fixture
def name(shop):
    return uploads.keep_image(shop.desk(), picture()).name


def uploaded(shop):
    """How many uploads reached Zalo."""
    return shop.zalo.get("/_sandbox/state")["counters"]["uploads"]


def asked(shop, name, kind="image", **more):
    return shop.run(lambda desk: handles.handle(desk, shop.again(shop.oa), name, kind, **more))


def fault(shop, match, kind, **more):
    shop.zalo.post("/_sandbox/faults", {"match": match, "kind": kind, **more})


def element(message):
    return message["body"]["message"]["attachment"]["payload"]["elements"][0]


def test_one_upload_serves_many_messages(shop, lan, name):
    """Two people, one picture, one of the 5,000 uploads a month."""
    for index in range(2):
        row = sent(shop, lan, contents.image(upload=name), follower(shop, index))
        assert row.state == S.SENT
    assert uploaded(shop) == 1
    assert len({element(message)["attachment_id"] for message in shop.zalo.messages()}) == 1


def test_many_messages_at_once_upload_once(shop, lan, name):
    """A batch with one new picture does not upload it for every row."""
    for index in range(4):
        queue(shop, lan, contents.image(upload=name), follower(shop, index))
    assert send(shop) == 4
    assert [row.state for row in Delivery.select()] == [S.SENT] * 4
    assert uploaded(shop) == 1


def test_an_upload_serves_for_six_days(shop, name):
    """Zalo keeps it for seven at most; on the seventh a message could be under way for too long."""
    first = asked(shop, name)
    shop.advance(days=5, hours=23)
    assert asked(shop, name) == first
    shop.advance(hours=1)
    second = asked(shop, name)
    assert (second != first, uploaded(shop)) == (True, 2)
    (row,) = ZaloUpload.select()
    assert (row.handle, row.uploaded_at) == (second, shop.clock.now())


def test_every_oa_has_uploads_of_its_own(shop, name):
    """An id of one OA is worth nothing to another."""
    ZaloUpload.create(oa_id="77", name=name, kind="image", handle="theirs", uploaded_at=shop.clock.now())
    assert asked(shop, name) != "theirs"
    assert handles.forget(shop.oa, ["theirs"]) == 0
    assert ZaloUpload.select().count() == 2


def test_a_file_under_another_name_is_another_upload(shop):
    """The customer sees the name it was uploaded with."""
    kept = uploads.keep_file(shop.desk(), PDF, "a.pdf")
    first = asked(shop, kept.name, "file", filename="Báo giá.pdf")
    assert asked(shop, kept.name, "file", filename="Hợp đồng.pdf") != first
    assert asked(shop, kept.name, "file", filename="Báo giá.pdf") == first


@pytest.mark.parametrize(("code", "text"), [(-100, "attachment_id was expired"), (-201, "attachment_id is invalid!")])
def test_an_upload_zalo_lost_is_made_again_within_the_attempt(shop, lan, fan, name, code, text):
    """Zalo refused, so it did not act: the second request is no second message, and costs no attempt."""
    old = asked(shop, name)
    fault(shop, "/openapi/v3.0/oa/message/cs", "error", code=code, message=text)
    row = sent(shop, lan, contents.image(upload=name), fan)
    (message,) = shop.zalo.messages()
    assert (row.state, row.attempt, uploaded(shop)) == (S.SENT, 1, 2)
    assert element(message)["attachment_id"] != old
    assert ZaloUpload.get().handle == element(message)["attachment_id"]


def test_an_upload_that_is_lost_again_fails_the_message(shop, lan, fan, name):
    """Once is repaired; for ever would be a loop."""
    fault(shop, "/openapi/v3.0/oa/message/cs", "error", code=-100, times=5)
    row = sent(shop, lan, contents.image(upload=name), fan)
    assert (row.state, row.error_code, row.attempt, uploaded(shop)) == (S.FAILED, "-100", 1, 2)
    assert len(shop.zalo.get("/_sandbox/faults")) == 1
    assert shop.zalo.get("/_sandbox/faults")[0]["hits"] == 2


def test_a_text_is_not_sent_twice_because_of_minus_100(shop, lan, fan):
    """Only what refers to an upload has anything to repair."""
    fault(shop, "/openapi/v3.0/oa/message/cs", "error", code=-100, times=5)
    row = sent(shop, lan, contents.text("Chào"), fan)
    assert (row.state, shop.zalo.get("/_sandbox/faults")[0]["hits"]) == (S.FAILED, 1)


def test_an_expired_upload_at_zalo_is_found_out_by_its_answer(shop, lan, fan, name):
    """Our clock says young, Zalo's says over: what Zalo says counts."""
    old = asked(shop, name)
    shop.advance(days=8)
    ZaloUpload.update(uploaded_at=shop.clock.now()).execute()
    last = int(shop.clock.moment.timestamp() * 1000)
    shop.zalo.post("/_sandbox/users", {"user_id": fan.user_id, "last_interaction": last})
    type(fan).update(last_interaction_at=shop.clock.now()).execute()
    row = sent(shop, lan, contents.image(upload=name), fan)
    assert (row.state, element(shop.zalo.messages()[-1])["attachment_id"] != old) == (S.SENT, True)


@pytest.mark.parametrize("kind", ["gif", "file"])
def test_an_upload_with_an_unknown_outcome_is_made_again_later(shop, lan, fan, kind):
    """An upload nobody refers to reaches nobody: as far as the message goes, nothing was sent."""
    if kind == "gif":
        kept = uploads.keep_image(shop.desk(), moving())
        content = contents.gif(kept.name, kept.width, kept.height)
    else:
        kept = uploads.keep_file(shop.desk(), PDF, "a.pdf")
        content = contents.file(kept.name, kept.original)
    fault(shop, f"/openapi/v2.0/oa/upload/{kind}", "lost_answer")
    row = sent(shop, lan, content, fan)
    assert (row.state, row.attempt) == (S.QUEUED, 1)
    shop.advance(minutes=1)
    send(shop)
    assert (shop.again(row).state, len(shop.zalo.messages())) == (S.SENT, 1)


def test_the_file_is_called_gone_when_it_is(shop, lan, fan, name):
    """Deleted from the disk between the yes and the sending."""
    row = queue(shop, lan, contents.image(upload=name), fan)
    (shop.settings.data_dir / "uploads" / name).unlink()
    with pytest.raises(NotFound):
        asked(shop, name)
    send(shop)
    assert (shop.again(row).state, shop.again(row).error_code) == (S.FAILED, "image.gone")


def test_a_file_at_zalo_goes_out_although_the_disk_lost_it(shop, lan, fan, name):
    """Another machine's worker has not the picture; Zalo has."""
    asked(shop, name)
    row = queue(shop, lan, contents.image(upload=name), fan)
    (shop.settings.data_dir / "uploads" / name).unlink()
    send(shop)
    assert shop.again(row).state == S.SENT


def test_two_processes_that_upload_at_once_keep_one_row(shop, name):
    """Whichever comes last; both ids are good."""
    key = (shop.oa.oa_id, name, "image", "")
    start, problems = threading.Barrier(4), []

    def store(number):
        import db

        try:
            with db.database.connection_context():
                start.wait(10)
                handles._store(shop.desk(), key, f"handle-{number}")
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert problems == []
    assert ZaloUpload.select().count() == 1


def test_no_lock_outlives_its_upload(shop, name):
    """Pictures come and go; what kept their uploads apart goes with them."""

    async def many(desk):
        await asyncio.gather(*(handles.handle(desk, shop.again(shop.oa), name, "image") for _ in range(5)))

    shop.run(many)
    assert (len(handles._locks), uploaded(shop)) == (0, 1)


def test_an_upload_is_given_up_with_its_request(shop, name):
    """No answer is no handle, and nothing is kept of it."""
    fault(shop, "/openapi/v2.0/oa/upload", "http_502")
    with pytest.raises(NotSent):
        asked(shop, name)
    assert ZaloUpload.select().count() == 0
