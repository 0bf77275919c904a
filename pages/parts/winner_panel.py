"""A simpler model that is better, and the press that makes it the model."""

import streamlit as st

from core.domain import BETTER, BILSTM, MAJORITY, QUICK, TFIDF, Scores, TrainingOptions, TrainingRun
from core.workflow import runs
from pages.parts import run_results, training_form
from pages.parts.choices import look_at_run
from pages.parts.plain import plain
from pages.parts.run_words import mode_name, scores_name

USED = {  # settings of its own that a simpler model was measured with, beside those that all share
    QUICK: ("encoder", "max_tokens"),
    TFIDF: ("encoder", "max_tokens"),  # of Quick beside it
    BILSTM: (
        "max_tokens",
        "vectors",
        "epochs",
        "patience",
        "weight_decay",
        "label_smoothing",
        "batch_tokens",
    ),
}
COSTS = (TFIDF, QUICK, BILSTM, BETTER)  # from the least to the most time
SHARED = ("seed", "split", "split_seed", "test_dataset", "balance", "without")


def show(run: TrainingRun) -> None:
    best, largest = run.winner, _largest_label(run)
    ahead = best is not run.model and best.macro_f1 > run.model.macro_f1
    beaten = run_results.is_beaten(run, best.name) if ahead else False
    if beaten:
        _recommend(run, best)
        return
    if not run.model.multi and run.model.accuracy <= largest:
        st.warning(
            f"The model is no better than always saying the most frequent label, which is right on "
            f"{largest:.0%} of the {run.model.n:,} held-out comments. It needs more labels.",
            icon=":material/warning:",
        )
    elif ahead:
        _ahead(run, best, known=beaten is not None)
    elif run.baseline is not None:
        st.caption(
            f"On the same held-out comments the simpler model ({plain(scores_name(run.baseline))}) reaches "
            f"macro F1 {run.baseline.macro_f1:.2f}."
        )


def _largest_label(run: TrainingRun) -> float:
    return max((score.support for score in run.model.per_label), default=0) / max(1, run.model.n)


def _recommend(run: TrainingRun, best: Scores) -> None:
    st.warning(
        f"**{plain(scores_name(best))} is recommended here.** On the same {run.model.n:,} held-out comments "
        f"it reaches macro F1 {best.macro_f1:.3f}, this model {run.model.macro_f1:.3f}: better by more than "
        "chance.",
        icon=":material/balance:",
    )
    _make_it_the_model(run, best, "secondary")


def _ahead(run: TrainingRun, best: Scores, known: bool) -> None:
    """Not by more than chance: no reason to change, and none to prefer the costlier one. Or that is not
    `known`, since an earlier version kept no answers."""
    name, (theirs, ours) = plain(scores_name(best)), _told_apart(best.macro_f1, run.model.macro_f1)
    figures = f"{name} reaches macro F1 {theirs} on the same held-out comments, this model {ours}"
    cheaper = " It is as good and cheaper, so you may prefer it." if _is_cheaper(best, run) else ""
    if known:
        st.caption(f"{figures}: no clear difference.{cheaper}")
    else:
        st.caption(
            f"{figures}. An earlier version kept too little to tell whether that is chance: train again."
        )
    _make_it_the_model(run, best, "tertiary")


def _is_cheaper(best: Scores, run: TrainingRun) -> bool:
    costs = [name for name in (best.name, run.options.mode) if name in COSTS]
    return len(costs) == 2 and COSTS.index(best.name) < COSTS.index(run.options.mode)


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """With two digits, or as many as it takes to see which is larger."""
    pairs = [(f"{one:.{digits}f}", f"{other:.{digits}f}") for digits in (2, 3, 4)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


def _make_it_the_model(run: TrainingRun, best: Scores, importance: str) -> None:
    if best.name == MAJORITY:
        return
    mode = best.name if best.name in runs.MODES else TFIDF  # old runs know TF-IDF by a longer name
    options = alike(run.options, mode)
    there = next((other for other in run_results.other_runs(run) if _is_that(other, run, options)), None)
    if there is not None:
        st.button(
            f"Open run {there.id}, {mode_name(mode)} as the model",
            icon=":material/arrow_forward:",
            key="open_winner",
            type=importance,
            on_click=look_at_run,
            args=(there.id,),
        )
    elif st.button(
        f"Train {mode_name(mode)} as the model",
        icon=":material/model_training:",
        key="train_winner",
        type=importance,
    ):
        training_form.start(run.dataset_id, run.label_set_id, options)


def alike(options: TrainingOptions, mode: str) -> TrainingOptions:
    """On the same split, with the settings that the winner was measured with."""
    names = (*SHARED, *USED.get(mode, ()))
    return TrainingOptions(mode=mode, quick=mode == TFIDF, **{name: getattr(options, name) for name in names})


def _is_that(other: TrainingRun, run: TrainingRun, options: TrainingOptions) -> bool:
    return other.options == options and other.data_sha256 == run.data_sha256
