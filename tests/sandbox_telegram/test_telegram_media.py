"""What people and the bot send besides texts, through an unmodified python-telegram-bot."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from telegram import Bot, InputMediaDocument, InputMediaPhoto, Message, ReplyParameters
from telegram.error import BadRequest
from telegram_server import LAN, PNG, TOKEN, Server

from sandbox.telegram.person import Person, Refused

GIF = b"GIF89a" + (320).to_bytes(2, "little") + (200).to_bytes(2, "little") + b"..."
MEGABYTE = 1024 * 1024


def bot_on(server: Server) -> Bot:
    return Bot(TOKEN, f"{server.base}/telegram/bot", f"{server.base}/telegram/file/bot")


def received(server: Server) -> Message:
    """The newest message as the library reads it."""

    async def read() -> Message:
        async with bot_on(server) as bot:
            message = (await bot.get_updates())[-1].message
            assert message is not None
            return message

    return asyncio.run(read())


def downloaded(server: Server, file: Any) -> bytes:
    async def read() -> bytes:
        async with bot_on(server) as bot:
            return bytes(await (await bot.get_file(file.file_id)).download_as_bytearray())

    return asyncio.run(read())


SENT: list[tuple[str, Callable[[Person], int], bytes]] = [
    ("animation", lambda lan: lan.send_animation(b"mp4", "vui", duration=2), b"mp4"),
    ("video", lambda lan: lan.send_video(b"mp4", "xem", duration=9), b"mp4"),
    ("voice", lambda lan: lan.send_voice(b"OggS", duration=3), b"OggS"),
    ("audio", lambda lan: lan.send_audio(b"ID3", duration=60), b"ID3"),
    ("sticker", lambda lan: lan.send_sticker(PNG), PNG),
    ("document", lambda lan: lan.send_document("a.pdf", b"%PDF-"), b"%PDF-"),
]


@pytest.mark.parametrize(("kind", "send", "data"), SENT, ids=[kind for kind, _, _ in SENT])
def test_each_kind_of_file_reaches_the_bot(
    server: Server, lan: Person, kind: str, send: Callable[[Person], int], data: bytes
) -> None:
    """Under its own field, with its size, and for download."""
    message_id = send(lan)
    message = received(server)
    file = getattr(message, kind)
    assert (message.message_id, file.file_size) == (message_id, len(data))
    assert downloaded(server, file) == data
    assert lan.chat()[-1]["file"]["kind"] == kind


def test_a_moving_picture_is_a_document_too(server: Server, lan: Person) -> None:
    """As Telegram does it for old bots; one that stayed a GIF tells its own size."""
    lan.send_animation(GIF, file_name="meo.gif", caption="mèo")
    message = received(server)
    assert message.animation is not None
    assert message.document is not None
    assert message.animation.file_id == message.document.file_id
    assert (message.animation.mime_type, message.animation.width, message.animation.height) == ("image/gif", 320, 200)
    assert message.caption == "mèo"


def test_a_photo_comes_in_two_sizes_the_largest_last(server: Server, lan: Person) -> None:
    """A bot that takes the first one gets the small one."""
    lan.send_photo(PNG)
    small, large = received(server).photo
    assert (large.width, large.height) == (640, 480)
    assert small.file_id != large.file_id
    assert downloaded(server, large) == PNG


def test_a_place_and_a_card_reach_the_bot(server: Server, lan: Person) -> None:
    """As location and contact, without text."""
    lan.send_location(10.7923119, 106.7820651)
    place = received(server)
    assert place.location is not None
    assert (place.location.latitude, place.location.longitude, place.text) == (10.7923119, 106.7820651, None)
    lan.send_contact("+84901234567", "Lan", "Trần", user_id=LAN)
    card = received(server).contact
    assert card is not None
    assert (card.phone_number, card.first_name, card.last_name, card.user_id) == ("+84901234567", "Lan", "Trần", LAN)


@pytest.mark.parametrize("act", [lambda lan: lan.send_location(91, 0), lambda lan: lan.send_contact("", "Lan")])
def test_no_place_on_earth_and_no_card_without_a_number(lan: Person, act: Callable[[Person], int]) -> None:
    """The sandbox says why."""
    with pytest.raises(Refused):
        act(lan)
    assert len(lan.chat()) == 1


def test_an_answer_carries_the_message_it_answers(server: Server, lan: Person) -> None:
    """Whatever the answer is: a text, a photo, a place; the bot's own message is inside."""
    asked = server.call("sendMessage", chat_id=LAN, text="Khách hỏi giá").result["message_id"]
    answers: list[Callable[[], int]] = [
        lambda: lan.say("100k", reply_to=asked),
        lambda: lan.send_photo(PNG, "bảng giá", reply_to=asked),
        lambda: lan.send_location(10.5, 106.5, reply_to=asked),
        lambda: lan.send_voice(b"OggS", reply_to=asked),
    ]
    for answer in answers:
        answer()
        answered = received(server).reply_to_message
        assert answered is not None
        assert answered.from_user is not None
        assert (answered.message_id, answered.text, answered.from_user.is_bot) == (asked, "Khách hỏi giá", True)


