"""secretbox.py: sealed text opens only where it belongs."""

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from secretbox import CannotOpen, SecretBox

OLD, NEW = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))


@given(st.text(), st.text(max_size=60))
def test_what_was_sealed_opens_with_the_same_context(text, context):
    """Any text, any context."""
    box = SecretBox([NEW])
    assert box.open(box.seal(text, context), context) == text


def test_a_blob_moved_to_another_row_does_not_open():
    """Whoever can write to the database still cannot give one account another account's token."""
    box = SecretBox([NEW])
    blob = box.seal("token", "oa_token:1:access")
    for other in ("oa_token:2:access", "oa_token:1:refresh", ""):
        with pytest.raises(CannotOpen) as refused:
            box.open(blob, other)
        assert "token" not in str(refused.value).replace("another", "")


def test_an_old_key_still_opens_and_a_foreign_one_never():
    """Keys are listed newest first while rows are re-sealed."""
    blob = SecretBox([OLD]).seal("token", "x")
    assert SecretBox([NEW, OLD]).open(blob, "x") == "token"
    with pytest.raises(CannotOpen):
        SecretBox([NEW]).open(blob, "x")


@pytest.mark.parametrize("blob", ["", "abc", "gAAAAA", "é"])
def test_garbage_is_refused_as_such(blob):
    """A damaged row raises our own error, not a library's."""
    with pytest.raises(CannotOpen):
        SecretBox([NEW]).open(blob, "x")
