"""Rich text: whatever is put in, only the markup of announcements comes out."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.errors import DomainError
from common.sanitize import ALLOWED_PROTOCOLS, ALLOWED_TAGS, LONGEST_TEXT, sanitize_input

PERSIAN = "می‌خواهم «رأی» بدهم؛ شمارهٔ ۱۲۳، ساعت ۱۰:۳۰ – خانهٔ‌ ما"
# What has got past one sanitiser or another: nesting, foreign content, entities, control and invisible characters.
HOSTILE = (
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='java\u200bscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='https://a.ir' onclick=alert(1) style='position:fixed' target=_top>x</a>",
    "<form action=https://evil.example><button formaction=javascript:alert(1)>x</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<textarea></textarea><img src=x onerror=alert(1)></textarea>",
    "<b/onmouseover=alert(1)>x</b>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    '"><img src=x onerror=alert(1)>',
)
PIECES = [
    *HOSTILE, PERSIAN, *(f"<{tag}>" for tag in sorted(ALLOWED_TAGS)), *(f"</{tag}>" for tag in sorted(ALLOWED_TAGS)),
    "<", ">", '"', "'", "&", "&amp", "&lt;", "--", "]]>", "<!--", "-->", "\n", "\r", "\x00", "\ud800", "<svg>",
    "<math>", "<style>", "</style>", "<template>", "<a href=", "https://a.ir", "javascript:", "=", "/", " on", "x",
]  # fmt: skip
hostile_text = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=25).map("".join)


class Reader(HTMLParser):
    """Fails at anything that isn't on the list."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED_TAGS
        for name, value in attrs:
            assert (tag, name) == ("a", "href")
            assert urlsplit(value).scheme in ALLOWED_PROTOCOLS

    def handle_endtag(self, tag):
        assert tag in ALLOWED_TAGS

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(markup):
    """Reads it as a browser would; any tag, attribute or address outside the lists fails."""
    reader = Reader()
    reader.feed(markup)
    reader.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_known_attacks_lose_all_that_could_act(text):
    assert_harmless(sanitize_input(text))


@given(hostile_text)
@example("<pre>\n\n\nx")
def test_nothing_outside_the_list_comes_out_and_a_second_time_changes_nothing(text):
    cleaned = sanitize_input(text)

    assert_harmless(cleaned)
    assert sanitize_input(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        PERSIAN,
        "<p><b>فوری</b>: <i>می‌آییم</i><br><u>ساعت</u> <s>۹</s> ۱۰</p>",
        '<a href="https://example.ir/?a=1&amp;b=2">نشانی</a> <a href="tg://resolve?domain=x">ربات</a>',
        '<a href="mailto:a@b.ir">نامه</a><blockquote>گفت</blockquote>',
        "<ul><li>یک</li></ul><ol><li>دو</li></ol><pre><code>x</code></pre>",
    ],
)
def test_the_markup_of_announcements_and_persian_words_stay_as_they_are(text):
    assert sanitize_input(text) == text


def test_what_is_no_markup_stays_readable():
    assert sanitize_input("1 < 2 & 3 > 2 <3") == "1 &lt; 2 &amp; 3 &gt; 2 &lt;3"
    assert sanitize_input("<script>one</script> <em>two</em>") == "one two"


def test_a_text_too_long_to_be_parsed_quickly_is_refused_in_words():
    with pytest.raises(DomainError, match=str(LONGEST_TEXT)):
        sanitize_input("x" * (LONGEST_TEXT + 1))
