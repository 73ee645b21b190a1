"""Every kind of form by its name in the draft row."""

from __future__ import annotations

from bot.forms.add_oa import ADD_OA
from bot.forms.answer import ANSWER
from bot.forms.app import KINDS as APPS
from bot.forms.engine import FormKind
from bot.forms.invite import INVITE
from bot.forms.oa_fields import FIELDS
from bot.forms.opt_out import OPT_OUT
from bot.forms.send import SEND
from bot.forms.template_body import TEMPLATE_BODY
from bot.forms.test_phones import TEST_PHONES
from bot.forms.verification import VERIFICATION
from bot.forms.zns import ZNS

KINDS: dict[str, FormKind] = {
    "add_oa": ADD_OA,
    **FIELDS,
    **APPS,
    "verification": VERIFICATION,
    "invite": INVITE,
    "answer": ANSWER,
    "template_body": TEMPLATE_BODY,
    "test_phones": TEST_PHONES,
    "opt_out": OPT_OUT,
    "send": SEND,
    "zns": ZNS,
}
