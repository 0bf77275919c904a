"""Bounded tuning: a few other settings within a time limit, compared without the held-out comments."""

from collections import Counter
from dataclasses import replace

import streamlit as st

from core.domain import TrainingRun
from core.workflow import comparing, tuning
from pages.parts import resources, run_results
from pages.parts.choices import look_at_run
from pages.parts.plain import bullets, counted, plain, rounded
from pages.parts.run_words import STATUS, from_to, likely, mode_name

UNTOUCHED = (
    "Settings are chosen by their score on the validation comments. The held-out comments have no say, so "
    "their figures stay honest."
)


def show(run: TrainingRun) -> None:
    """The box to start it, then what its trials came to."""
    cut_share = run_results.cut_share(run)
    trials = tuning.trials_of(resources.store(), run, cut_share)
    with st.expander("Tune: try other settings", icon=":material/tune:", expanded=bool(trials), key="tuning"):
        if why := tuning.refusal(run):
            st.info(why, icon=":material/info:")
            return
        if run.options.trial_of:
            st.caption(f"This run is itself a trial of the tuning of run {run.options.trial_of}.")
        else:
            _ask(run, cut_share)
        if trials:
            _trials(run, trials, cut_share)


def _ask(run: TrainingRun, cut_share: float) -> None:
    planned = tuning.untried(resources.store(), run, cut_share)
    if not planned:
        st.caption("All settings that this tuning knows were tried. More or better labels help further.")
        return
    first = ", the most promising first" if len(planned) > 1 else ""
    st.markdown(f"Up to {counted(len(planned), 'training')}{first}:")
    st.markdown(bullets(trial.words for trial in planned))
    span = from_to(*run_results.tuning_seconds(run, planned))
    if len(planned) == 1:
        st.caption(f"It likely takes {span}.")
    else:
        st.caption(f"Together they likely take {span}; with fewer minutes the last ones are left out.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            "Minutes at most",
            1,
            24 * 60,
            10,
            key="tuning_minutes",
            width=160,
            help="For all of them together. What has not begun or ended by then is cancelled.",
        )
        if st.button("Start tuning", icon=":material/tune:", key="tune"):
            started = tuning.start(resources.store(), resources.settings(), run.id, float(minutes), cut_share)
            st.toast(f"{counted(len(started), 'trial')} in the queue.")
            st.rerun()
    st.caption(UNTOUCHED)


def _trials(run: TrainingRun, trials: list[TrainingRun], cut_share: float) -> None:
    best, tie = tuning.best_of(run, trials), tuning.tie(run, trials)
    if best.id == run.id:
        if said := tie or tuning.unbeaten(run, trials):
            st.info(said)
    else:
        _name_best(best, tie)
    words = {trial.options: trial.words for trial in tuning.plan(run, cut_share)}
    rows = [
        {
            "Run": other.id,
            "What is different": "as it was" if other.id == run.id else _difference(run, other, words),
            "Validation macro F1": rounded(other.evaluation.validation_f1 if other.evaluation else None, 3),
            "Likely": likely(tuning.likely(other)),
            "Status": _status(other) + (" · kept" if other.id == best.id else ""),
            "Seconds": round(sum(other.seconds.values())) if other.seconds else None,
        }
        for other in (run, *trials)
    ]
    _tell_ends(trials)
    st.dataframe(
        rows,
        key="trials",
        hide_index=True,
        column_config={"Validation macro F1": st.column_config.NumberColumn(format="%.3f")},
        alt="Trials of the tuning",
        placeholder="",
    )


def _status(run: TrainingRun) -> str:
    return "out of time" if run.error in tuning.OUT_OF_TIME else STATUS[run.status]


def _tell_ends(trials: list[TrainingRun]) -> None:
    """Why settings gave nothing, each reason once; what a later round has done needs none."""
    newest = {trial.options: trial for trial in sorted(trials, key=lambda trial: trial.id)}
    reasons = Counter((trial.status, trial.error) for trial in newest.values() if trial.error)
    for (status, reason), count in reasons.items():
        st.info(
            f"{counted(count, 'trial')} {'out of time' if reason in tuning.OUT_OF_TIME else STATUS[status]}: "
            f"{plain(reason, 300)}",
            icon=":material/stop_circle:",
        )


def _name_best(best: TrainingRun, tie: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(
            tie
            or f"Run {best.id} ({mode_name(best.options.mode)}) is the best on the validation comments: "
            f"macro F1 {best.evaluation.validation_f1:.3f}.",
            icon=":material/trophy:",
        )
        st.button(
            f"Open run {best.id}",
            key="open_best",
            icon=":material/arrow_forward:",
            on_click=look_at_run,
            args=(best.id,),
        )


def _difference(run: TrainingRun, trial: TrainingRun, words: dict) -> str:
    """As planned, or by the settings when the plan has changed since."""
    planned = replace(trial.options, trial_of=run.id)  # also of one that was trained by itself
    if planned in words:
        return words[planned]
    return ", ".join(f"{name} {value}" for name, _, value in comparing.changed_settings(run, trial))
