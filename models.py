"""Every table, index and state name of OA Desk. No business rule lives here.

Times are `UtcMs`, ids of other systems are text, sealed columns hold what `secretbox` made. A fact that reaches us by
several roads in any order (is this person a follower?) stands beside the time it was true at, so that the newest wins
whatever the order of arrival.
"""

from __future__ import annotations

from enum import StrEnum

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from db import JsonText, UtcMs, database


class Row(Model):
    """What all tables share: a 64-bit row number and the database in use."""

    id = BigAutoField()

    class Meta:
        database = database
        legacy_table_names = False


# --------------------------------------------------------------------------- accounts


class OaState(StrEnum):
    ACTIVE = "active"
    NEEDS_REAUTH = "needs_reauth"  # the refresh token is gone: only a person can connect the OA again
    REMOVED = "removed"  # tokens erased; the rows of the past stay


class UidMessageApi(StrEnum):
    """How an OA sends media and transaction messages to a user id. What the older addresses do is in conflict (§6)."""

    TEMPLATE = "template"  # /v3.0/oa/message/template
    LEGACY = "legacy"  # /v3.0/oa/message/promotion and /transaction


class ZaloApp(Row):
    """A Zalo app besides the one of the environment. Secrets sealed as ``zalo_app:<app_id>:<field>``."""

    app_id = TextField(unique=True)
    name = TextField(default="")
    secret = TextField()
    webhook_secrets = TextField()  # sealed JSON list, newest first
    created_at = UtcMs()


class OfficialAccount(Row):
    """An OA staff registered. `published` and `testing` together are its mode (services.modes.mode)."""

    oa_id = TextField(unique=True)
    name = TextField()
    emoji = TextField(default="🏢")
    description = TextField(default="")
    published = BooleanField(default=False)
    testing = BooleanField(default=False)
    app_id = TextField(default="")
    # Since when this app speaks for the OA; what another app's webhook brought before then still counts.
    app_since = UtcMs(null=True)
    previous_app_id = TextField(default="")  # which app it was before; what Zalo repeats by it still counts for a while
    state = TextField(default=OaState.ACTIVE)
    requests_per_minute = IntegerField(null=True)  # None: proposed from the package's name
    zns_per_minute = IntegerField(default=1200)
    # What `getoa` said last; None while it never answered.
    profile = JsonText(null=True)
    profile_at = UtcMs(null=True)
    # Sending stops by itself on an error that concerns the whole OA, and says why until a person resumes it.
    stopped_at = UtcMs(null=True)
    stopped_code = TextField(default="")
    last_event_at = UtcMs(null=True)
    zns_quota = JsonText(null=True)
    zns_quota_at = UtcMs(null=True)
    templates_at = UtcMs(null=True)  # when the whole list of templates was read last
    cs_quota = JsonText(null=True)  # allowances of consultation messages beyond the free window, as Zalo lists them
    cs_quota_at = UtcMs(null=True)
    quota_wanted_at = UtcMs(null=True)  # an event said that a quota changed: read it again
    # Media and transaction messages: by approved template (the current way) or in the older free form.
    uid_message_api = TextField(default=UidMessageApi.TEMPLATE)
    test_phones = JsonText(null=True)  # numbers that [Test to me] may send to, 84...
    form_image = TextField(default="")  # picture above the information form; empty: the OA's own cover
    created_by = BigIntegerField(null=True)
    created_at = UtcMs()
    removed_at = UtcMs(null=True)
    # Since when only a person can connect it again; reconnected within the hour, what waits goes by itself.
    lost_at = UtcMs(null=True)
    revision = IntegerField(default=0)


class TokenState(StrEnum):
    UNPROVEN = "unproven"  # pasted; the refresh token was never used by us
    OK = "ok"
    NEEDS_REAUTH = "needs_reauth"


