"""Every kind of message, what people said about being written to, conversations, ratings, uploads that serve again."""
# ruff: noqa: F403, F405
# mypy: ignore-errors

from peewee import *

from db import JsonText, UtcMs

COLUMNS = (
    ("official_account", "cs_quota", JsonText(null=True)),
    ("official_account", "cs_quota_at", UtcMs(null=True)),
    ("official_account", "quota_wanted_at", UtcMs(null=True)),
    ("official_account", "uid_message_api", TextField(default="template")),
    ("official_account", "test_phones", JsonText(null=True)),
    ("official_account", "form_image", TextField(default="")),
    ("chat_message", "told_at", UtcMs(null=True)),
    ("chat_message", "confirmed_by", BigIntegerField(null=True)),
    ("zns_template", "body_at", UtcMs(null=True)),
    ("zns_template", "reread_at", UtcMs(null=True)),
    ("zns_template", "night_refused_at", UtcMs(null=True)),
    ("zns_template", "uid_refused_at", UtcMs(null=True)),
    ("zns_template", "ratings_until", UtcMs(null=True)),
    ("delivery", "send_class", TextField(default="care")),
    ("delivery", "origin", TextField(default="single")),
    ("delivery", "charged", IntegerField(null=True)),
    ("delivery", "quota_type", TextField(default="")),
    ("receipt", "echoed", TextField(default="")),
)
# What stood against a person until now, as statements of their own. Zalo's refusals hold for the OA whose message was
# refused.
CONSENTS = (
    """INSERT INTO consent (oa_id, recipient, scope, given, at, source, code)
    SELECT oa_id, user_id, 'all', FALSE, blocked_at, 'zalo', blocked_code FROM follower
    WHERE blocked_code <> '' AND blocked_at IS NOT NULL""",
    """INSERT INTO consent (oa_id, recipient, scope, given, at, source, code)
    SELECT DISTINCT official_account.oa_id, contact.phone, 'all', FALSE, contact.opted_out_at, 'zalo',
      contact.opted_out_code
    FROM contact JOIN delivery ON delivery.recipient = contact.phone AND delivery.error_code = contact.opted_out_code
    JOIN official_account ON official_account.id = delivery.oa_id
    WHERE contact.opted_out_at IS NOT NULL AND contact.opted_out_code <> ''""",
    # The rest named no OA: they hold for all, since nobody knows better.
    """INSERT INTO consent (oa_id, recipient, scope, given, at, source, code)
    SELECT '', phone, 'all', FALSE, opted_out_at, 'zalo', opted_out_code FROM contact
    WHERE opted_out_at IS NOT NULL AND phone NOT IN (SELECT recipient FROM consent)""",
)
# Doubled percent signs: psycopg reads single ones as marks, and to LIKE they are the same.
CLASSES = """UPDATE delivery SET send_class = COALESCE((SELECT CASE tag WHEN 'PROMOTION' THEN 'promotion'
    WHEN 'TRANSACTION' THEN 'transaction' ELSE 'care' END FROM zns_template
    WHERE zns_template.oa_id = delivery.oa_id AND delivery.content LIKE '%%"' || zns_template.template_id || '"%%'
    ORDER BY zns_template.id LIMIT 1), 'transaction') WHERE channel = 'zns'"""

# Until now what a message cost followed from its state alone. What consultation messages cost was not kept: it stays
# unknown (NULL).
CHARGES = (
    """UPDATE delivery SET charged = 0
    WHERE (development = TRUE AND channel = 'zns') OR state IN ('failed', 'skipped', 'expired', 'cancelled')""",
    """UPDATE delivery SET charged = price
    WHERE charged IS NULL AND channel = 'zns' AND state IN ('delivered', 'seen')""",
)


