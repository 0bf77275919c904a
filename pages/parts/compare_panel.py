"""Two runs side by side: which is better, is it more than chance, and what was changed between them."""

import streamlit as st

from core.charts import comparison as charts
from core.domain import MODE_NAMES, Scores, TrainingRun
from core.errors import CannotTrain
from core.workflow import comparing
from pages.parts import beside_tab, held_rows, run_results, split_choice
from pages.parts.figures import draw
from pages.parts.labels_tab import measures
from pages.parts.plain import counted, plain
from pages.parts.run_words import SETTINGS, mode_name, ranges_of


def choose(run: TrainingRun) -> None:
    """Another run of the same labels, then both."""
    others = {
        f"Run {other.id} · {mode_name(other.options.mode)}": other for other in run_results.other_runs(run)
    }
    if not others:
        st.info("There is no other finished run of these labels yet. Train one to compare with.")
        return
    chosen = st.selectbox("Compare with", list(others), key="compare_with")
    show(others[chosen], run)


def show(first: TrainingRun, second: TrainingRun) -> None:
    """Positive differences speak for the second."""
    try:
        found = run_results.compared(first, second)
    except CannotTrain as error:  # said here, so that the rest of the page stays
        st.info(plain(str(error), 600), icon=":material/info:")
        return
    comparison = found.comparison
    main = comparison.measures[0]
    names = tuple(f"Run {run.id}" for run in (first, second))
    st.markdown(f"**{_headline(main, names)}**")
    alone = (
        f"Right by {names[0].lower()} alone: {counted(len(comparison.lost), 'comment')}; by "
        f"{names[1].lower()} alone: {len(comparison.won):,}."
    )
    st.caption(plain(f"{comparison.scope} {alone}", 800))
    _figures(found.scores, (first, second))
    st.markdown("**Differences**, with likely ranges (90%)")
    figure = charts.differences(comparison.measures, *names)
    draw(figure, key="differences", alt="Differences with 90% ranges", file="compare")
    _settings(found.settings, first, second)
    st.caption(plain(found.rows, 600))
    _flips(found, first, second)


def _headline(main, names: tuple[str, str]) -> str:
    """From the side of the better one, so that its points are more, not fewer."""
    change, better = main.change, names[1]
    points = [100 * value for value in (change.mid, change.low, change.high)]
    if change.mid < 0:
        better, points = names[0], [-points[0], -points[2], -points[1]]
    mid, low, high = (f"{value:+.1f}" for value in points)
    found = f"{mid} points of macro F1 for {better.lower()}, likely {low} to {high}."
    if not main.clear:
        return f"No difference of macro F1 beyond chance: {found}"
    return f"{better} is better by more than chance: {found}"


def _figures(scores: tuple[Scores, Scores], runs: tuple[TrainingRun, TrainingRun]) -> None:
    """Both on the comments they share, so not always the figures of their own pages."""
    count = counted(scores[0].n, "held-out comment")
    st.markdown(f"**Both on the same {count}**, with {ranges_of(scores[0])}")
    rows = [
        {"Run": f"Run {run.id} · {mode_name(run.options.mode)}", **beside_tab.figures(one)}
        for run, one in zip(runs, scores, strict=True)
    ]
    st.dataframe(rows, key="compared", hide_index=True, alt="Scores of both runs", placeholder="")
    measures(beside_tab.EXPLAINED, scores[0].multi)


def _settings(settings: tuple[tuple[str, str, str], ...], first: TrainingRun, second: TrainingRun) -> None:
    if not settings:
        st.caption("Both were trained with the same settings.")
        return
    rows = [
        {
            "Setting": SETTINGS.get(name, name),
            f"Run {first.id}": _value(name, before, first),
            f"Run {second.id}": _value(name, after, second),
        }
        for name, before, after in settings
    ]
    st.markdown("**Changed settings**")
    st.dataframe(rows, key="changed", hide_index=True, alt="Settings that differ")


def _value(name: str, value: str, run: TrainingRun) -> str:
    if name == "split":
        return split_choice.in_words(run.options)
    return MODE_NAMES.get(value, value) or "none"


def _flips(found: comparing.Compared, first: TrainingRun, second: TrainingRun) -> None:
    there = {f"{words} ({counted(len(ids), 'comment')})": words for words, ids in found.flips.items() if ids}
    if not there:
        st.caption("Both say the same of every held-out comment.")
        return
    chosen = st.selectbox(
        "Show the comments on which they differ",
        list(there),
        index=None,
        placeholder="Choose which",
        key=f"flips_{first.id}_{second.id}",
    )
    if chosen:
        words, both = there[chosen], found.comparison.both
        held_rows.show_flips(first, second, both, found.flips[words], words, "flip_rows")
