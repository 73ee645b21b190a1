"""Which commands, buttons and forms change something, and what the audit calls the act. A test keeps it complete.

To change something is to send, to alter what others rely on, or to bring data out (a number shown, a file). A question
before it (LEADS_TO) changes nothing yet, but who may not ask it is kept from the act. The rest is looking: opening,
choosing the OA to work with, leaving.
"""

from __future__ import annotations

BUTTONS: dict[str, str] = {
    "lang": "staff.language",
    "oa.mode": "oa.mode",
    "oa.live": "oa.mode",
    "oa.gone": "oa.removed",
    "oa.sync": "oa.synced",
    "oa.check": "oa.checked",
    "oa.resume": "oa.resumed",
    "oa.proved": "oa.proved",
    "connect": "oa.connect_begun",
    "connect.by": "oa.connect_begun",
    "connect.yes": "oa.connected",
    "connect.no": "oa.connect_dropped",
    "late.go": "oa.resumed",
    "late.dropped": "oa.dropped",
    "app.dropped": "app.webhook_secret_dropped",
    "app.gone": "app.removed",
    "domain.clear": "verification.cleared",
    "st.role": "staff.role",
    "st.owner": "staff.role",
    "st.lang": "staff.language",
    "st.numbers": "staff.rights",
    "st.money": "staff.rights",
    "st.oa": "staff.oas",
    "st.every": "staff.oas",
    "st.gone": "staff.removed",
    "st.revoke": "invitation.revoked",
    "st.admit": "staff.joined",
    "st.ignore": "stranger.ignored",
    "st.heed": "stranger.heeded",
    "st.allow": "group.allowed",
    "st.forbid": "group.forbidden",
    "k.number": "customer.number_shown",
    "k.tester": "customer.tester_on",
    "k.file": "customer.export",
    "k.erased": "customer.erased",
    "oo.no": "customer.opted_out",
    "oo.all": "customer.opted_out",
    "oo.stop": "customer.opted_out",
    "oo.open": "customer.reopened",
    "oo.undo": "customer.reopened",
    "yes": "message.accepted",
    "resend": "message.resent",
    "stop": "stop_all.on",
    "stop.over": "stop_all.off",
    "audit.file": "audit.export",
}
LEADS_TO: dict[str, str] = {
    "oa.add": "oa.added",
    "oa.edit": "oa.renamed",
    "oa.rename": "oa.renamed",
    "oa.describe": "oa.described",
    "oa.remove": "oa.removed",
    "oa.prove": "oa.proved",
    "oa.tokens": "oa.tokens_pasted",
    "late.drop": "oa.dropped",
    "app.add": "app.added",
    "app.name": "app.renamed",
    "app.secret": "app.secret_replaced",
    "app.webhook": "app.webhook_secret_added",
    "app.drop": "app.webhook_secret_dropped",
    "app.remove": "app.removed",
    "domain.code": "verification.set",
    "st.invite": "staff.invited",
    "st.remove": "staff.removed",
    "k.erase": "customer.erased",
    "oo.ask": "customer.reopened",
    "again": "message.resent",
    "stop.ask": "stop_all.off",
}
LOOKS = frozenset(
    {
        "home", "help", "cancel", "settings", "f", "f.go", "oas", "oa", "guide", "connect.away", "apps", "app",
        "domain", "st", "st.card", "st.oas", "st.links", "st.strangers", "st.groups", "kh", "kh.find", "k", "send",
        "k.past", "ph.past", "oo", "oo.visit",
        "send.to", "send.way", "zns", "zns.to", "zns.again", "zns.edit", "text.edit", "text.again", "audit",
        "audit.oa", "audit.who", "audit.kind", "audit.one", "audit.message",
    }
)  # fmt: skip
COMMANDS: dict[str, str] = {"stop_all": "stop_all.on"}
LOOKING_COMMANDS = frozenset(
    {"start", "opt_out", "send", "zns", "followers", "oa", "settings", "help", "cancel", "audit"}
)
FORMS: dict[str, str] = {
    "add_oa": "oa.added",
    "rename": "oa.renamed",
    "describe": "oa.described",
    "tokens": "oa.tokens_pasted",
    "app": "app.added",
    "app_name": "app.renamed",
    "app_secret": "app.secret_replaced",
    "app_webhook": "app.webhook_secret_added",
    "verification": "verification.set",
    "invite": "staff.invited",
}
LOOKING_FORMS = frozenset({"send", "zns"})  # their preview's yes is the act
