"""The words of the `key: value` form of documents, in Vietnamese and English; accents and case do not matter."""

from __future__ import annotations

from collections.abc import Mapping

from services.names import fold_name
from zalo.documents import PROMOTION

# The first of each group is how the bot itself writes it.
_KEYS = {
    "type": ("loại", "type", "kind"),
    "language": ("ngôn ngữ", "language"),
    "banner": ("ảnh", "hình", "image", "banner", "picture"),
    "header": ("tiêu đề", "title", "header"),
    "text": ("nội dung", "text", "content"),
    "button": ("nút", "button"),
    "icon": ("biểu tượng", "icon"),
}
_TYPES = {
    PROMOTION: ("truyền thông", "tin truyền thông", "khuyến mãi", "ưu đãi", "promotion", "media"),
    "transaction_billing": ("hóa đơn", "thanh toán", "billing"),
    "transaction_order": ("đơn hàng", "order"),
    "transaction_reward": ("tích điểm", "đổi thưởng", "reward"),
    "transaction_contract": ("hợp đồng", "contract"),
    "transaction_booking": ("đặt lịch", "lịch hẹn", "đặt chỗ", "booking"),
    "transaction_membership": ("thành viên", "membership"),
    "transaction_event": ("sự kiện", "event"),
    "transaction_transaction": ("giao dịch", "transaction"),
    "transaction_account": ("tài khoản", "account"),
    "transaction_internal": ("nội bộ", "internal"),
    "transaction_partnership": ("đối tác", "partnership"),
    "transaction_education": ("giáo dục", "education"),
    "transaction_rating": ("đánh giá", "rating"),
}
_LANGUAGES = {"VI": ("VI", "VN", "tiếng Việt", "Vietnamese"), "EN": ("EN", "tiếng Anh", "English")}
_ALIGNS = {"left": ("trái", "left"), "center": ("giữa", "center", "centre"), "right": ("phải", "right")}
_STYLES = {
    "green": ("xanh", "xanh lá", "green"),
    "blue": ("xanh dương", "xanh lam", "xanh da trời", "lam", "blue"),
    "yellow": ("vàng", "yellow"),
    "red": ("đỏ", "red"),
    "grey": ("xám", "grey", "gray"),
}
# Colours that Zalo does not have; named, they are refused, where any other word in brackets is text.
_NO_STYLES = ("tím", "cam", "hồng", "nâu", "đen", "trắng", "purple", "orange", "pink", "brown", "black", "white")


def _folded(groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold_name(word): name for name, words in groups.items() for word in words}


KEYS, TYPES, LANGUAGES = _folded(_KEYS), _folded(_TYPES), _folded(_LANGUAGES)
ALIGNS, STYLES = _folded(_ALIGNS), _folded(_STYLES)
NO_STYLES = frozenset(fold_name(word) for word in _NO_STYLES)


KINDS = tuple(kind for kind in _TYPES if kind != PROMOTION)  # of transaction messages


def type_names() -> list[str]:
    """The name of every kind as the bot writes it, media messages first."""
    return [words[0] for words in _TYPES.values()]


def word(groups: str, name: str) -> str:
    """The bot's own word for a `key`, `type`, `align` or `style`."""
    table = {"key": _KEYS, "type": _TYPES, "align": _ALIGNS, "style": _STYLES}[groups]
    return table[name][0]
