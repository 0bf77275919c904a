"""The Train page where a comment may carry several labels."""

from pages.parts import resources, run_results
from tests.pages.trained import add_dataset, open_tab, texts, train_now


def table(app, alt: str):
    (found,) = [item.value for item in app.dataframe if item.proto.alt.startswith(alt)]
    return found


def test_several_labels_a_comment_are_trained_and_told_apart_label_by_label(open_page):
    run = train_now(add_dataset(several=True))
    assert run.model.multi
    app = open_page("train")
    assert "All labels right" in [metric.label for metric in app.metric]
    assert "a comment may have several" in texts(app)
    open_tab(app, "Mix-ups")
    rows = table(app, "Found, missed").set_index("Label")
    score = run.model.per_label[0]
    assert rows.loc[score.label, "Found"] + rows.loc[score.label, "Missed"] == score.support
    _says_of_the_opened_label(app, run)
    assert "The mean of recall over all labels" not in texts(open_tab(app, "Baselines"))
    assert "Giving every label, or none, comes to 50%." in texts(app)
    assert "always says the most frequent label" in texts(app)
    for tab in ("How sure", "Try it"):
        open_tab(app, tab)
    app.text_area(key="tried").set_value("slow and a refund for the invoice").run()
    assert "The model" in texts(app)


def test_only_a_test_dataset_of_the_same_kind_of_labels_is_offered(data_folder):
    one, several = add_dataset(), add_dataset(several=True, name="Several", first=900)
    label_sets = [resources.store().labels.sets(dataset.id)[0] for dataset in (one, several)]
    assert run_results.test_datasets(one.id, label_sets[0]) == {}
    assert run_results.test_datasets(several.id, label_sets[1]) == {one.id: one.name}


def _says_of_the_opened_label(app, run) -> None:
    """What was missed has less than 50% for the label that is opened, whatever else was likelier."""
    label = app.selectbox(key="several_label").value
    missed = table(app, f"Comments behind {label}, missed")
    assert (missed["Probability"] <= 50).all()
    assert not (missed["The model said"] == "").any()
    said = run_results.said(run, run_results.told_apart(run)[label][1])
    assert any(words == "(no label)" for words, _, _ in said.values()) == (
        "(no label)" in set(missed["The model said"])
    )
