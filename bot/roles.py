"""Who may do what: every command and every button with the role it needs. The only such table."""

from __future__ import annotations

from dataclasses import dataclass

from models import Role


@dataclass(frozen=True)
class Command:
    """A command: its names in both languages (all of them always work), its role, whether the menu shows it."""

    action: str
    vi: str
    en: str
    role: Role
    also: tuple[str, ...] = ()
    in_menu: bool = True

    @property
    def names(self) -> frozenset[str]:
        """Every name people may type."""
        return frozenset({self.vi, self.en, *self.also})

    def name(self, language: str) -> str:
        """The name the menu shows."""
        return self.en if language == "en" else self.vi


COMMANDS = (
    Command("start", "start", "start", Role.VIEWER),
    Command("send", "gui", "send", Role.OPERATOR),
    Command("zns", "zns", "zns", Role.OPERATOR),
    Command("inbox", "cho", "inbox", Role.OPERATOR),
    Command("followers", "khach", "followers", Role.OPERATOR, also=("find",)),
    Command("templates", "mau", "templates", Role.VIEWER),
    Command("oa", "oa", "oa", Role.VIEWER),
    Command("settings", "caidat", "settings", Role.VIEWER),
    Command("help", "trogiup", "help", Role.VIEWER),
    Command("cancel", "huy", "cancel", Role.VIEWER, in_menu=False),
    Command("quota", "hanmuc", "quota", Role.VIEWER, in_menu=False),
    Command("audit", "nhatky", "audit", Role.MANAGER, in_menu=False),
    Command("opt_out", "tuchoi", "optout", Role.OPERATOR, in_menu=False),
    Command("stop_all", "dunghet", "stopall", Role.OPERATOR, in_menu=False),
)
BY_NAME = {name: command for command in COMMANDS for name in command.names}

# Asked at every answer, not only at the opening: a role can be taken away while a form is open.
FORMS: dict[str, Role] = {
    "add_oa": Role.MANAGER,
    "rename": Role.MANAGER,
    "describe": Role.MANAGER,
    "tokens": Role.MANAGER,
    "form_image": Role.MANAGER,
    "send": Role.OPERATOR,
    "zns": Role.OPERATOR,
    "template_body": Role.MANAGER,
    "test_phones": Role.MANAGER,
    "answer": Role.OPERATOR,
    "opt_out": Role.OPERATOR,
    "invite": Role.OWNER,
    "app": Role.OWNER,
    "app_name": Role.OWNER,
    "app_secret": Role.OWNER,
    "app_webhook": Role.OWNER,
    "verification": Role.OWNER,
}

