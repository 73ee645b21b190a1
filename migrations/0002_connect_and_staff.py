"""Connecting by Zalo's permission page, staff by invitation, single OAs for a person, erasure, e-mail, settings."""
# ruff: noqa: F403, F405
# mypy: ignore-errors

from peewee import *

from db import JsonText, UtcMs


def up(migrator, db):
    class OfficialAccount(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "official_account"

    class Staff(Model):
        id = BigAutoField()

        class Meta:
            database = db
            table_name = "staff"

    class Invitation(Model):
        id = BigAutoField()
        secret_hash = TextField(unique=True)
        role = TextField()
        name = TextField(default="")
        language = TextField(default="vi")
        every_oa = BooleanField(default=True)
        oas = JsonText(null=True)
        sees_numbers = BooleanField(default=True)
        sees_money = BooleanField(default=True)
        created_by = ForeignKeyField(Staff, on_delete="CASCADE")
        created_at = UtcMs()
        expires_at = UtcMs()
        used_at = UtcMs(null=True)
        used_by = BigIntegerField(null=True)
        revoked_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "invitation"

    db.create_tables([Invitation])

    class OauthTicket(Model):
        id = BigAutoField()
        secret_hash = TextField(unique=True)
        staff = ForeignKeyField(Staff, on_delete="CASCADE")
        oa = ForeignKeyField(OfficialAccount, null=True, on_delete="CASCADE")
        app_id = TextField()
        state = TextField(default="open")
        verifier = TextField(default="")
        code = TextField(default="")
        pair = TextField(default="")
        found_oa_id = TextField(default="")
        found_name = TextField(default="")
        profile = JsonText(null=True)
        error_code = TextField(default="")
        chat_id = BigIntegerField()
        message_id = BigIntegerField(null=True)
        attempts = IntegerField(default=0)
        next_attempt_at = UtcMs(null=True)
        lease_owner = TextField(default="")
        lease_until = UtcMs(null=True)
        created_at = UtcMs()
        expires_at = UtcMs()
        used_at = UtcMs(null=True)
        ended_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "oauth_ticket"

    db.create_tables([OauthTicket])
    db.execute_sql(
        'CREATE INDEX "oauth_ticket_due" ON "oauth_ticket" ("id") WHERE state IN (\'returned\', \'exchanged\')'
    )

    class Setting(Model):
        id = BigAutoField()
        name = TextField(unique=True)
        value = JsonText(null=True)
        changed_at = UtcMs()

        class Meta:
            database = db
            table_name = "setting"

    db.create_tables([Setting])

    class StaffOa(Model):
        id = BigAutoField()
        staff = ForeignKeyField(Staff, on_delete="CASCADE")
        oa = ForeignKeyField(OfficialAccount, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "staff_oa"
            indexes = ((("staff", "oa"), True),)

    db.create_tables([StaffOa])

    class Stranger(Model):
        id = BigAutoField()
        telegram_id = BigIntegerField(unique=True)
        name = TextField(default="")
        first_seen_at = UtcMs()
        last_seen_at = UtcMs()
        told_at = UtcMs(null=True)
        ignored_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "stranger"

    db.create_tables([Stranger])

    class TelegramGroup(Model):
        id = BigAutoField()
        chat_id = BigIntegerField(unique=True)
        title = TextField(default="")
        allowed = BooleanField(default=False)
        added_by = BigIntegerField(null=True)
        added_name = TextField(default="")
        seen_at = UtcMs()
        left_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "telegram_group"

    db.create_tables([TelegramGroup])

    migrator.migrate(migrator.add_column("audit_entry", "result", TextField(default="done")))
    migrator.migrate(migrator.add_column("official_account", "lost_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("official_account", "app_since", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("official_account", "previous_app_id", TextField(default="")))
    migrator.migrate(migrator.add_column("clock_tick", "taken_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("clock_tick", "attempts", IntegerField(default=1)))
    migrator.migrate(migrator.add_column("staff", "every_oa", BooleanField(default=True)))
    migrator.migrate(migrator.add_column("staff", "invited_by", BigIntegerField(null=True)))
    migrator.migrate(migrator.add_column("staff", "removed_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("follower", "erased_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("notice", "urgent", BooleanField(default=False)))
    migrator.migrate(migrator.add_column("notice", "mailed_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_column("notice", "queued_at", UtcMs(null=True)))
    migrator.migrate(migrator.add_index("audit_entry", ("staff_id", "id")))
    db.execute_sql('CREATE INDEX "follower_erased" ON "follower" ("user_id") WHERE erased_at IS NOT NULL')
    db.execute_sql('CREATE INDEX "inbox_left" ON "inbox_event" ("state") WHERE state IN (\'waiting\', \'dead\')')
    # Nothing else happens to the pair of an OA that is lost: its last change was the loss.
    db.execute_sql(
        'UPDATE "official_account" SET "lost_at" = (SELECT "changed_at" FROM "oa_token" '
        'WHERE "oa_token"."oa_id" = "official_account"."id") WHERE "state" = \'needs_reauth\''
    )


def down(migrator, db):
    db.execute_sql('DROP INDEX "inbox_left"')
    db.execute_sql('DROP INDEX "follower_erased"')
    migrator.migrate(migrator.drop_index("audit_entry", "audit_entry_staff_id_id"))
    migrator.migrate(migrator.drop_column("notice", "queued_at"))
    migrator.migrate(migrator.drop_column("notice", "mailed_at"))
    migrator.migrate(migrator.drop_column("notice", "urgent"))
    migrator.migrate(migrator.drop_column("follower", "erased_at"))
    migrator.migrate(migrator.drop_column("staff", "removed_at"))
    migrator.migrate(migrator.drop_column("staff", "invited_by"))
    migrator.migrate(migrator.drop_column("staff", "every_oa"))
    migrator.migrate(migrator.drop_column("clock_tick", "attempts"))
    migrator.migrate(migrator.drop_column("clock_tick", "taken_at"))
    migrator.migrate(migrator.drop_column("official_account", "previous_app_id"))
    migrator.migrate(migrator.drop_column("official_account", "app_since"))
    migrator.migrate(migrator.drop_column("official_account", "lost_at"))
    migrator.migrate(migrator.drop_column("audit_entry", "result"))
    migrator.migrate(migrator.drop_table("telegram_group"))
    migrator.migrate(migrator.drop_table("stranger"))
    migrator.migrate(migrator.drop_table("staff_oa"))
    migrator.migrate(migrator.drop_table("setting"))
    migrator.migrate(migrator.drop_table("oauth_ticket"))
    migrator.migrate(migrator.drop_table("invitation"))
