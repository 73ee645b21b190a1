"""Do the values fit the template? Shared by sends to a phone and to a user id."""

from typing import Any

from sandbox.zalo_side.answers import Refusal
from sandbox.zalo_side.call import as_text, characters
from sandbox.zalo_side.formats import fits
from sandbox.zalo_side.templates import Param, Template
from sandbox.zalo_side.zns_errors import ZNS_MESSAGES

MAX_CONTENT = 100_000


def zns_refusal(code: int, detail: str = "") -> Refusal:
    """A refusal with the ZNS host's words, `detail` behind them."""
    return Refusal(code, f"{ZNS_MESSAGES[code]}: {detail}" if detail else ZNS_MESSAGES[code])


def check_template_data(template: Template, data: Any) -> None:
    """Raise Refusal -111 (no data), -112 (no object), -1122 (missing), -1121 (too long), -1124 (wrong format) or -130
    (above 100,000 characters together). Unknown keys pass."""
    if data is None or data == {}:
        if any(param.require for param in template.params):
            raise zns_refusal(-111)
        return
    if not isinstance(data, dict):
        raise zns_refusal(-112)
    if sum(characters(as_text(value)) for value in data.values()) > MAX_CONTENT:
        raise zns_refusal(-130)
    for param in template.params:
        _check_value(param, data.get(param.name))


def _check_value(param: Param, value: Any) -> None:
    if isinstance(value, dict | list | bool):
        raise zns_refusal(-1124, param.name)
    if value is None or value == "":
        if param.require and not param.accept_null:
            raise zns_refusal(-1122, param.name)
        return
    if characters(as_text(value)) > param.max_length:
        raise zns_refusal(-1121, f"{param.name}, max {param.max_length}")
    if not fits(param.kind, as_text(value)):
        raise zns_refusal(-1124, param.name)