def test_an_album_shares_one_id(server: Server, lan: Person) -> None:
    """Each message of it is an update of its own."""
    lan.send_photo(PNG, "một", album="7")
    lan.send_photo(PNG, album="7")
    updates = server.call("getUpdates").result
    assert [update["message"]["media_group_id"] for update in updates[-2:]] == ["7", "7"]


def test_a_file_may_only_claim_to_be_large(server: Server, lan: Person) -> None:
    """The update tells the size, the bytes are refused; nobody carries 20 MB."""
    lan.send_video(b"mp4", size=21 * MEGABYTE)
    video = received(server).video
    assert video is not None
    assert video.file_size == 21 * MEGABYTE
    with pytest.raises(BadRequest, match=r"[Ff]ile is too big"):
        downloaded(server, video)


def test_the_bot_sends_every_kind_as_an_answer(server: Server, lan: Person) -> None:
    """Voice, video, animation, audio, place, card: each arrives as what it is, under the message it answers."""
    asked = lan.say("Gửi đi")

    async def send() -> None:
        to = ReplyParameters(asked)
        async with bot_on(server) as bot:
            voice = await bot.send_voice(LAN, b"OggS", duration=4, protect_content=True, reply_parameters=to)
            assert voice.voice is not None
            await bot.send_video(LAN, b"mp4", caption="<b>phim</b>", parse_mode="HTML", reply_parameters=to)
            await bot.send_animation(LAN, GIF, filename="a.gif", reply_parameters=to)
            await bot.send_audio(LAN, b"aac", filename="voice.aac", reply_parameters=to)
            await bot.send_location(LAN, 10.79, 106.78, protect_content=True, reply_parameters=to)
            await bot.send_contact(LAN, "84901234567", "Khách", reply_parameters=to)

    asyncio.run(send())
    shown = lan.chat()[-6:]
    assert [(seen["file"] or {"kind": ""})["kind"] for seen in shown] == [
        "voice",
        "video",
        "animation",
        "audio",
        "",
        "",
    ]
    assert {seen["reply_to"] for seen in shown} == {asked}
    assert (shown[0]["protect_content"], shown[0]["file"]["duration"], lan.download(shown[3])) == (True, 4, b"aac")
    assert (shown[1]["html"], shown[4]["location"]) == ("<b>phim</b>", {"latitude": 10.79, "longitude": 106.78})
    assert shown[5]["contact"]["phone_number"] == "84901234567"


def test_the_bot_sends_an_album(server: Server, lan: Person) -> None:
    """Two to ten, pictures apart from files; the caption is the first one's."""

    async def send() -> list[str]:
        async with bot_on(server) as bot:
            media = [InputMediaPhoto(PNG, caption="<i>hai</i>", parse_mode="HTML"), InputMediaPhoto(PNG)]
            sent = await bot.send_media_group(LAN, media)
            assert sent[0].media_group_id == sent[1].media_group_id
            with pytest.raises(BadRequest, match="can't be mixed"):
                await bot.send_media_group(LAN, [InputMediaPhoto(PNG), InputMediaDocument(b"x", filename="x.csv")])
            with pytest.raises(BadRequest, match="between 2 and 10"):
                await bot.send_media_group(LAN, [InputMediaPhoto(PNG)])
            return [message.caption_html or "" for message in sent]

    assert asyncio.run(send()) == ["<i>hai</i>", ""]
    assert len(lan.chat()) == 3


@pytest.mark.parametrize(
    ("method", "parameters", "reason"),
    [
        ("sendLocation", {"longitude": 1}, "latitude is empty"),
        ("sendLocation", {"latitude": 91, "longitude": 1}, "wrong location specified"),
        ("sendContact", {"first_name": "x"}, "phone number is empty"),
        ("sendVoice", {}, "there is no voice in the request"),
        ("sendVideo", {"video": "https://example.vn/v.mp4"}, "wrong file identifier/HTTP URL specified"),
        ("sendMediaGroup", {"media": [{"type": "voice"}] * 2}, "wrong message content type specified"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    server: Server, lan: Person, method: str, parameters: dict[str, Any], reason: str
) -> None:
    """In Telegram's words, and nothing reaches the chat."""
    assert server.call(method, chat_id=LAN, **parameters).refusal == f"Bad Request: {reason}"
    assert len(lan.chat()) == 1


def test_a_place_has_no_text_to_edit(server: Server, lan: Person) -> None:
    """Nor a caption."""
    place = server.call("sendLocation", chat_id=LAN, latitude=1, longitude=2).result["message_id"]
    for method, words in (("editMessageText", {"text": "x"}), ("editMessageCaption", {"caption": "x"})):
        refusal = server.call(method, chat_id=LAN, message_id=place, **words).refusal
        assert refusal.startswith("Bad Request: there is no ")