class OaToken(Row):
    """The token pair of an OA. Sealed as ``oa_token:<oa row id>:access`` and ``...:refresh``."""

    oa_id: int  # made by peewee: the row number of `oa`
    oa = ForeignKeyField(OfficialAccount, unique=True, on_delete="CASCADE", backref="tokens")
    access = TextField()
    refresh = TextField()
    access_expires_at = UtcMs()
    refresh_expires_at = UtcMs(null=True)  # None: pasted, nobody knows when it was issued
    access_issued_at = UtcMs(null=True)
    generation = IntegerField(default=0)
    state = TextField(default=TokenState.UNPROVEN)
    refreshed_at = UtcMs(null=True)
    error_code = TextField(default="")
    attempts = IntegerField(default=0)  # failed renewals since the last good one
    retry_at = UtcMs(null=True)  # no renewal before this
    lease_owner = TextField(default="")
    lease_until = UtcMs(null=True)
    changed_at = UtcMs()


# --------------------------------------------------------------------------- people


class Contact(Row):
    """The person behind a phone number, over all OAs."""

    phone = TextField(unique=True)  # 84901234567
    name = TextField(default="")
    created_at = UtcMs()


class Follower(Row):
    """A Zalo user as one OA knows them. Each fact has a time; see services.followers for the merge."""

    oa_id = TextField()  # text, not a foreign key: events may come before the OA is registered
    user_id = TextField()
    user_id_by_app = TextField(default="")
    is_follower = BooleanField(null=True)  # None: wrote to us, never heard whether they follow
    follow_at = UtcMs(null=True)
    follow_rank = TextField(default="")  # event name: breaks ties of the same millisecond the same way in any order
    last_interaction_at = UtcMs(null=True)
    last_interaction_on = TextField(default="")  # 2026-11-23, from `user/detail`, which knows the day only
    display_name = TextField(default="")
    nickname = TextField(default="")  # the name staff gave in Zalo (`user_alias`)
    avatar = TextField(default="")
    is_sensitive = BooleanField(default=False)
    profile_at = UtcMs(null=True)
    search_name = TextField(default="")  # display name and nickname without accents, lower case
    tester = BooleanField(default=False)
    shared_info = JsonText(null=True)
    shared_at = UtcMs(null=True)
    shared_rank = TextField(default="")
    shared_name = TextField(default="")  # the name they gave themselves, folded like search_name
    phone = TextField(default="")  # shared with us, normalised; a later form without a phone does not empty it
    phone_at = UtcMs(null=True)
    phone_rank = TextField(default="")
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL", backref="followers")
    first_seen_at = UtcMs()
    erased_at = UtcMs(null=True)  # on request: facts about the person that are older than this stay away
    # The background fetch of user/detail: wanted until it succeeded or Zalo said there is nothing to see.
    profile_wanted = BooleanField(default=True)
    profile_attempts = IntegerField(default=0)
    profile_next_at = UtcMs(null=True)

    class Meta:
        indexes = (
            (("oa_id", "user_id"), True),
            (("oa_id", "is_follower", "id"), False),
            (("oa_id", "search_name"), False),
            (("phone",), False),
        )


# Asked for every batch of events: who of these people had themselves erased?
Follower.add_index(Follower.index(Follower.user_id, name="follower_erased").where(SQL("erased_at IS NOT NULL")))
# The queue of profiles to fetch is a few rows out of many.
Follower.add_index(
    Follower.index(Follower.oa_id, Follower.profile_next_at, name="follower_profile_queue").where(SQL("profile_wanted"))
)


class Scope(StrEnum):
    """What a person's yes or no is about."""

    ALL = "all"
    TRANSACTION = "transaction"
    CARE = "care"
    PROMOTION = "promotion"


class ConsentSource(StrEnum):
    ZALO = "zalo"  # a refusal code on a send
    CUSTOMER = "customer"  # their own words
    STAFF = "staff"  # entered by staff, on the card or by command


class Consent(Row):
    """A person's yes or no to being written to, with its date and evidence; the latest word counts.

    `oa_id` "" speaks for all OAs of the business (by phone only: a user id belongs to one OA).
    """

    oa_id = TextField(default="")
    recipient = TextField()  # a phone (84...) or a user id
    scope = TextField()
    given = BooleanField(null=True)  # None: taken back ("not meant so"), as if nothing had been said
    at = UtcMs()
    source = TextField()
    code = TextField(default="")  # Zalo's: -139, -141, -217, -244
    evidence = JsonText(null=True)  # {"msg_id", "text"} of the words; {"delivery"} of the refused message
    staff_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("recipient", "oa_id", "scope"), True),)


