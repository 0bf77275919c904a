"""The table of all runs: one chosen row opens its card, two are compared; a run can be deleted."""

import streamlit as st

from core.domain import Dataset, TrainingRun
from core.workflow import promotion
from core.workflow import runs as run_work
from pages.parts import caches, compare_panel, resources, results, run_card, split_choice
from pages.parts.plain import plain, rounded
from pages.parts.run_words import MEASURES, STATUS, likely, mode_name, scores_name, title

OPEN = ("queued", "running", "paused")


def show(dataset: Dataset | None) -> None:
    """Of the dataset that all pages look at, or of all of them."""
    runs = _listed(dataset)
    if not runs:
        st.info("No model was trained yet.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        return
    rows = _rows(runs)
    event = st.dataframe(
        rows,
        key="runs_" + "_".join(str(run.id) for run in runs[:50]),
        hide_index=True,
        column_order=_shown(runs, rows),
        on_select="rerun",
        selection_mode="multi-row",
        column_config=_columns(),
        alt="All runs",
        placeholder="",
    )
    chosen = [runs[row] for row in event.selection.rows if row < len(runs)]
    if not chosen:
        st.caption(
            "Tick a row to see how good its model is, export or delete it; tick two to compare them side by "
            "side."
        )
    elif len(chosen) == 1:
        _one(chosen[0])
    elif len(chosen) == 2:
        _two(*sorted(chosen, key=lambda run: run.id))
    else:
        st.info("Choose two rows to compare; more than two cannot be set side by side.")


def _listed(dataset: Dataset | None) -> list[TrainingRun]:
    """Newest first; the choice appears where there is one."""
    every = resources.store().runs.list()
    here = [run for run in every if dataset is None or run.dataset_id == dataset.id]
    if len(here) == len(every):
        return every
    elsewhere = st.toggle(f"Runs of all datasets ({len(every):,})", value=not here, key="runs_everywhere")
    if not here and not elsewhere:
        st.caption(f"No model was trained on {plain(dataset.name)} yet.")
    return every if elsewhere else here


def _shown(runs: list[TrainingRun], rows: list[dict]) -> list[str]:
    """Without columns that say the same of every run."""
    dull = set()
    if len({run.dataset_id for run in runs}) == 1:
        dull.add("Dataset")
    if len({run.label_set_id for run in runs}) == 1:
        dull.add("Labels")
    if all(run.status == "done" for run in runs):
        dull.add("Status")
    if not any(row["Answers"] for row in rows):
        dull.add("Answers")
    return [name for name in rows[0] if name not in dull]


def _rows(runs: list[TrainingRun]) -> list[dict]:
    store = resources.store()
    every = store.datasets.list()
    datasets = {dataset.id: dataset.name for dataset in every}
    sets = {found.id: found.name for dataset in every for found in results.label_sets(dataset)}
    answering = {found.run_id for key in sets if (found := store.promotions.current(key)) is not None}
    return [
        {
            "Run": run.id,
            "Answers": "✓ now" if run.id in answering else "",
            "Dataset": datasets.get(run.dataset_id, ""),
            "Labels": sets.get(run.label_set_id, ""),
            "Model": mode_name(run.options.mode) + (" · trial" if run.options.trial_of else ""),
            "Status": STATUS[run.status],
            "Macro F1": rounded(run.model.macro_f1 if run.model else None, 3),
            "Likely": likely(run.model.ranges.get("macro_f1")) if run.model else "",
            "Right": round(100 * run.model.accuracy) if run.model else None,
            "Validation F1": rounded(run.evaluation.validation_f1 if run.evaluation else None, 3),
            "Best here": scores_name(run.winner) if run.winner else "",
            "Judged by": split_choice.in_words(run.options) if run.model else "",
            "Seconds": round(sum(run.seconds.values())) if run.seconds else None,
            "Asked for": run.created_at,
        }
        for run in runs
    ]


def _columns() -> dict:
    return {
        "Answers": st.column_config.TextColumn(help="The promoted model of its labels."),
        "Macro F1": st.column_config.NumberColumn(format="%.3f", help=MEASURES["Macro F1"]),
        "Likely": st.column_config.TextColumn(
            help="What the macro F1 may well be on other comments: its 90% range."
        ),
        "Validation F1": st.column_config.NumberColumn(
            format="%.3f", help="What settings are chosen by; the held-out comments have no say."
        ),
        "Right": st.column_config.NumberColumn(
            format="%d%%", help=f"{MEASURES['Right']} Where a comment may carry several labels: all of them."
        ),
        "Judged by": st.column_config.TextColumn(help="How the held-out comments were chosen."),
        "Seconds": st.column_config.NumberColumn(format="localized", help="How long the training took."),
        "Best here": st.column_config.TextColumn(
            help="The best of this model and the simpler ones on the same held-out comments."
        ),
        "Asked for": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
    }


def _two(first: TrainingRun, second: TrainingRun) -> None:
    st.subheader(f"Run {first.id} and run {second.id}")
    undone = [run for run in (first, second) if run.status != "done"]
    if undone:
        st.info(f"Run {undone[0].id} is {STATUS[undone[0].status]}: it has no model to compare.")
    elif first.label_set_id != second.label_set_id:
        st.info("These runs learned different labels, so they cannot be compared.")
    else:
        compare_panel.show(first, second)


def _one(run: TrainingRun) -> None:
    if run.status == "done":
        run_card.show(run)
    else:
        st.subheader(title(run))
        st.info(f"This run is {STATUS[run.status]}.")
        if run.error:
            st.error(plain(run.error, 600))
    if run.status in OPEN:
        return
    with st.popover("Delete this run", icon=":material/delete:", key=f"delete_{run.id}"):
        st.markdown(f"This removes run {run.id} with its model, predictions and reports.")
        if _answers(run):
            st.markdown(f"**It answers for its labels now.** {_answers_then(run)}")
        if st.button("Delete it", type="primary", key=f"delete_now_{run.id}"):
            run_work.delete_run(resources.store(), resources.settings(), run.id)
            caches.forget_cached()
            st.session_state.pop("run", None)
            st.rerun()


def _answers(run: TrainingRun) -> bool:
    current = resources.store().promotions.current(run.label_set_id)
    return current is not None and current.run_id == run.id


def _answers_then(run: TrainingRun) -> str:
    """What becomes of its labels without it."""
    history = resources.store().promotions.history(run.label_set_id)
    before = next((item.run_id for item in history if item.run_id != run.id), None)
    if before is not None:
        return f"Run {before}, which answered before it, answers again."
    shown = promotion.answering_run(resources.store(), run.dataset_id, without=run.id)
    if shown is None:
        return "There is no other model: Insights and Report are empty until you train one."
    return f"No other model was promoted for them: Insights and Report begin with run {shown.id} then."
