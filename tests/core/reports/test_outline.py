from dataclasses import replace

import pytest

from core.domain import Theme
from core.reports.outline import Meta, outline


def keys(made):
    return [section.key for section in made.sections]


def test_sections_and_figures_come_in_order(insights, run):
    made = outline(insights, run, sentences=("One.",))
    assert keys(made) == ["summary", "themes", "trend", "segments", "quotes", "model", "method"]
    assert [figure.id for figure in made.figures] == ["F01", "F02", "F03", "F04"]
    assert all(row.figure == figure.id for figure in made.figures for row in figure.rows)


def test_rows_are_the_numbers_of_the_insights(insights, run):
    themes = outline(insights, run).figures[0]
    first = themes.rows[0]
    assert (first.mid, first.low, first.high, first.n) == (0.3, 0.24, 0.375, 200)
    assert first.ids == insights.themes[0].ids
    assert themes.rows[-1].unit == "rating" and themes.rows[-1].mid == 3.5


def test_small_cells_have_no_number(insights, run):
    rows = outline(insights, run).figures[2].rows
    small = [row for row in rows if row.mark == "too few rows"]
    assert len(small) == len(insights.themes)
    assert all(row.mid is row.low is row.high is None for row in small)


def test_footer_names_run_dates_rows_and_state(insights, run):
    footer = outline(insights, run).footer
    assert footer == "Run 7  ·  2024-01-01 to 2024-12-31  ·  n = 1,234  ·  not checked yet"
    checked = tuple(replace(t, share=replace(t.share, checked=True)) for t in insights.themes)
    assert outline(replace(insights, themes=checked), run).footer.endswith("checked by a person")


def test_nothing_found_says_so_once_a_section(nothing, run):
    made = outline(nothing, replace(run, model=None, baseline=None))
    assert made.figures == ()
    assert not made.checked
    missing = {section.key: section.missing for section in made.sections}
    assert missing["trend"] == "No date column."
    assert all(missing[key] for key in ("summary", "themes", "segments", "quotes", "model"))


def test_chosen_sections_only(insights, run):
    assert keys(outline(insights, run, Meta(sections=("trend", "themes")))) == ["themes", "trend"]


def test_baseline_that_wins_is_said(insights, run):
    better = replace(run.baseline, macro_f1=0.9)
    heading = outline(insights, replace(run, baseline=better)).sections[5].heading
    assert heading.endswith("points more macro F1, so compare the two")


@pytest.mark.parametrize("count", [1, 77])
def test_many_themes_are_folded(insights, run, count):
    themes = tuple(Theme(f"t{place}", insights.themes[0].share, None, ()) for place in range(count))
    figure = outline(replace(insights, themes=themes), run).figures[0]
    assert len(figure.rows) == min(count, 13)


def test_date_of_the_file_is_the_end_of_the_run(insights, run):
    assert outline(insights, run).created == run.finished_at
    assert outline(insights, replace(run, finished_at=None)).created == run.created_at