class FollowerTag(Row):
    """Whether a user has a tag, and since when that is known; absent ones stay as tombstones."""

    oa_id = TextField()
    user_id = TextField()
    name = TextField()
    present = BooleanField()
    changed_at = UtcMs()
    rank = TextField(default="")

    class Meta:
        indexes = ((("oa_id", "user_id", "name"), True), (("oa_id", "name"), False))


class Tag(Row):
    """A tag of an OA. `removed_at` outlives the removal: an older "tagged" event must not bring it back."""

    oa_id = TextField()
    name = TextField()
    seen_at = UtcMs(null=True)  # it existed then; it exists now if that is later than removed_at
    removed_at = UtcMs(null=True)

    class Meta:
        indexes = ((("oa_id", "name"), True),)


class FollowerSync(Row):
    """One pull of an OA's follower list: restartable, its cursor stored after every page."""

    oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE")
    state = TextField(default="running")  # running, done, failed
    started_at = UtcMs()  # by Zalo's Date header: the time the pulled facts were true at
    segments = JsonText()  # what is still to be read, and the offset in the first of them
    complete = BooleanField(default=True)  # absence proves unfollow only if every segment was read whole
    total = IntegerField(default=0)
    seen = IntegerField(default=0)
    added = IntegerField(default=0)
    removed = IntegerField(default=0)
    error = TextField(default="")
    lease_owner = TextField(default="")
    lease_until = UtcMs(null=True)
    ended_at = UtcMs(null=True)


class FollowerSeen(Row):
    """User ids one pull has met; emptied when the pull ends. Keeps a pull of any length out of memory."""

    sync = ForeignKeyField(FollowerSync, on_delete="CASCADE")
    user_id = TextField()

    class Meta:
        indexes = ((("sync", "user_id"), True),)


# --------------------------------------------------------------------------- events


class InboxState(StrEnum):
    NEW = "new"
    DONE = "done"
    WAITING = "waiting"  # of an OA nobody registered yet; applied when somebody does
    DEAD = "dead"  # failed 8 times; a person may replay it


class InboxEvent(Row):
    """A signed event as it came, stored before Zalo gets its 200."""

    dedupe_key = TextField(unique=True)
    app_id = TextField(default="")
    oa_id = TextField(default="")
    name = TextField(default="")
    body = BlobField()  # the bytes the signature was made over
    headers = JsonText()
    received_at = UtcMs()
    state = TextField(default=InboxState.NEW)
    attempts = IntegerField(default=0)
    next_attempt_at = UtcMs(null=True)
    error = TextField(default="")
    done_at = UtcMs(null=True)

    class Meta:
        indexes = ((("oa_id", "state"), False),)


# Claims look at new rows only, oldest first: a partial index stays small however many events were ever stored.
InboxEvent.add_index(InboxEvent.index(InboxEvent.id, name="inbox_new").where(SQL("state = 'new'")))
# What waits for its OA or was given up is counted every 15 s.
InboxEvent.add_index(InboxEvent.index(InboxEvent.state, name="inbox_left").where(SQL("state IN ('waiting', 'dead')")))


class ChatMessage(Row):
    """One message of a chat between a user and an OA, in either direction."""

    oa_id = TextField()
    msg_id = TextField()
    user_id = TextField()
    inbound = BooleanField()
    kind = TextField()  # text, image, file ... as Zalo's event names have it
    text = TextField(default="")
    attachments = JsonText(null=True)
    quote_msg_id = TextField(default="")
    admin_id = TextField(default="")  # set when typed by a person in Zalo's own chat tool
    at = UtcMs()
    stored_at = UtcMs(default=0)  # when it reached us; lines that follow within seconds are told together
    told_at = UtcMs(null=True)  # when staff were told, or nobody had to be
    confirmed_by = BigIntegerField(null=True)  # of a "dừng": the delivery that tells the customer that it is done

    class Meta:
        indexes = ((("oa_id", "msg_id"), True), (("oa_id", "user_id", "at"), False))