def up(migrator, db):
    class Consent(Model):
        id = BigAutoField()
        oa_id = TextField(default="")
        recipient = TextField()
        scope = TextField()
        given = BooleanField(null=True)
        at = UtcMs()
        source = TextField()
        code = TextField(default="")
        evidence = JsonText(null=True)
        staff_id = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "consent"
            indexes = ((("recipient", "oa_id", "scope"), True),)

    class Conversation(Model):
        id = BigAutoField()
        oa_id = TextField()
        user_id = TextField()
        waiting_since = UtcMs(null=True)
        last_inbound_at = UtcMs(null=True)
        last_outbound_at = UtcMs(null=True)
        last_kind = TextField(default="")
        last_text = TextField(default="")
        has_phone = BooleanField(default=False)
        taken_by = BigIntegerField(null=True)
        taken_at = UtcMs(null=True)
        done_at = UtcMs(null=True)
        done_by = BigIntegerField(null=True)
        warned_free_for = UtcMs(null=True)
        warned_window_for = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "conversation"
            indexes = ((("oa_id", "user_id"), True),)

    class Watch(Model):
        id = BigAutoField()
        oa_id = TextField()
        user_id = TextField()
        staff_id = BigIntegerField()
        content = JsonText(null=True)
        created_at = UtcMs()
        told_at = UtcMs(null=True)

        class Meta:
            database = db
            table_name = "watch"
            indexes = ((("oa_id", "user_id", "staff_id"), True),)

    class Rating(Model):
        id = BigAutoField()
        oa_id = TextField()
        msg_id = TextField()
        tracking_id = TextField(default="")
        template_id = TextField(default="")
        delivery_id = BigIntegerField(null=True)
        recipient = TextField(default="")
        rate = IntegerField()
        note = TextField(default="")
        feedbacks = JsonText(null=True)
        at = UtcMs()
        handled_at = UtcMs(null=True)
        handled_by = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "rating"
            indexes = (
                (("oa_id", "msg_id"), True),
                (("oa_id", "template_id", "at"), False),
                (("recipient",), False),
            )

    class ZaloUpload(Model):
        id = BigAutoField()
        oa_id = TextField()
        name = TextField()
        kind = TextField()
        filename = TextField(default="")
        handle = TextField()
        uploaded_at = UtcMs()

        class Meta:
            database = db
            table_name = "zalo_upload"
            indexes = ((("oa_id", "name", "kind", "filename"), True),)

    db.create_tables([Consent, Conversation, Watch, Rating, ZaloUpload])
    for table, name, field in COLUMNS:
        migrator.migrate(migrator.add_column(table, name, field))
    # Messages of before this version were never told by the bot, and are not now.
    migrator.migrate(migrator.add_column("chat_message", "stored_at", UtcMs(default=0)))
    db.execute_sql('UPDATE "chat_message" SET "stored_at" = "at", "told_at" = "at"')
    for statement in (*CONSENTS, CLASSES, *CHARGES):
        db.execute_sql(statement)
    for table, name in (
        ("contact", "opted_out_at"),
        ("contact", "opted_out_code"),
        ("follower", "blocked_code"),
        ("follower", "blocked_at"),
    ):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{name}"')
    db.execute_sql('CREATE INDEX "chat_message_untold" ON "chat_message" ("stored_at", "id") WHERE told_at IS NULL')
    db.execute_sql(
        'CREATE INDEX "conversation_waiting" ON "conversation" ("oa_id", "waiting_since") '
        "WHERE waiting_since IS NOT NULL"
    )
    db.execute_sql(
        'CREATE INDEX "delivery_promotion" ON "delivery" ("recipient", "created_at") WHERE send_class = \'promotion\''
    )


def down(migrator, db):
    for index in ("delivery_promotion", "conversation_waiting", "chat_message_untold"):
        db.execute_sql(f'DROP INDEX "{index}"')
    for table, name, field in (
        ("contact", "opted_out_at", UtcMs(null=True)),
        ("contact", "opted_out_code", TextField(default="")),
        ("follower", "blocked_code", TextField(default="")),
        ("follower", "blocked_at", UtcMs(null=True)),
    ):
        migrator.migrate(migrator.add_column(table, name, field))
    migrator.migrate(migrator.drop_column("chat_message", "stored_at"))
    for table, name, _ in reversed(COLUMNS):
        migrator.migrate(migrator.drop_column(table, name))
    for table in ("zalo_upload", "rating", "watch", "conversation", "consent"):
        migrator.migrate(migrator.drop_table(table))
