import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Attribution, Quote, Span
from core.explain.words import POINTS, units
from core.reports.marked import Run, attribution_of, joined, one_line, runs
from core.reports.safe import shorten


def attribution(text, weights=(0.3, 0.01, -0.2)):
    spans = tuple(Span(*place, weights[n % len(weights)]) for n, place in enumerate(units(text)))
    return Attribution(text, spans, "bug", "occlusion", POINTS, 0.9)


@given(st.text(max_size=60), st.integers(2, 30))
def test_one_line_says_what_shorten_says(text, width):
    assert "".join(run.text for run in one_line(runs(attribution(text)), width)) == shorten(text, width)


def test_runs_are_the_text_and_small_weights_have_no_colour():
    found = runs(attribution("so\n late <b>"))
    assert [(run.text, round(run.shade, 2)) for run in found] == [
        ("so", 1.0), ("\n ", 0), ("late", 0.0), (" ", 0), ("<b>", -0.67),
    ]  # fmt: skip


def test_colours_survive_the_cut():
    cut = one_line(runs(attribution("so  late again and again")), 14)
    assert [(run.text, run.shade > 0, run.shade < 0) for run in cut] == [
        ("so", True, False), (" late ", False, False), ("again", False, True), ("…", False, False),
    ]  # fmt: skip


def test_neighbours_of_one_colour_are_one_run():
    assert joined([Run("“"), Run("a"), Run("b", 0.5), Run("”")]) == (Run("“a"), Run("b", 0.5), Run("”"))


@pytest.mark.parametrize("spans", [(), (Span(0, 1, 0.4),)])
def test_a_quote_is_explained_for_its_theme(spans):
    found = attribution_of(Quote(3, "x y", "bug", 0.9, "", spans))
    assert (found.text, found.label, found.spans, found.unit) == ("x y", "bug", spans, POINTS)
