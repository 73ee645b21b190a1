"""Telegram's HTML: what it becomes, and what is refused with which words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.telegram.entities import settle, to_html
from sandbox.telegram.errors import ApiError
from sandbox.telegram.html_text import parse_html, utf16_length


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("<b>đậm</b> <i>nghiêng</i>", "đậm nghiêng", ["bold", "italic"]),
        ("<STRONG>a</strong>", "a", ["bold"]),
        ("<u><s>a</s></u>", "a", ["strikethrough", "underline"]),
        ('<span class="tg-spoiler">a</span><tg-spoiler>b</tg-spoiler>', "ab", ["spoiler", "spoiler"]),
        ("<code>a</code><pre>b</pre>", "ab", ["code", "pre"]),
        ('<pre><code class="language-python">a</code></pre>', "a", ["pre"]),
        ("<blockquote>a</blockquote>", "a", ["blockquote"]),
        ("<blockquote expandable>a</blockquote>", "a", ["expandable_blockquote"]),
        ('<a href="https://example.vn/?a=1&amp;b=2">x</a>', "x", ["text_link"]),
        ("<a href='tg://user?id=5'>x</a>", "x", ["text_link"]),
        ("<a>no address</a>", "no address", []),
        ("<b></b>empty", "empty", []),
        ("&lt;&gt;&amp;&quot;&#x1F600;&#65;", '<>&"😀A', []),
        ("&nbsp; & &unknown;", "&nbsp; & &unknown;", []),
        ("<b>a</>", "a", ["bold"]),
    ],
)
def test_markup_becomes_text_and_entities(source: str, text: str, kinds: list[str]) -> None:
    """Every allowed tag, the references, and the shapes Telegram lets pass."""
    plain, entities = parse_html(source)
    assert (plain, [entity["type"] for entity in entities]) == (text, kinds)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("ắ <br> x", 'Unsupported start tag "br" at byte offset 4'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ('<a href="x', 'Unclosed start tag "a" at byte offset 0'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b y", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<b ="x">y</b>', 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<a href=x/y>z</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_wrong_markup_is_refused_in_telegrams_words(source: str, reason: str) -> None:
    """Bots match on these texts, and the byte offset says where to look."""
    with pytest.raises(ApiError) as caught:
        parse_html(source)
    assert caught.value.description == f"Bad Request: can't parse entities: {reason}"


def test_offsets_count_utf16_units() -> None:
    """An emoji outside the basic plane counts two, a Vietnamese letter one."""
    text, entities = parse_html("😀ế <b>x😀</b>")
    assert utf16_length(text) == 7
    assert entities == [{"type": "bold", "offset": 4, "length": 3}]


def test_trimming_moves_the_entities() -> None:
    """Telegram drops the spaces around a text, and the formatting follows the words."""
    assert settle("  \n hi  ", [{"type": "bold", "offset": 4, "length": 4}]) == (
        "hi",
        [{"type": "bold", "offset": 0, "length": 2}],
    )


def test_code_takes_no_other_formatting() -> None:
    """Bold inside code is dropped, a quote around it stays."""
    text, entities = settle(*parse_html("<blockquote><code><b>a</b></code></blockquote>"))
    assert text == "a"
    assert [entity["type"] for entity in entities] == ["code", "blockquote"]


def test_commands_links_and_mentions_are_found() -> None:
    """Telegram marks them in any text, but not inside words or code."""
    _, entities = settle("/oa@oadesk_sandbox_bot a/b https://example.vn/x. @minh_1 #zns <", [])
    found = [entity["type"] for entity in entities]
    assert found == ["bot_command", "url", "mention", "hashtag"]
    assert settle(*parse_html("<code>/oa</code>"))[1][0]["type"] == "code"
    assert settle("/tìm", [])[1] == []


def test_more_than_a_hundred_entities_are_cut() -> None:
    """The rest of the text stays, unformatted."""
    _, entities = settle(*parse_html("<b>x</b> " * 150))
    assert len(entities) == 100


@given(st.text(alphabet="ab<>/&;=\"' \n😀ếipre", max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_parsed_or_refused(source: str) -> None:
    """Nothing makes the parser hang or fall over."""
    try:
        text, entities = settle(*parse_html(source))
    except ApiError:
        return
    assert all(e["offset"] >= 0 and e["offset"] + e["length"] <= utf16_length(text) for e in entities)


LEAF = st.text(alphabet="xyz<&😀ế", min_size=1, max_size=5)
NESTED = st.recursive(
    LEAF.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(["b", "i", "u", "s", "tg-spoiler", "blockquote"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(NESTED)
@settings(max_examples=100, deadline=None)
def test_shown_html_parses_to_the_same_message(source: str) -> None:
    """What the control paths show as HTML is the message, not nearly the message."""
    text, entities = settle(*parse_html(source))
    again, others = settle(*parse_html(to_html(text, entities)))

    def ordered(items: list[dict[str, object]]) -> list[str]:
        return sorted(str(sorted(item.items())) for item in items)

    assert (again, ordered(others)) == (text, ordered(entities))