BUTTONS: dict[str, Role] = {
    "home": Role.VIEWER,
    "help": Role.VIEWER,
    "cancel": Role.VIEWER,
    "settings": Role.VIEWER,
    "lang": Role.VIEWER,
    "f": Role.VIEWER,  # an answer to the open form: FORMS decides
    "f.go": Role.VIEWER,
    # OAs
    "oas": Role.VIEWER,
    "oa": Role.VIEWER,
    "oa.add": Role.MANAGER,
    "oa.edit": Role.MANAGER,
    "oa.rename": Role.MANAGER,
    "oa.describe": Role.MANAGER,
    "oa.remove": Role.MANAGER,
    "oa.gone": Role.MANAGER,
    "oa.mode": Role.OPERATOR,  # towards safer; towards sending asks for a manager by itself
    "oa.live": Role.MANAGER,
    "oa.sync": Role.OPERATOR,
    "oa.check": Role.OPERATOR,
    "oa.resume": Role.MANAGER,
    "oa.prove": Role.MANAGER,
    "oa.proved": Role.MANAGER,
    "oa.tokens": Role.MANAGER,
    "oa.form_image": Role.MANAGER,
    "oa.uid_api": Role.MANAGER,
    "oa.phones": Role.MANAGER,
    "oa.phone_add": Role.MANAGER,
    "oa.phone_drop": Role.MANAGER,
    # templates, quotas, ratings
    "tpl": Role.VIEWER,
    "tpl.card": Role.VIEWER,
    "tpl.all": Role.OPERATOR,
    "tpl.read": Role.OPERATOR,
    "tpl.zns": Role.OPERATOR,
    "tpl.uid": Role.OPERATOR,
    "tpl.test": Role.OPERATOR,
    "tpl.tested": Role.OPERATOR,
    "tpl.ratings": Role.OPERATOR,
    "tpl.body": Role.MANAGER,
    "tpl.nobody": Role.MANAGER,
    "quota": Role.VIEWER,
    "quota.read": Role.OPERATOR,
    "rate": Role.OPERATOR,
    "rate.write": Role.OPERATOR,
    "rate.number": Role.OPERATOR,
    "rate.done": Role.OPERATOR,
    # connecting
    "connect": Role.MANAGER,
    "connect.by": Role.MANAGER,
    "connect.away": Role.MANAGER,
    "connect.yes": Role.MANAGER,
    "connect.no": Role.MANAGER,
    "late.go": Role.MANAGER,
    "late.drop": Role.MANAGER,
    "late.dropped": Role.MANAGER,
    "guide": Role.VIEWER,
    # Zalo apps and the domain
    "apps": Role.OWNER,
    "app": Role.OWNER,
    "app.add": Role.OWNER,
    "app.name": Role.OWNER,
    "app.secret": Role.OWNER,
    "app.webhook": Role.OWNER,
    "app.drop": Role.OWNER,
    "app.dropped": Role.OWNER,
    "app.remove": Role.OWNER,
    "app.gone": Role.OWNER,
    "domain": Role.OWNER,
    "domain.code": Role.OWNER,
    "domain.clear": Role.OWNER,
    # staff, invitations, strangers, groups
    "st": Role.OWNER,
    "st.card": Role.OWNER,
    "st.role": Role.OWNER,
    "st.owner": Role.OWNER,
    "st.lang": Role.OWNER,
    "st.numbers": Role.OWNER,
    "st.money": Role.OWNER,
    "st.oas": Role.OWNER,
    "st.oa": Role.OWNER,
    "st.every": Role.OWNER,
    "st.remove": Role.OWNER,
    "st.gone": Role.OWNER,
    "st.invite": Role.OWNER,
    "st.links": Role.OWNER,
    "st.revoke": Role.OWNER,
    "st.strangers": Role.OWNER,
    "st.admit": Role.OWNER,
    "st.ignore": Role.OWNER,
    "st.heed": Role.OWNER,
    "st.groups": Role.OWNER,
    "st.allow": Role.OWNER,
    "st.forbid": Role.OWNER,
    # customers
    "kh": Role.OPERATOR,
    "kh.find": Role.OPERATOR,
    "k": Role.OPERATOR,
    "k.number": Role.OPERATOR,
    "k.tester": Role.MANAGER,
    "k.file": Role.OPERATOR,
    "k.past": Role.OPERATOR,
    "ph.past": Role.OPERATOR,
    "oo": Role.OPERATOR,
    "oo.no": Role.OPERATOR,
    "oo.ask": Role.OPERATOR,
    "oo.open": Role.OPERATOR,
    "oo.all": Role.OPERATOR,
    "oo.stop": Role.OPERATOR,
    "oo.undo": Role.OPERATOR,
    "oo.visit": Role.OPERATOR,
    "k.erase": Role.OWNER,
    "k.erased": Role.OWNER,
    # who waits, and conversations
    "in": Role.OPERATOR,
    "in.c": Role.OPERATOR,
    "in.next": Role.OPERATOR,
    "in.take": Role.OPERATOR,
    "in.free": Role.OPERATOR,
    "in.done": Role.OPERATOR,
    "in.hand": Role.OPERATOR,
    "in.to": Role.OPERATOR,
    "in.say": Role.OPERATOR,
    "in.phone": Role.OPERATOR,
    "in.keep": Role.OPERATOR,
    "in.kept": Role.OPERATOR,
    # sending
    "send": Role.OPERATOR,
    "send.to": Role.OPERATOR,
    "send.way": Role.OPERATOR,
    "zns": Role.OPERATOR,
    "zns.to": Role.OPERATOR,
    "send.edit": Role.OPERATOR,
    "send.again": Role.OPERATOR,
    "send.test": Role.OPERATOR,
    "send.watch": Role.OPERATOR,
    "send.keep": Role.OPERATOR,
    "d.stop": Role.OPERATOR,
    "yes": Role.OPERATOR,
    "again": Role.OPERATOR,
    "resend": Role.OPERATOR,
    # everything at once; letting it go again asks for a manager of every OA by itself
    "stop": Role.OPERATOR,
    "stop.ask": Role.MANAGER,
    "stop.over": Role.MANAGER,
    # the audit
    "audit": Role.MANAGER,
    "audit.oa": Role.MANAGER,
    "audit.who": Role.MANAGER,
    "audit.kind": Role.MANAGER,
    "audit.one": Role.MANAGER,
    "audit.message": Role.MANAGER,
    "audit.file": Role.MANAGER,
}