# What staff were not told yet: the last seconds of all there ever was.
ChatMessage.add_index(
    ChatMessage.index(ChatMessage.stored_at, ChatMessage.id, name="chat_message_untold").where(SQL("told_at IS NULL"))
)


class Conversation(Row):
    """The chat of one person with one OA, as the staff's work: who waits since when, and who looks after it."""

    oa_id = TextField()
    user_id = TextField()
    waiting_since = UtcMs(null=True)  # the first line nobody answered; None: nobody waits
    last_inbound_at = UtcMs(null=True)
    last_outbound_at = UtcMs(null=True)
    last_kind = TextField(default="")  # of the last inbound message
    last_text = TextField(default="")  # its beginning
    has_phone = BooleanField(default=False)  # a phone number stands in what waits
    taken_by = BigIntegerField(null=True)  # Telegram id
    taken_at = UtcMs(null=True)
    done_at = UtcMs(null=True)
    done_by = BigIntegerField(null=True)
    # Warned for this window, told by the time of the last line: the next line opens new ones.
    warned_free_for = UtcMs(null=True)
    warned_window_for = UtcMs(null=True)

    class Meta:
        indexes = ((("oa_id", "user_id"), True),)


Conversation.add_index(
    Conversation.index(Conversation.oa_id, Conversation.waiting_since, name="conversation_waiting").where(
        SQL("waiting_since IS NOT NULL")
    )
)


class Watch(Row):
    """A person of staff wants to know when a customer writes; what they meant to send is kept for then."""

    oa_id = TextField()
    user_id = TextField()
    staff_id = BigIntegerField()  # Telegram id
    content = JsonText(null=True)
    created_at = UtcMs()
    told_at = UtcMs(null=True)

    class Meta:
        indexes = ((("oa_id", "user_id", "staff_id"), True),)


class Rating(Row):
    """The stars and words a customer gave under a ZNS; one a message, the latest counts."""

    oa_id = TextField()
    msg_id = TextField()
    tracking_id = TextField(default="")
    template_id = TextField(default="")
    delivery_id = BigIntegerField(null=True)  # ours, if it is
    recipient = TextField(default="")
    rate = IntegerField()
    note = TextField(default="")
    feedbacks = JsonText(null=True)
    at = UtcMs()
    handled_at = UtcMs(null=True)
    handled_by = BigIntegerField(null=True)

    class Meta:
        indexes = ((("oa_id", "msg_id"), True), (("oa_id", "template_id", "at"), False), (("recipient",), False))


class ZaloUpload(Row):
    """A file of ours that Zalo has: its id serves again while it is young (uploads live 7 days at Zalo)."""

    oa_id = TextField()
    name = TextField()  # as services.uploads keeps it
    kind = TextField()  # image, gif, file
    filename = TextField(default="")  # as the customer sees it; files only
    handle = TextField()  # attachment id, or token of a file
    uploaded_at = UtcMs()

    class Meta:
        indexes = ((("oa_id", "name", "kind", "filename"), True),)


# --------------------------------------------------------------------------- sending


class Channel(StrEnum):
    """Which of Zalo's doors a message leaves by."""

    ZNS = "zns"  # to a phone number, by approved template
    CS = "cs"  # consultation message to a user id
    UID = "uid"  # approved template to a user id
    PROMOTION = "promotion"  # media message (tin truyền thông) in the older free form
    TRANSACTION = "transaction"  # transaction message (tin giao dịch) in the older free form


class SendClass(StrEnum):
    """What a message is for: it decides the hours, the caps and whose consent is needed."""

    TRANSACTION = "transaction"
    CARE = "care"
    PROMOTION = "promotion"


