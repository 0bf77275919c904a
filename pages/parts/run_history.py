"""The table of all runs; a chosen one opens its model card and can be deleted."""

import streamlit as st

from core.domain import TrainingRun
from core.workflow import runs as run_work
from pages.parts import resources, run_card
from pages.parts.plain import plain

STATUS = {
    "queued": "waiting",
    "running": "running",
    "done": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}


def show() -> None:
    store = resources.store()
    runs = store.runs.list()
    if not runs:
        st.info("No model was trained yet.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        return
    names = {dataset.id: dataset.name for dataset in store.datasets.list()}
    number = st.column_config.NumberColumn(format="%.3f")
    started = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
    event = st.dataframe(
        [_row(run, names) for run in runs],
        key="runs_" + "_".join(str(run.id) for run in runs[:50]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Macro F1": number, "Baseline": number, "Accuracy": number, "Started": started},
        alt="All runs",
    )
    chosen = [runs[row] for row in event.selection.rows if row < len(runs)]
    if not chosen:
        st.caption("Choose a row to see its model card.")
    for run in chosen:
        _one(run)


def _row(run: TrainingRun, names: dict[int, str]) -> dict:
    return {
        "Run": run.id,
        "Dataset": names.get(run.dataset_id, ""),
        "Mode": run.options.mode,
        "Status": STATUS[run.status],
        "Macro F1": run.model.macro_f1 if run.model else None,
        "Baseline": run.baseline.macro_f1 if run.baseline else None,
        "Accuracy": run.model.accuracy if run.model else None,
        "Better one": run.recommended if run.model else "",
        "Seconds": round(sum(run.seconds.values())) if run.seconds else None,
        "Started": run.created_at,
    }


def _one(run: TrainingRun) -> None:
    if run.status == "done":
        run_card.show(run)
    elif run.error:
        st.error(plain(run.error, 600))
    if run.status in ("queued", "running"):
        return
    with st.popover("Delete this run", icon=":material/delete:", key=f"delete_{run.id}"):
        st.markdown(f"This removes run {run.id} with its model, predictions and reports.")
        if st.button("Delete it", type="primary", key=f"delete_now_{run.id}"):
            run_work.delete_run(resources.store(), resources.settings(), run.id)
            st.session_state.pop("run", None)
            st.rerun()
