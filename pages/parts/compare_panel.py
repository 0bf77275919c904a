"""Two runs side by side: which is better, is it more than chance, and what was changed between them."""

import streamlit as st

from core.charts import comparison as charts
from core.domain import Scores, TrainingRun
from core.errors import CannotTrain
from pages.parts import beside_tab, held_rows, run_results
from pages.parts.labels_tab import measures
from pages.parts.plain import counted, plain
from pages.parts.run_words import MODES, mode_name

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg", "filename": "roadlens-compare"}}


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
    st.caption(plain(f"First: {names[0]}, second: {names[1]}. {comparison.words}", 800))
    _figures(found.scores, (first, second))
    st.markdown("**Differences**, with likely ranges (90%)")
    figure = charts.differences(comparison.measures, *names)
    st.plotly_chart(figure, key="differences", alt="Differences with 90% ranges", config=CONFIG)
    _settings(found.settings, names)
    st.caption(plain(found.rows, 600))
    _flips(found.flips, first, second)


def _headline(main, names: tuple[str, str]) -> str:
    points = f"{100 * main.change.mid:+.1f} points of macro F1"
    ends = f"likely {100 * main.change.low:+.1f} to {100 * main.change.high:+.1f}"
    if not main.clear:
        return f"No difference beyond chance: {points} for {names[1].lower()}, {ends}."
    better = names[1] if main.change.mid > 0 else names[0]
    return f"{better} is better by more than chance: {points} for {names[1].lower()}, {ends}."


def _figures(scores: tuple[Scores, Scores], runs: tuple[TrainingRun, TrainingRun]) -> None:
    """Both on the comments they share, so not always the figures of their own pages."""
    st.markdown(f"**Both on the same {counted(scores[0].n, 'held-out comment')}**, with likely ranges (90%)")
    rows = [
        {"Run": f"Run {run.id} · {mode_name(run.options.mode)}", **beside_tab.figures(one)}
        for run, one in zip(runs, scores, strict=True)
    ]
    st.dataframe(rows, key="compared", hide_index=True, alt="Scores of both runs")
    measures(beside_tab.EXPLAINED, scores[0].multi)


def _settings(settings: tuple[tuple[str, str, str], ...], names: tuple[str, str]) -> None:
    if not settings:
        st.caption("Both were trained with the same settings.")
        return
    rows = [
        {"Setting": name, names[0]: MODES.get(before, before), names[1]: MODES.get(after, after)}
        for name, before, after in settings
    ]
    st.markdown("**Changed settings**")
    st.dataframe(rows, key="changed", hide_index=True, alt="Settings that differ")


def _flips(flips: dict[str, tuple[int, ...]], first: TrainingRun, second: TrainingRun) -> None:
    there = {f"{words} ({counted(len(ids), 'comment')})": words for words, ids in flips.items() if ids}
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
        held_rows.show_flips(first, second, flips[there[chosen]], there[chosen], "flip_rows")
