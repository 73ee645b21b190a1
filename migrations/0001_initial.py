"""The first schema. A frozen copy: later changes to models.py come as later migrations."""
# ruff: noqa: F403, F405, E501
# mypy: ignore-errors

from peewee import *

from db import JsonText, UtcMs


def up(migrator, db):
    class AuditEntry(Model):
        id = BigAutoField()
        at = UtcMs()
        staff_id = BigIntegerField(null=True)
        actor = TextField()
        action = TextField()
        oa_id = TextField(default="")
        target = TextField(default="")
        detail = JsonText(null=True)
        chat_id = BigIntegerField(null=True)
        message_id = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "audit_entry"
            indexes = ((("at",), False), (("oa_id", "at"), False))

    db.create_tables([AuditEntry])

    class ChatMessage(Model):
        id = BigAutoField()
        oa_id = TextField()
        msg_id = TextField()
        user_id = TextField()
        inbound = BooleanField()
        kind = TextField()
        text = TextField(default="")
        attachments = JsonText(null=True)
        quote_msg_id = TextField(default="")
        admin_id = TextField(default="")
        at = UtcMs()

        class Meta:
            database = db
            table_name = "chat_message"
            indexes = ((("oa_id", "msg_id"), True), (("oa_id", "user_id", "at"), False))

    db.create_tables([ChatMessage])

    class ClockTick(Model):
        id = BigAutoField()
        job = TextField()
        slot = UtcMs()
        done_at = UtcMs(null=True)
        error = TextField(default="")

        class Meta:
            database = db
            table_name = "clock_tick"
            indexes = ((("job", "slot"), True),)

    db.create_tables([ClockTick])

    class OfficialAccount(Model):
        id = BigAutoField()
        oa_id = TextField(unique=True)
        name = TextField()
        emoji = TextField(default="🏢")
        description = TextField(default="")
        published = BooleanField(default=False)
        testing = BooleanField(default=False)
        app_id = TextField(default="")
        state = TextField(default="active")
        requests_per_minute = IntegerField(null=True)
        zns_per_minute = IntegerField(default=1200)
        profile = JsonText(null=True)
        profile_at = UtcMs(null=True)
        stopped_at = UtcMs(null=True)
        stopped_code = TextField(default="")
        last_event_at = UtcMs(null=True)
        zns_quota = JsonText(null=True)
        zns_quota_at = UtcMs(null=True)
        templates_at = UtcMs(null=True)
        created_by = BigIntegerField(null=True)
        created_at = UtcMs()
        removed_at = UtcMs(null=True)
        revision = IntegerField(default=0)

        class Meta:
            database = db
            table_name = "official_account"

    db.create_tables([OfficialAccount])

    class Staff(Model):
        id = BigAutoField()
        telegram_id = BigIntegerField(unique=True)
        name = TextField(default="")
        role = TextField(default="viewer")
        language = TextField(default="vi")
        active = BooleanField(default=True)
        sees_numbers = BooleanField(default=True)
        sees_money = BooleanField(default=True)
        current_oa = ForeignKeyField(OfficialAccount, null=True, on_delete="SET NULL")
        created_at = UtcMs()
        last_seen_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "staff"

    db.create_tables([Staff])

    class Confirmation(Model):
        id = BigAutoField()
        token = TextField(unique=True)
        staff = ForeignKeyField(Staff, on_delete="CASCADE")
        kind = TextField()
        oa = ForeignKeyField(OfficialAccount, null=True, on_delete="CASCADE")
        oa_revision = IntegerField(null=True)
        payload = JsonText()
        created_at = UtcMs()
        expires_at = UtcMs()
        used_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "confirmation"

    db.create_tables([Confirmation])

    class Contact(Model):
        id = BigAutoField()
        phone = TextField(unique=True)
        name = TextField(default="")
        opted_out_at = UtcMs(null=True)
        opted_out_code = TextField(default="")
        created_at = UtcMs()

        class Meta:
            database = db
            table_name = "contact"

    db.create_tables([Contact])

    class Counter(Model):
        id = BigAutoField()
        name = TextField()
        day = TextField()
        value = BigIntegerField(default=0)
        last_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "counter"
            indexes = ((("name", "day"), True),)

    db.create_tables([Counter])

    class Delivery(Model):
        id = BigAutoField()
        oa = ForeignKeyField(OfficialAccount, on_delete="RESTRICT")
        channel = TextField()
        kind = TextField()
        recipient = TextField()
        recipient_name = TextField(default="")
        content = JsonText()
        development = BooleanField(default=False)
        dedupe_key = TextField(unique=True)
        state = TextField(default="queued")
        tracking_id = TextField(unique=True)
        msg_id = TextField(default="")
        error_code = TextField(default="")
        error_message = TextField(default="")
        error_class = TextField(default="")
        price = IntegerField(null=True)
        vat_percent = IntegerField(null=True)
        attempt = IntegerField(default=0)
        next_attempt_at = UtcMs(null=True)
        held_reason = TextField(default="")
        lease_owner = TextField(default="")
        lease_until = UtcMs(null=True)
        timeout_ms = BigIntegerField(null=True)
        resend_of = ForeignKeyField("self", null=True, on_delete="SET NULL")
        staff_id = BigIntegerField(null=True)
        chat_id = BigIntegerField(null=True)
        chat_message_id = BigIntegerField(null=True)
        created_at = UtcMs()
        attempted_at = UtcMs(null=True)
        sent_at = UtcMs(null=True)
        delivered_at = UtcMs(null=True)
        seen_at = UtcMs(null=True)
        ended_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "delivery"
            indexes = ((("oa", "state", "id"), False), (("oa", "msg_id"), False), (("oa", "recipient"), False))

    db.create_tables([Delivery])

    class Draft(Model):
        id = BigAutoField()
        staff = ForeignKeyField(Staff, unique=True, on_delete="CASCADE")
        kind = TextField()
        step = TextField()
        data = TextField()
        message_id = BigIntegerField(null=True)
        updated_at = UtcMs()

        class Meta:
            database = db
            table_name = "draft"

    db.create_tables([Draft])

    class Follower(Model):
        id = BigAutoField()
        oa_id = TextField()
        user_id = TextField()
        user_id_by_app = TextField(default="")
        is_follower = BooleanField(null=True)
        follow_at = UtcMs(null=True)
        follow_rank = TextField(default="")
        last_interaction_at = UtcMs(null=True)
        last_interaction_on = TextField(default="")
        display_name = TextField(default="")
        nickname = TextField(default="")
        avatar = TextField(default="")
        is_sensitive = BooleanField(default=False)
        profile_at = UtcMs(null=True)
        search_name = TextField(default="")
        tester = BooleanField(default=False)
        shared_info = JsonText(null=True)
        shared_at = UtcMs(null=True)
        shared_rank = TextField(default="")
        shared_name = TextField(default="")
        phone = TextField(default="")
        phone_at = UtcMs(null=True)
        phone_rank = TextField(default="")
        contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
        blocked_code = TextField(default="")
        blocked_at = UtcMs(null=True)
        first_seen_at = UtcMs()
        profile_wanted = BooleanField(default=True)
        profile_attempts = IntegerField(default=0)
        profile_next_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "follower"
            indexes = (
                (("oa_id", "user_id"), True),
                (("oa_id", "is_follower", "id"), False),
                (("oa_id", "search_name"), False),
                (("phone",), False),
            )

    db.create_tables([Follower])

    class FollowerSync(Model):
        id = BigAutoField()
        oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE")
        state = TextField(default="running")
        started_at = UtcMs()
        segments = JsonText()
        complete = BooleanField(default=True)
        total = IntegerField(default=0)
        seen = IntegerField(default=0)
        added = IntegerField(default=0)
        removed = IntegerField(default=0)
        error = TextField(default="")
        lease_owner = TextField(default="")
        lease_until = UtcMs(null=True)
        ended_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "follower_sync"

    db.create_tables([FollowerSync])

    class FollowerSeen(Model):
        id = BigAutoField()
        sync = ForeignKeyField(FollowerSync, on_delete="CASCADE")
        user_id = TextField()

        class Meta:
            database = db
            table_name = "follower_seen"
            indexes = ((("sync", "user_id"), True),)

    db.create_tables([FollowerSeen])

    class FollowerTag(Model):
        id = BigAutoField()
        oa_id = TextField()
        user_id = TextField()
        name = TextField()
        present = BooleanField()
        changed_at = UtcMs()
        rank = TextField(default="")

        class Meta:
            database = db
            table_name = "follower_tag"
            indexes = ((("oa_id", "user_id", "name"), True), (("oa_id", "name"), False))

    db.create_tables([FollowerTag])

    class InboxEvent(Model):
        id = BigAutoField()
        dedupe_key = TextField(unique=True)
        app_id = TextField(default="")
        oa_id = TextField(default="")
        name = TextField(default="")
        body = BlobField()
        headers = JsonText()
        received_at = UtcMs()
        state = TextField(default="new")
        attempts = IntegerField(default=0)
        next_attempt_at = UtcMs(null=True)
        error = TextField(default="")
        done_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "inbox_event"
            indexes = ((("oa_id", "state"), False),)

    db.create_tables([InboxEvent])

    class Lease(Model):
        id = BigAutoField()
        name = TextField(unique=True)
        owner = TextField(default="")
        until = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "lease"

    db.create_tables([Lease])

    class Notice(Model):
        id = BigAutoField()
        chat_id = BigIntegerField()
        kind = TextField()
        ref = TextField()
        payload = JsonText()
        state = TextField(default="queued")
        version = IntegerField(default=1)
        message_id = BigIntegerField(null=True)
        attempts = IntegerField(default=0)
        next_attempt_at = UtcMs(null=True)
        lease_owner = TextField(default="")
        lease_until = UtcMs(null=True)
        error = TextField(default="")
        created_at = UtcMs()
        sent_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "notice"
            indexes = ((("chat_id", "kind", "ref"), True),)

    db.create_tables([Notice])

    class OaToken(Model):
        id = BigAutoField()
        oa = ForeignKeyField(OfficialAccount, unique=True, on_delete="CASCADE")
        access = TextField()
        refresh = TextField()
        access_expires_at = UtcMs()
        refresh_expires_at = UtcMs(null=True)
        access_issued_at = UtcMs(null=True)
        generation = IntegerField(default=0)
        state = TextField(default="unproven")
        refreshed_at = UtcMs(null=True)
        error_code = TextField(default="")
        attempts = IntegerField(default=0)
        retry_at = UtcMs(null=True)
        lease_owner = TextField(default="")
        lease_until = UtcMs(null=True)
        changed_at = UtcMs()

        class Meta:
            database = db
            table_name = "oa_token"

    db.create_tables([OaToken])

    class Pace(Model):
        id = BigAutoField()
        key = TextField(unique=True)
        next_us = BigIntegerField(default=0)
        blocked_until = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "pace"

    db.create_tables([Pace])

    class Receipt(Model):
        id = BigAutoField()
        oa_id = TextField()
        msg_id = TextField()
        kind = TextField()
        at = UtcMs()
        tracking_id = TextField(default="")
        user_id = TextField(default="")
        text_hash = TextField(default="")
        admin_id = TextField(default="")
        delivery = ForeignKeyField(Delivery, null=True, on_delete="SET NULL")
        created_at = UtcMs()

        class Meta:
            database = db
            table_name = "receipt"
            indexes = ((("oa_id", "msg_id", "kind"), True), (("tracking_id",), False))

    db.create_tables([Receipt])

    class StaffUpdate(Model):
        id = BigAutoField()
        update_id = BigIntegerField(unique=True)
        chat_id = BigIntegerField(null=True)
        message_id = BigIntegerField(null=True)
        payload = TextField()
        state = TextField(default="new")
        received_at = UtcMs()
        error = TextField(default="")

        class Meta:
            database = db
            table_name = "staff_update"
            indexes = ((("state", "id"), False),)

    db.create_tables([StaffUpdate])

    class Tag(Model):
        id = BigAutoField()
        oa_id = TextField()
        name = TextField()
        seen_at = UtcMs(null=True)
        removed_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "tag"
            indexes = ((("oa_id", "name"), True),)

    db.create_tables([Tag])

    class ZaloApp(Model):
        id = BigAutoField()
        app_id = TextField(unique=True)
        name = TextField(default="")
        secret = TextField()
        webhook_secrets = TextField()
        created_at = UtcMs()

        class Meta:
            database = db
            table_name = "zalo_app"

    db.create_tables([ZaloApp])

    class ZnsTemplate(Model):
        id = BigAutoField()
        oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE")
        template_id = TextField()
        name = TextField(default="")
        status = TextField(default="")
        reason = TextField(default="")
        params = JsonText(null=True)
        buttons = JsonText(null=True)
        timeout_ms = BigIntegerField(default=7200000)
        preview_url = TextField(default="")
        quality = TextField(default="")
        tag = TextField(default="")
        price_phone = IntegerField(null=True)
        price_uid = IntegerField(null=True)
        daily_quota = IntegerField(null=True)
        remaining_quota = IntegerField(null=True)
        body = TextField(default="")
        synced_at = UtcMs()

        class Meta:
            database = db
            table_name = "zns_template"
            indexes = ((("oa", "template_id"), True),)

    db.create_tables([ZnsTemplate])

    db.execute_sql(
        'CREATE INDEX "follower_profile_queue" ON "follower" ("oa_id", "profile_next_at") WHERE profile_wanted'
    )
    db.execute_sql('CREATE INDEX "inbox_new" ON "inbox_event" ("id") WHERE state = \'new\'')
    db.execute_sql(
        'CREATE INDEX "delivery_open" ON "delivery" ("next_attempt_at", "id") WHERE state IN (\'queued\', \'sending\')'
    )
    db.execute_sql(
        'CREATE INDEX "delivery_unanswered" ON "delivery" ("next_attempt_at") WHERE state = \'sent\' AND next_attempt_at IS NOT NULL'
    )
    db.execute_sql('CREATE INDEX "delivery_day" ON "delivery" ("oa_id", "delivered_at") WHERE delivered_at IS NOT NULL')
    db.execute_sql('CREATE INDEX "receipt_unmatched" ON "receipt" ("created_at") WHERE delivery_id IS NULL')
    db.execute_sql('CREATE INDEX "notice_queued" ON "notice" ("next_attempt_at", "id") WHERE state = \'queued\'')


