"""Names as people search for them: without accents, case or double spaces."""

from __future__ import annotations

import unicodedata


def fold_name(text: str) -> str:
    """`Nguyễn Thị Đào` as `nguyen thi dao`; the same for precomposed and decomposed letters."""
    split = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in split if not unicodedata.combining(char))
    return " ".join(bare.replace("đ", "d").split())
