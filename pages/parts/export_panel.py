"""A model in other formats: written and compared in the background, then downloaded as one file."""

from functools import partial

import streamlit as st

from core.domain import TrainingRun
from core.workflow import explain_jobs, exporting
from pages.parts import resources
from pages.parts.background import tell_job_failure, watch_job
from pages.parts.plain import plain

ORIGINAL = "original"
FOR_WHAT = (
    "ONNX runs in most languages and needs neither Python nor PyTorch; with 8-bit weights it is a third of "
    "the size and faster, and may decide a few comments otherwise. TorchScript is for PyTorch, the folder "
    "for Hugging Face transformers."
)


def show(run: TrainingRun) -> None:
    st.markdown(
        "**Take the model with you**: each format is compared with this model on "
        f"{exporting.COMPARED} comments before it may leave."
    )
    job = explain_jobs.pending(resources.store(), run, exporting.EXPORT)
    if job is not None:
        watch_job(job.id, "Writing the formats")
        return
    tell_job_failure(exporting.EXPORT, run.id)
    report = exporting.report(resources.settings(), run)
    _ask(run, written=report is not None)
    if report is not None:
        _refused(report["refused"])
        _report(run, report["formats"])


def _ask(run: TrainingRun, written: bool) -> None:
    formats = exporting.formats_of(run)
    chosen = st.multiselect(
        "Formats",
        list(formats),
        default=list(formats),
        format_func=formats.get,
        key="export_formats",
        help=plain(FOR_WHAT, 900),
    )
    if st.button(
        "Export again" if written else "Export",
        type="secondary" if written else "primary",
        icon=":material/output:",
        key="export",
        disabled=not chosen,
    ):
        exporting.queue(resources.store(), run.id, chosen)
        st.rerun()


def _refused(refused: dict[str, str]) -> None:
    for sentence in refused.values():
        st.warning(plain(sentence), icon=":material/block:")


def _report(run: TrainingRun, formats: dict[str, dict]) -> None:
    st.dataframe(
        [_row(key, formats[key]) for key in (ORIGINAL, *exporting.FORMATS) if key in formats],
        key="exported",
        hide_index=True,
        column_config={
            "Size, MB": st.column_config.NumberColumn(format="%.1f"),
            "CPU ms a comment": st.column_config.NumberColumn(
                format="%.1f", help="Processor time on this machine, the best of three rounds."
            ),
            "Decides alike": st.column_config.TextColumn(
                help="Comments on which it decides as the model does. 8-bit weights may differ on a few."
            ),
            "Largest difference": st.column_config.TextColumn(
                help="Of any probability on these comments, in points of a hundred."
            ),
        },
        alt="Size, speed and parity of each format",
        placeholder="",
    )
    st.download_button(
        "Download all as ZIP",
        data=partial(exporting.bundle, resources.settings(), run),
        file_name=f"roadlens-model-run-{run.id}.zip",
        mime="application/zip",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="download_model",
    )
    st.caption(
        plain(
            "With a model card, hashes of all files and, for ONNX, a short script that scores a CSV with "
            "ONNX Runtime and tokenizers alone."
        )
    )


def _row(key: str, found: dict) -> dict:
    parity = found.get("parity")
    return {
        "Format": "This model here" if key == ORIGINAL else exporting.FORMATS.get(key, key),
        "Size, MB": round(found["size_mb"], 1),
        "CPU ms a comment": round(found["cpu_ms_per_row"], 1),
        "Decides alike": f"{parity['agreement']:.0%} of {parity['rows']}" if parity else "",
        "Largest difference": _points(parity["max_difference"]) if parity else "",
    }


def _points(difference: float) -> str:
    points = 100 * difference
    return "under 0.1 points" if points < 0.1 else f"{points:.1f} points"
