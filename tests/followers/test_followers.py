"""Finding people, and telling their tags."""

from __future__ import annotations

import pytest

from models import Follower, FollowerTag, Tag
from services import followers
from services.errors import NotFound
from services.names import fold_name

OA = "2902001003004005006"


@pytest.fixture
def people(database, clock):
    def add(user_id, name="", phone="", shared="", follows=True, oa_id=OA):
        return Follower.create(
            oa_id=oa_id, user_id=user_id, display_name=name, search_name=fold_name(name), phone=phone,
            shared_name=fold_name(shared), is_follower=follows, first_seen_at=clock.now(),
        )  # fmt: skip

    add("100", "Nguyễn Thị Đào", "84901234567")
    add("101", "Đào", "84912345678")
    add("102", "Trần Văn Lan", follows=False)
    add("103", "", shared="Đào Thu")
    add("104", "100% giảm_giá!")
    add("900", "Đào", oa_id="77")
    return add


def ids(text):
    return [row.user_id for row in followers.find(OA, text)]


@pytest.mark.parametrize("text", ["đào", "Dao", "  DAO ", "đa\u0300o"])
def test_names_are_found_without_accents_exact_ones_first(people, text):
    """Staff type names as they like, and the person named just so comes first; other OAs stay out."""
    assert ids(text) == ["101", "103", "100"]


def test_words_may_come_in_any_order(people):
    """ "Lan Trần" is Trần Văn Lan."""
    assert ids("lan tran") == ["102"]


@pytest.mark.parametrize("text", ["0901234567", "+84 901 234 567", "84901234567", "090.123.4567"])
def test_phones_are_found_in_any_spelling(people, text):
    """One number, however written."""
    assert ids(text) == ["100"]


def test_the_last_digits_of_a_phone_are_enough(people):
    """People read out the end of a number."""
    assert ids("4567") == ["100"]


def test_an_id_finds_its_person(people):
    """Exact ids come first."""
    assert ids("102")[0] == "102"


@pytest.mark.parametrize("text", ["%", "_", "!", "100%", "m_g"])
def test_signs_of_the_pattern_language_are_plain_text(people, text):
    """A percent sign is looked for, not obeyed."""
    assert ids(text) == ["104"]


@pytest.mark.parametrize("text", ["", "   ", "🎁", "\u0301"])
def test_nothing_to_look_for_finds_nobody(people, text):
    """Above all not everybody whose name is unknown."""
    assert ids(text) == []


def test_pages_count_everybody(people):
    """A page knows how many there are in all."""
    page = followers.page(OA, limit=2, offset=2)
    assert [row.user_id for row in page.rows] == ["102", "101"]
    assert page.total == 5
    assert followers.page(OA, followers_only=True).total == 4
    assert followers.count(OA) == 4


def test_streams_bring_everybody_once_with_tags(people, clock):
    """Any number of people, a piece at a time."""
    FollowerTag.create(oa_id=OA, user_id="101", name="vip", present=True, changed_at=clock.now())
    FollowerTag.create(oa_id=OA, user_id="102", name="vip", present=False, changed_at=clock.now())
    Tag.create(oa_id=OA, name="vip", seen_at=clock.now())
    found = {row.user_id: tags for row, tags in followers.iterate(OA, piece=2)}
    assert found == {"100": [], "101": ["vip"], "102": [], "103": [], "104": []}


def test_testers_are_marked(people):
    """Messages of testing go to these only."""
    followers.set_tester(OA, "100", True)
    assert followers.get(OA, "100").tester
    with pytest.raises(NotFound):
        followers.set_tester(OA, "nobody", True)