class Origin(StrEnum):
    """Where a delivery comes from."""

    SINGLE = "single"  # composed and confirmed by a person
    REPLY = "reply"  # a person's answer in a conversation
    TEST = "test"  # [Test to me]
    AUTOMATIC = "automatic"  # ours, such as the confirmation of "stop"


class DeliveryState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"  # the attempt is committed, the request may have left
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    FAILED = "failed"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"  # nobody knows whether Zalo took it; never sent again by itself
    CANCELLED = "cancelled"


class ZnsTemplate(Row):
    """A ZNS template as Zalo described it at `synced_at`."""

    oa_id: int  # made by peewee: the row number of `oa`
    oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE", backref="templates")
    template_id = TextField()
    name = TextField(default="")
    status = TextField(default="")
    reason = TextField(default="")
    params = JsonText(null=True)  # None: only the list entry is known so far
    buttons = JsonText(null=True)
    timeout_ms = BigIntegerField(default=7_200_000)
    preview_url = TextField(default="")
    quality = TextField(default="")
    tag = TextField(default="")
    price_phone = IntegerField(null=True)  # VND before VAT
    price_uid = IntegerField(null=True)
    daily_quota = IntegerField(null=True)
    remaining_quota = IntegerField(null=True)
    body = TextField(default="")  # pasted by a manager; Zalo's API never returns it
    body_at = UtcMs(null=True)
    reread_at = UtcMs(null=True)  # an event said that it changed: read it again from then on
    # Seen on a send; Zalo does not list which templates the night rule (-133) and the ban by user id (-249) concern.
    night_refused_at = UtcMs(null=True)
    uid_refused_at = UtcMs(null=True)
    ratings_until = UtcMs(null=True)  # ratings are read up to here
    synced_at = UtcMs()

    class Meta:
        indexes = ((("oa", "template_id"), True),)


class Delivery(Row):
    """One message to one recipient: the only way anything leaves. What it was made of is frozen in it."""

    oa_id: int  # made by peewee: the row number of `oa`
    oa = ForeignKeyField(OfficialAccount, on_delete="RESTRICT", backref="deliveries")
    channel = TextField()
    kind = TextField()  # template, text, image, gif, file, form, promotion, or one of the 13 transaction types
    send_class = TextField(default=SendClass.CARE)
    origin = TextField(default=Origin.SINGLE)
    recipient = TextField()  # phone for ZNS, user id else
    recipient_name = TextField(default="")
    content = JsonText()
    development = BooleanField(default=False)
    # Single sends: the confirmation they came from, so that a double tap is one message.
    dedupe_key = TextField(unique=True)
    state = TextField(default=DeliveryState.QUEUED)
    tracking_id = TextField(unique=True)
    msg_id = TextField(default="")
    error_code = TextField(default="")
    error_message = TextField(default="")
    error_class = TextField(default="")
    price = IntegerField(null=True)  # VND before VAT, as the template said when it was accepted
    vat_percent = IntegerField(null=True)
    charged = IntegerField(null=True)  # VND before VAT, what it cost in the end; None: not known yet
    quota_type = TextField(default="")  # of the answer: from which allowance a message to a user id was paid
    attempt = IntegerField(default=0)
    # When the next step is due: an attempt while queued; once a ZNS is sent, the question what became of it.
    next_attempt_at = UtcMs(null=True)
    held_reason = TextField(default="")  # why a queued row waits: night, quota, stopped, pacing
    lease_owner = TextField(default="")
    lease_until = UtcMs(null=True)
    timeout_ms = BigIntegerField(null=True)
    resend_of = ForeignKeyField("self", null=True, on_delete="SET NULL")
    staff_id = BigIntegerField(null=True)
    # The Telegram message that shows this delivery, edited as receipts come in.
    chat_id = BigIntegerField(null=True)
    chat_message_id = BigIntegerField(null=True)
    created_at = UtcMs()
    attempted_at = UtcMs(null=True)
    sent_at = UtcMs(null=True)
    delivered_at = UtcMs(null=True)
    seen_at = UtcMs(null=True)
    ended_at = UtcMs(null=True)

    class Meta:
        indexes = ((("oa", "state", "id"), False), (("oa", "msg_id"), False), (("oa", "recipient"), False))


