import pytest

from core.charts.labels import label_lines, label_text, percent, plain_text, shorten


@pytest.mark.parametrize(
    ("raw", "drawn"),
    [
        ("<b>a & b</b>", "&lt;b&gt;a &amp; b&lt;/b&gt;"),
        ("costs $5 or $6", "costs &#36;5 or &#36;6"),
        ("a\u202eb\x00c", "abc"),
        ("", "(no name)"),
        (12, "12"),
    ],
)
def test_no_sign_that_plotly_reads_is_left(raw, drawn):
    assert label_text(raw) == drawn


def test_cut_counts_characters_of_the_text_not_of_its_entities():
    assert label_text("<" * 50, 10) == "&lt;" * 9 + "…"


def test_wrapped_label_keeps_entities_whole_and_has_two_lines():
    lines = label_lines("R&D <team> of the northern office building", 16).split("<br>")
    assert lines == ["R&amp;D &lt;team&gt; of", "the northern…"]


def test_plain_text_keeps_lines_and_joined_emoji_and_drops_what_xml_forbids():
    family = "\U0001f468\u200d\U0001f469"
    assert plain_text(f"a\r\nb\tc\x0b{family}\ud800\ufffe") == f"a\nb\tc{family}"


def test_shorten_cuts_at_a_word_and_makes_one_line():
    assert shorten("one two\nthree", 20) == "one two three"
    assert shorten("alpha beta gamma", 12) == "alpha beta…"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0%"), (0.0004, "under 0.1%"), (0.0123, "1.2%"), (0.126, "13%"), (1, "100%")],
)
def test_percent(share, words):
    assert percent(share) == words
