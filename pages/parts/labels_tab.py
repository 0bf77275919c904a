"""How good a model is on each label, with ranges, and what each measure means."""

import streamlit as st

from core.charts import runs as charts
from core.domain import LabelScore, Scores, TrainingRun
from pages.parts.figures import draw
from pages.parts.plain import plain, rounded
from pages.parts.run_words import MEASURES, measures_of, ranges_of, scores_name, with_range

MOST_DRAWN = 40
READ = (
    "Recall: of the comments with the label, the share that is found. Precision: of those called so, the "
    "share that is right."
)
SHOWN = ("Precision", "Recall", "F1", "AUC", "Average precision")


def show(run: TrainingRun) -> None:
    scores = run.model
    st.markdown(f"**Precision and recall of each label** on held-out comments, with {ranges_of(scores)}")
    figure = charts.label_scores(scores, limit=MOST_DRAWN)
    draw(figure, key="label_scores", alt="Precision and recall by label", file="labels")
    st.caption(f"{READ} In brackets: held-out comments that carry the label.")
    if len(scores.per_label) > MOST_DRAWN:
        st.caption(
            f"Drawn: the {MOST_DRAWN} weakest of {len(scores.per_label):,} labels; all are in the table."
        )
    beside = {score.label: score for score in run.baseline.per_label} if run.baseline else {}
    simple = scores_name(run.baseline) if run.baseline else "a simpler model"
    st.dataframe(
        [_row(score, beside.get(score.label)) for score in _weakest_first(scores)],
        key="label_table",
        hide_index=True,
        column_config={name: st.column_config.TextColumn(help=MEASURES[name]) for name in SHOWN[:3]}
        | {name: st.column_config.NumberColumn(format="%.2f", help=MEASURES[name]) for name in SHOWN[3:]}
        | {
            "Baseline F1": st.column_config.NumberColumn(
                format="%.2f", help=f"Of {simple} on the same comments."
            ),
            "Held out": st.column_config.NumberColumn(
                format="localized", help="Held-out comments that carry the label."
            ),
        },
        alt="Scores by label",
        placeholder="",
    )
    measures(("Right", *SHOWN, "Macro F1", "Balanced accuracy"), scores.multi)


def measures(names: tuple[str, ...], multi: bool) -> None:
    """One sentence each, folded away."""
    with st.expander("What these measures mean", icon=":material/help:"):
        said = measures_of(multi)
        st.markdown("\n".join(f"- **{name}**: {plain(said[name], 600)}" for name in names))


def _weakest_first(scores: Scores) -> list[LabelScore]:
    """As in the figure."""
    return sorted(scores.per_label, key=lambda score: (score.f1, score.label))


def _row(score: LabelScore, beside: LabelScore | None) -> dict:
    return {
        "Label": score.label,
        "Precision": "never said" if score.never_said else with_range(score.precision, score.precision_range),
        "Recall": with_range(score.recall, score.recall_range),
        "F1": with_range(score.f1, score.f1_range),
        "Baseline F1": rounded(beside.f1 if beside else None, 2),
        "AUC": rounded(score.auc, 2),
        "Average precision": rounded(score.average_precision, 2),
        "Held out": score.support,
    }