# How much advertising a person had this month, over all OAs: few rows out of many.
Delivery.add_index(
    Delivery.index(Delivery.recipient, Delivery.created_at, name="delivery_promotion").where(
        SQL("send_class = 'promotion'")
    )
)
Delivery.add_index(
    Delivery.index(Delivery.next_attempt_at, Delivery.id, name="delivery_open").where(
        SQL("state IN ('queued', 'sending')")
    )
)
# Sent ZNS that still wait for a receipt: few, however many were ever sent.
Delivery.add_index(
    Delivery.index(Delivery.next_attempt_at, name="delivery_unanswered").where(
        SQL("state = 'sent' AND next_attempt_at IS NOT NULL")
    )
)


# What was delivered today, for the home screen, without reading all that ever was.
Delivery.add_index(
    Delivery.index(Delivery.oa, Delivery.delivered_at, name="delivery_day").where(SQL("delivered_at IS NOT NULL"))
)


class Receipt(Row):
    """What Zalo reported about a message id, kept until (and after) its delivery is known."""

    oa_id = TextField()
    msg_id = TextField()
    kind = TextField()  # delivered, seen, echo
    at = UtcMs()
    tracking_id = TextField(default="")
    user_id = TextField(default="")
    # Echoes: of what kind (text, image ... as Zalo names the event), to find the one uncertain delivery it belongs to.
    echoed = TextField(default="")
    text_hash = TextField(default="")
    admin_id = TextField(default="")
    delivery = ForeignKeyField(Delivery, null=True, on_delete="SET NULL")
    created_at = UtcMs()

    class Meta:
        indexes = ((("oa_id", "msg_id", "kind"), True), (("tracking_id",), False))


Receipt.add_index(Receipt.index(Receipt.created_at, name="receipt_unmatched").where(SQL("delivery_id IS NULL")))


class Pace(Row):
    """A bucket of permits: the time the next one is due, and until when nothing may start at all."""

    key = TextField(unique=True)  # app:<id>, oa:<id>, zns:<id>
    next_us = BigIntegerField(default=0)  # microseconds since 1970
    blocked_until = UtcMs(null=True)


# --------------------------------------------------------------------------- staff


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    MANAGER = "manager"
    OWNER = "owner"


class Staff(Row):
    """A person who may use the bot; everybody else gets silence."""

    telegram_id = BigIntegerField(unique=True)
    name = TextField(default="")
    role = TextField(default=Role.VIEWER)
    language = TextField(default="vi")
    active = BooleanField(default=True)
    sees_numbers = BooleanField(default=True)
    sees_money = BooleanField(default=True)
    current_oa = ForeignKeyField(OfficialAccount, null=True, on_delete="SET NULL")
    every_oa = BooleanField(default=True)  # else only those of StaffOa
    invited_by = BigIntegerField(null=True)
    created_at = UtcMs()
    last_seen_at = UtcMs(null=True)
    removed_at = UtcMs(null=True)


class StaffOa(Row):
    """An OA a person may work with, for those who may not work with all."""

    staff = ForeignKeyField(Staff, on_delete="CASCADE", backref="own_oas")
    oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE")

    class Meta:
        indexes = ((("staff", "oa"), True),)


class Invitation(Row):
    """A link that makes one person staff, once. Only the hash of its secret is stored."""

    secret_hash = TextField(unique=True)  # SHA-256, hex
    role = TextField()
    name = TextField(default="")  # a note for the owner: who it is for
    language = TextField(default="vi")
    every_oa = BooleanField(default=True)
    oas = JsonText(null=True)  # row numbers, unless every_oa
    sees_numbers = BooleanField(default=True)
    sees_money = BooleanField(default=True)
    created_by = ForeignKeyField(Staff, on_delete="CASCADE")  # an owner's invitations go with them
    created_at = UtcMs()
    expires_at = UtcMs()
    used_at = UtcMs(null=True)
    used_by = BigIntegerField(null=True)
    revoked_at = UtcMs(null=True)


