"""Names as people search for them: without accents, case or double spaces."""

from __future__ import annotations

import unicodedata

from zalo.payload import clean

LONGEST = 64


def fold_name(text: str) -> str:
    """`Nguyễn Thị Đào` as `nguyen thi dao`; the same for precomposed and decomposed letters."""
    split = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in split if not unicodedata.combining(char))
    return " ".join(bare.replace("đ", "d").split())


def tidy(text: str, limit: int = LONGEST) -> str:
    """A name somebody gave themselves, on one line and without signs that hide or turn round what stands beside it."""
    visible = "".join(char if char.isprintable() else " " for char in clean(text))
    return " ".join(visible.split())[:limit].rstrip()
