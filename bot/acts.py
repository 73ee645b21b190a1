"""Which commands, buttons and forms change something, and what the audit calls the act. A test keeps it complete.

To change something is to send, to alter what others rely on, or to bring data out (a number shown, a file). Opening a
form, asking a question and choosing the OA to work with are looking.
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
    "k.number": "customer.number_shown",
    "k.tester": "customer.tester_on",
    "k.file": "customer.export",
    "yes": "message.accepted",
    "resend": "message.resent",
    "stop": "stop_all.on",
    "stop.ask": "stop_all.off",
    "stop.over": "stop_all.off",
    "audit.file": "audit.export",
}
COMMANDS: dict[str, str] = {"stop_all": "stop_all.on"}
FORMS: dict[str, str] = {
    "add_oa": "oa.added",
    "rename": "oa.renamed",
    "describe": "oa.described",
    "tokens": "oa.tokens_pasted",
}
LOOKS = frozenset(
    {
        "home", "help", "cancel", "settings", "f", "f.go", "oas", "oa", "oa.add", "oa.edit", "oa.rename", "oa.describe",
        "oa.remove", "oa.prove", "oa.tokens", "kh", "kh.find", "k", "send", "send.to", "send.way", "zns", "zns.to",
        "zns.again", "zns.edit", "text.edit", "text.again", "again", "audit", "audit.oa", "audit.who", "audit.kind",
        "audit.one", "audit.message",
    }
)  # fmt: skip
LOOKING_COMMANDS = frozenset({"start", "send", "zns", "followers", "oa", "settings", "help", "cancel", "audit"})
LOOKING_FORMS = frozenset({"send", "zns"})
