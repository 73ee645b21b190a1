"""Lines of one millisecond, and clocks that jump: each line is shown, and told, once."""

from __future__ import annotations

from datetime import timedelta

from services import past, telling


def test_lines_of_the_same_millisecond_are_all_on_a_page(chats):
    """A page that would end among them ends before them, and the next one has them."""
    at = chats.clock.now()
    for number, later in enumerate((0, 0, 1, 1)):
        chats.writes(f"dòng {number}", at=at + timedelta(seconds=later))
    pages, before = [], None
    while len(pages) < 5:
        page = past.of_follower(chats.oa, chats.follower(), before, limit=3)
        pages.append({each.message.text for each in page.rows if each.message is not None})
        before = page.older
        if before is None:
            break
    assert pages == [{"dòng 2", "dòng 3"}, {"dòng 0", "dòng 1"}]


def test_a_clock_that_jumps_back_holds_no_line_back(chats):
    """It is told at once, not after an hour."""
    chats.person()
    chats.writes("một")
    chats.clock.advance(hours=-1)
    chats.tell()
    assert chats.told() == [["một"]]
    assert telling.tell(chats.clock.now()) == 0
