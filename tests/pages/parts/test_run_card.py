"""The figures of a run: ranges in the form of their value, lists that say where they are cut."""

from dataclasses import replace

from core.domain import Leak
from pages.parts import resources, run_words
from tests.pages.trained import add_dataset, open_tab, texts, train_now


def test_a_range_has_as_many_decimals_as_its_value(open_page):
    run = train_now(add_dataset())
    app = open_page("train")
    (metric,) = [metric for metric in app.metric if metric.label == "Confidence off by"]
    low, high = run.model.ranges["calibration_error"]
    assert metric.value == f"{run.calibration['ece_after']:.1%}"
    assert metric.delta == f"likely {low:.1%} to {high:.1%}"
    assert run_words.likely((0.801, 0.899)) == "0.80 to 0.90" and run_words.likely(None) == ""


def test_a_list_that_is_cut_says_so(open_page):
    run = train_now(add_dataset())
    ids = tuple(resources.store().datasets.feedback(run.dataset_id)["id"][:50].tolist())
    leaks = (Leak("few_rows", "57 comments.", 57, ids), Leak("copies", "2 comments.", 2, ids[:2]))
    resources.store().runs.update(run.id, evaluation=replace(run.evaluation, leaks=leaks))
    shown = [item.label for item in open_page("train").expander]
    assert {"Show the first 50 of 57 comments", "Show 2 comments"} <= set(shown)


def test_a_measure_says_over_which_labels_its_mean_is():
    for name in ("Macro F1", "Balanced accuracy"):
        assert "all labels that held-out comments carry" in run_words.MEASURES[name]


def test_calibration_did_not_help_only_where_more_than_chance_is_left(open_page):
    run = train_now(add_dataset())

    def said(chance: float | None) -> bool:
        store = resources.store()
        calibration = {**run.calibration, "ece_before": 0.012, "ece_after": 0.015}
        model = replace(run.model, calibration_chance=chance)
        store.runs.update(run.id, calibration=calibration, model=model)
        return "it did not help here" in texts(open_tab(open_page("train"), "How sure"))

    assert not said(0.016)
    assert said(0.014) and said(None)