class Stranger(Row):
    """Somebody who opened the bot without being invited: what the owner is told of, at most once a day."""

    telegram_id = BigIntegerField(unique=True)
    name = TextField(default="")
    first_seen_at = UtcMs()
    last_seen_at = UtcMs()
    told_at = UtcMs(null=True)
    ignored_at = UtcMs(null=True)


class TelegramGroup(Row):
    """A group somebody added the bot to; it leaves every one that the owner did not allow."""

    chat_id = BigIntegerField(unique=True)
    title = TextField(default="")
    allowed = BooleanField(default=False)
    added_by = BigIntegerField(null=True)
    added_name = TextField(default="")
    seen_at = UtcMs()
    left_at = UtcMs(null=True)


class OauthState(StrEnum):
    OPEN = "open"  # the link was made; pages may be looked at as often as one likes
    RETURNED = "returned"  # Zalo sent the person back with a code: the ticket is spent
    EXCHANGED = "exchanged"  # the pair is here, sealed; whose it is must still be asked
    ASKING = "asking"  # an OA nobody registered: the person who asked confirms its name
    CONNECTED = "connected"
    WRONG_OA = "wrong_oa"  # another OA than the one to be reconnected was chosen
    DENIED = "denied"  # the person came back without a code
    FAILED = "failed"
    DROPPED = "dropped"  # not confirmed, or not in time


class OauthTicket(Row):
    """One use of [Connect with Zalo]: a link for one person, for ten minutes.

    Only the hash of the link's secret is stored. Sealed as ``oauth_ticket:<secret_hash>:verifier``, ``...:code`` and
    ``...:pair``; code and pair are emptied as soon as they have served.
    """

    staff_id: int  # made by peewee
    oa_id: int | None
    secret_hash = TextField(unique=True)  # SHA-256, hex
    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    oa = ForeignKeyField(OfficialAccount, null=True, on_delete="CASCADE")  # the OA to be reconnected; None: any
    app_id = TextField()
    state = TextField(default=OauthState.OPEN)
    verifier = TextField(default="")  # sealed; "" without PKCE
    code = TextField(default="")  # sealed
    pair = TextField(default="")  # sealed JSON
    found_oa_id = TextField(default="")
    found_name = TextField(default="")
    profile = JsonText(null=True)  # of `getoa`, for the OA that is to be added
    error_code = TextField(default="")
    chat_id = BigIntegerField()
    message_id = BigIntegerField(null=True)  # the Telegram message with the button, edited as things go on
    attempts = IntegerField(default=0)
    next_attempt_at = UtcMs(null=True)
    lease_owner = TextField(default="")
    lease_until = UtcMs(null=True)
    created_at = UtcMs()
    expires_at = UtcMs()
    used_at = UtcMs(null=True)
    ended_at = UtcMs(null=True)


# Exchanges to be made: one or two, out of all tickets there ever were.
OauthTicket.add_index(
    OauthTicket.index(OauthTicket.id, name="oauth_ticket_due").where(SQL("state IN ('returned', 'exchanged')"))
)


class UpdateState(StrEnum):
    NEW = "new"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"


class StaffUpdate(Row):
    """What a person sent to the bot, stored before Telegram is told that we have it."""

    update_id = BigIntegerField(unique=True)
    chat_id = BigIntegerField(null=True)
    message_id = BigIntegerField(null=True)
    payload = TextField()  # sealed as ``staff_update:<update id>:payload``: it may be a token; emptied when done
    state = TextField(default=UpdateState.NEW)
    received_at = UtcMs()
    error = TextField(default="")

    class Meta:
        indexes = ((("state", "id"), False),)


class Draft(Row):
    """A half-finished form of a person: survives restarts. Data sealed as ``draft:<staff id>:data``."""

    staff = ForeignKeyField(Staff, unique=True, on_delete="CASCADE")
    kind = TextField()
    step = TextField()
    data = TextField()
    message_id = BigIntegerField(null=True)  # the message being edited
    updated_at = UtcMs()