def down(migrator, db):
    migrator.migrate(migrator.drop_table("zns_template"))
    migrator.migrate(migrator.drop_table("zalo_app"))
    migrator.migrate(migrator.drop_table("tag"))
    migrator.migrate(migrator.drop_table("staff_update"))
    migrator.migrate(migrator.drop_table("receipt"))
    migrator.migrate(migrator.drop_table("pace"))
    migrator.migrate(migrator.drop_table("oa_token"))
    migrator.migrate(migrator.drop_table("notice"))
    migrator.migrate(migrator.drop_table("lease"))
    migrator.migrate(migrator.drop_table("inbox_event"))
    migrator.migrate(migrator.drop_table("follower_tag"))
    migrator.migrate(migrator.drop_table("follower_seen"))
    migrator.migrate(migrator.drop_table("follower_sync"))
    migrator.migrate(migrator.drop_table("follower"))
    migrator.migrate(migrator.drop_table("draft"))
    migrator.migrate(migrator.drop_table("delivery"))
    migrator.migrate(migrator.drop_table("counter"))
    migrator.migrate(migrator.drop_table("contact"))
    migrator.migrate(migrator.drop_table("confirmation"))
    migrator.migrate(migrator.drop_table("staff"))
    migrator.migrate(migrator.drop_table("official_account"))
    migrator.migrate(migrator.drop_table("clock_tick"))
    migrator.migrate(migrator.drop_table("chat_message"))
    migrator.migrate(migrator.drop_table("audit_entry"))
