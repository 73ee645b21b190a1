"""Which function answers which command and which button."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.commands import basics, customers, oa, sending
from bot.screens.home import show_home
from bot.turn import Turn

COMMAND_ROUTES: dict[str, Callable[[Turn, str], Awaitable[None]]] = {
    "start": basics.start,
    "help": basics.help_command,
    "settings": basics.settings,
    "cancel": basics.cancel,
    "oa": oa.oa_command,
    "followers": customers.followers_command,
    "zns": sending.zns_command,
    "send": sending.send_command,
}

BUTTON_ROUTES: dict[str, Callable[[Turn, tuple[str, ...]], Awaitable[None]]] = {
    "home": show_home,
    "help": basics.show_help,
    "cancel": basics.cancel_button,
    "settings": basics.show_settings,
    "lang": basics.set_language,
    "f.go": basics.go_on,
    "oas": oa.show_list,
    "oa": oa.show_card,
    "oa.add": oa.add,
    "oa.edit": oa.edit,
    "oa.rename": oa.change_field,
    "oa.describe": oa.change_field,
    "oa.tokens": oa.change_field,
    "oa.remove": oa.ask_remove,
    "oa.gone": oa.remove,
    "oa.mode": oa.change_mode,
    "oa.live": oa.confirm_mode,
    "oa.sync": oa.sync,
    "oa.check": oa.check,
    "oa.resume": oa.resume,
    "oa.prove": oa.ask_prove,
    "oa.proved": oa.prove,
    "kh": customers.show_list,
    "kh.find": customers.how_to_find,
    "k": customers.show_card,
    "k.number": customers.show_number,
    "k.tester": customers.set_tester,
    "k.file": customers.send_file,
    "send": sending.begin_send,
    "send.to": sending.send_to,
    "send.way": sending.choose_way,
    "zns": sending.begin_zns,
    "zns.to": sending.zns_to,
    "zns.edit": sending.edit_fields,
    "zns.again": sending.again_zns,
    "text.edit": sending.edit_text,
    "text.again": sending.again_text,
    "yes": sending.confirm,
    "again": sending.send_again,
    "resend": sending.resend,
}