class Confirmation(Row):
    """A one-use yes to one exact thing, for one person, at one version of the OA."""

    token = TextField(unique=True)  # in the button
    staff = ForeignKeyField(Staff, on_delete="CASCADE")
    kind = TextField()
    oa = ForeignKeyField(OfficialAccount, null=True, on_delete="CASCADE")
    oa_revision = IntegerField(null=True)
    payload = JsonText()
    created_at = UtcMs()
    expires_at = UtcMs()
    used_at = UtcMs(null=True)


class NoticeState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Notice(Row):
    """The only road from another process to Telegram: at least once, the latest state for each message."""

    chat_id = BigIntegerField()
    kind = TextField()
    ref = TextField()
    payload = JsonText()
    state = TextField(default=NoticeState.QUEUED)
    version = IntegerField(default=1)  # a change while it is being sent keeps it queued
    message_id = BigIntegerField(null=True)  # the Telegram message it became, edited on the next version
    attempts = IntegerField(default=0)
    next_attempt_at = UtcMs(null=True)
    lease_owner = TextField(default="")
    lease_until = UtcMs(null=True)
    error = TextField(default="")
    urgent = BooleanField(default=False)  # goes out by e-mail too when Telegram cannot be reached
    mailed_at = UtcMs(null=True)
    created_at = UtcMs()
    queued_at = UtcMs(null=True)  # when its latest version was posted
    sent_at = UtcMs(null=True)

    class Meta:
        indexes = ((("chat_id", "kind", "ref"), True),)


Notice.add_index(Notice.index(Notice.next_attempt_at, Notice.id, name="notice_queued").where(SQL("state = 'queued'")))


class AuditEntry(Row):
    """Who did what to which OA, from which message, with what result."""

    at = UtcMs()
    staff_id = BigIntegerField(null=True)  # None: the command line or the machine itself
    actor = TextField()  # cli, machine, or the person's name at the time
    action = TextField()
    oa_id = TextField(default="")
    target = TextField(default="")
    detail = JsonText(null=True)
    result = TextField(default="done")  # done, or the key of what stood against it
    chat_id = BigIntegerField(null=True)
    message_id = BigIntegerField(null=True)

    class Meta:
        indexes = ((("at",), False), (("oa_id", "at"), False), (("staff_id", "id"), False))


# --------------------------------------------------------------------------- machinery


class ClockTick(Row):
    """One run of one scheduled job: several clocks insert it, one of them wins."""

    job = TextField()
    slot = UtcMs()
    taken_at = UtcMs(null=True)  # the last time: one that failed, or whose clock was killed, is entered again
    attempts = IntegerField(default=1)
    done_at = UtcMs(null=True)
    error = TextField(default="")

    class Meta:
        indexes = ((("job", "slot"), True),)


class Lease(Row):
    """A named right held by one process at a time, such as polling Telegram."""

    name = TextField(unique=True)
    owner = TextField(default="")
    until = UtcMs(null=True)


class Setting(Row):
    """Something the owner set in the bot, and machinery's own bookmarks; values are JSON."""

    name = TextField(unique=True)
    value = JsonText(null=True)
    changed_at = UtcMs()


class Counter(Row):
    """Counted happenings that leave no row of their own, such as wrongly signed events."""

    name = TextField()
    day = TextField()  # 2026-11-23, Vietnamese calendar; 2026-11-23 09:41 in the rows kept for bursts
    value = BigIntegerField(default=0)
    last_at = UtcMs(null=True)

    class Meta:
        indexes = ((("name", "day"), True),)


TABLES: tuple[type[Row], ...] = (
    ZaloApp, OfficialAccount, OaToken, Contact, Follower, Consent, FollowerTag, Tag, FollowerSync, FollowerSeen,
    InboxEvent, ChatMessage, Conversation, Watch, Rating, ZaloUpload, ZnsTemplate, Delivery, Receipt, Pace, Staff,
    StaffOa, Invitation, Stranger, TelegramGroup, OauthTicket, StaffUpdate, Draft, Confirmation,
    Notice, AuditEntry, ClockTick, Lease, Setting, Counter,
)  # fmt: skip
