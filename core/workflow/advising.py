"""What would help a run most, from what its held-out rows and its comments say."""

from core.domain import TrainingRun
from core.store.store import Store
from core.workflow import promotion
from core.workflow.explanations import finished
from core.workflow.judging import held_out

SAMPLE = 2_000  # comments whose length is looked at
CHARS_A_TOKEN = 4.3


def advice(store: Store, run: TrainingRun) -> tuple:
    """core.evaluation.advice.Advice, the most helpful first; () for a run without held-out rows.

    Raises NotFound.
    """
    from core.evaluation.advice import advise

    run = finished(store, run.id)
    held = held_out(store, run)
    if held is None or run.evaluation is None:
        return ()
    return advise(
        run.model,
        held,
        promotion.verdict(store, run).results,
        counts=dict(store.labels.get(run.label_set_id).counts),
        learning=run.evaluation.learning,
        slices=run.evaluation.slices,
        cut_share=cut_share(store, run),
        unknown_share=_unknown(run),
        mode=run.options.mode,
        judged_apart=bool(run.options.test_dataset),
    )


def cut_share(store: Store, run: TrainingRun) -> float:
    """Share of the comments that are longer than the model reads, judged by their letters."""
    lengths = store.datasets.lengths(run.dataset_id, SAMPLE)
    if not lengths or run.options.mode in ("tfidf", "bilstm"):
        return 0.0
    return sum(length / CHARS_A_TOKEN + 2 > run.options.max_tokens for length in lengths) / len(lengths)


def _unknown(run: TrainingRun) -> float:
    """As measured when it was trained."""
    return float(run.evaluation.facts.get("unknown_share", 0.0))
