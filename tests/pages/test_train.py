"""The Train page from the form to a model that answers, without a browser."""

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy import delete

from core.domain import BETTER, BILSTM, QUICK, TFIDF, GateRule, TrainingOptions
from core.store.database import transaction
from core.store.tables import held_out
from core.workflow import exporting, promotion, runs, tuning
from pages.parts import model_card, resources
from pages.parts.run_card import TABS
from tests.pages.trained import (
    WORDS,
    add_dataset,
    buttons,
    charts,
    do_jobs,
    open_tab,
    press,
    set_beside,
    texts,
    train_now,
)

LOST = ("slow", "loading", "timeout", "lag", "invoice")  # words without which it makes other mistakes
EASY, HARD = GateRule(0.1, 0.1, 0.9), GateRule(0.999, 0.999, 0.001)


@pytest.fixture
def trained(data_folder):
    """A finished TF-IDF run of 180 comments with three labels."""
    return train_now(add_dataset())


def set_gate(run, rule: GateRule) -> None:
    promotion.set_rule(resources.store(), run.label_set_id, rule)


def tables(app) -> dict:
    """By their words for screen readers."""
    return {item.proto.alt: item.value for item in app.dataframe}


def table(app, alt: str):
    (found,) = [value for words, value in tables(app).items() if words.startswith(alt)]
    return found


# ---- the form -----------------------------------------------------------------------------


def test_every_way_of_judging_is_offered_where_the_columns_allow_it(open_page):
    add_dataset(name="First")
    add_dataset(name="Second")
    app = open_page("train")
    ways = ["Comments chosen at random", "Other customers", "The newest comments"]
    assert app.selectbox(key="split").options == [*ways, "Every comment once, in parts", "Another dataset"]
    assert "Not possible here" not in texts(app)
    app.selectbox(key="split").set_value("another").run()
    assert app.selectbox(key="test").options == ["First · 1"]


def test_a_way_of_judging_that_needs_a_missing_column_says_so(open_page):
    add_dataset(plain=True)
    app = open_page("train")
    assert app.selectbox(key="split").options == [
        "Comments chosen at random",
        "Every comment once, in parts",
    ]
    for reason in ("no column says who wrote", "they have no dates", "none has labels of this name"):
        assert reason in texts(app)


def test_the_same_training_again_is_told_before_it_starts(trained, open_page):
    store = resources.store()
    label_set = store.labels.sets(trained.dataset_id)[0]
    ask = trained.dataset_id, label_set.id, trained.options
    assert runs.trained_already(store, *ask).id == trained.id
    assert runs.trained_already(store, *ask[:2], replace(trained.options, seed=9)) is None
    assert runs.trained_already(store, *ask[:2], replace(trained.options, test_dataset=1)) is None
    app = open_page("train")
    assert "trained exactly this already" not in texts(app) and "Train" in buttons(app), "the form says Quick"
    app.segmented_control(key="other_mode").set_value(TFIDF).run()
    app.toggle(key="quick").set_value(False).run()
    assert f"You have trained exactly this already: run {trained.id}." in texts(app)
    press(app, "Train again anyway")
    assert store.jobs.active(""), "it is in the queue all the same"


def test_the_form_says_how_long_and_how_much_before_it_starts(open_page):
    add_dataset()
    said = texts(open_page("train"))
    assert "topic · 180 labelled comments, 3 different labels" in said
    assert "seconds (likely" in said
    assert "GB of memory on the" in said


def test_a_press_queues_what_was_chosen(open_page):
    dataset = add_dataset()
    app = open_page("train")
    app.segmented_control(key="mode").set_value(BETTER).run()
    app.selectbox(key="split").set_value("kfold").run()
    app.number_input(key="folds").set_value(4)
    app.number_input(key="fold_repeats").set_value(2)
    app.number_input(key="epochs").set_value(5)
    app.number_input(key="patience").set_value(2)
    app.slider(key="token_masking").set_value(0.25)
    app.toggle(key="averaging").set_value(False)
    app.selectbox(key="balance").set_value("weights")
    app.multiselect(key="without").set_value(["refund"])
    app.toggle(key="bilstm").set_value(True).run()
    press(app, "Train")
    (run,) = resources.store().runs.list(dataset.id)
    assert run.options == TrainingOptions(
        mode=BETTER,
        split="kfold:4x2",
        epochs=5,
        patience=2,
        token_masking=0.25,
        averaging=0.0,
        balance="weights",
        without=("refund",),
        bilstm=True,
    )
    assert "Better training · run 1" in texts(app)


def test_settings_that_the_mode_does_not_use_make_no_other_run(open_page):
    dataset = add_dataset()
    app = open_page("train")
    app.segmented_control(key="mode").set_value(BETTER).run()
    app.number_input(key="epochs").set_value(7)
    app.slider(key="token_masking").set_value(0.3)
    app.number_input(key="adapter_rank").set_value(8).run()
    app.segmented_control(key="mode").set_value(QUICK).run()
    assert app.number_input(key="epochs").disabled and app.slider(key="token_masking").disabled
    assert app.toggle(key="averaging").disabled
    press(app, "Train")
    assert resources.store().runs.list(dataset.id)[0].options == TrainingOptions()


def test_the_simpler_models_can_be_trained_as_models_of_their_own(open_page):
    dataset = add_dataset()
    app = open_page("train")
    app.segmented_control(key="other_mode").set_value(TFIDF).run()
    assert "no Transformer" in texts(app)
    assert app.text_input(key="encoder").disabled
    press(app, "Train")
    assert resources.store().runs.list(dataset.id)[0].options == replace(WORDS, quick=True)


def test_every_way_of_training_says_what_stands_beside_it_and_offers_the_same(open_page):
    add_dataset()
    app = open_page("train")
    told = "Beside it, on the same held-out comments: "
    assert f"{told}TF-IDF, the most frequent label. A BiLSTM can be added under Advanced." in texts(app)
    app.segmented_control(key="mode").set_value(BETTER).run()
    assert f"{told}TF-IDF, Quick, the most frequent label. A BiLSTM" in texts(app)
    app.segmented_control(key="other_mode").set_value(BILSTM).run()
    assert f"{told}TF-IDF, Quick, the most frequent label." in texts(app)
    assert "can be added" not in texts(app) and not [one for one in app.toggle if one.key == "bilstm"]
    app.segmented_control(key="other_mode").set_value(TFIDF).run()
    assert f"{told}Quick, the most frequent label. A BiLSTM" in texts(app)
    app.toggle(key="bilstm").set_value(True).run()
    assert f"{told}Quick, BiLSTM, the most frequent label." in texts(app)
    app.toggle(key="quick").set_value(False).run()
    assert f"{told}BiLSTM, the most frequent label." in texts(app)
    press(app, "Train")
    (run,) = resources.store().runs.list()
    assert run.options == replace(WORDS, bilstm=True)


def test_word_vectors_are_kept_once_and_go_with_the_run(open_page):
    dataset = add_dataset()
    app = open_page("train")
    app.segmented_control(key="other_mode").set_value(BILSTM).run()
    app.file_uploader(key="glove").upload("glove.txt", b"slow 0.1 0.2\nprice 0.3 0.4\n").run()
    press(app, "Train")
    options = resources.store().runs.list(dataset.id)[0].options
    assert options.mode == BILSTM
    assert (resources.settings().data_dir / "vectors" / f"{options.vectors}.txt").is_file()


def test_a_file_that_holds_no_word_vectors_is_refused_at_once(open_page):
    dataset = add_dataset()
    app = open_page("train")
    app.segmented_control(key="other_mode").set_value(BILSTM).run()
    assert "Up to 105 MB" in texts(app) and "most frequent words come first" in texts(app)
    app.file_uploader(key="glove").upload("glove.txt", b"<b>bold</b> words everywhere\n").run()
    assert "Line 1 of this file of word vectors is not a word and 2 numbers" in texts(app)
    assert not list((resources.settings().data_dir / "vectors").iterdir())
    app.file_uploader(key="glove").upload("cut.txt", b"slow 0.1 0.2\n").run()
    assert "Line 1 of this file" not in texts(app)
    press(app, "Train")
    assert resources.store().runs.list(dataset.id)[0].options.vectors


# ---- while it goes on ---------------------------------------------------------------------


def test_a_training_is_paused_resumed_and_cancelled(open_page):
    dataset = add_dataset()
    app = press(open_page("train"), "Train")
    store = resources.store()
    press(app, "Pause")
    assert store.runs.get(1).status == "paused"
    assert "Pause" not in buttons(app)
    press(app, "Resume")
    assert store.runs.get(1).status == "queued"
    press(app, "Cancel")
    assert [run.status for run in store.runs.list(dataset.id)] == ["cancelled"]
    app.run()
    assert "Run 1 was cancelled." in texts(app)


def test_a_training_that_had_to_stop_says_why_until_it_goes_on(open_page):
    add_dataset()
    app = press(open_page("train"), "Train")
    store = resources.store()
    job = store.jobs.claim("worker", 60)
    store.jobs.finish(job.id, "worker", job.attempt, "paused", "The disk is full. Free some space.")
    app.run()
    assert "Resume" in buttons(app) and "The disk is full. Free some space." in texts(app)
    press(app, "Resume")
    assert "The disk is full" not in texts(app)


# ---- good enough? -------------------------------------------------------------------------


def test_a_model_below_the_gate_says_what_is_missed_and_what_would_help(trained, open_page):
    set_gate(trained, HARD)
    app = open_page("train")
    said = texts(app)
    assert "✗ not yet" in said
    assert "✗ missed: Macro F1" in said
    assert "✗ missed: Recall of" in said
    assert re.search(
        r"Calibration error beyond chance \d+\.\d+% \(likely \d+\.\d% to \d+\.\d%\), "
        r"must be at most 0\.1\d*% \(confidence off by \d+\.\d%; "
        r"on \d+ comments even a perfectly calibrated model shows \d+\.\d%\)",
        said,
    )
    assert "What would help most" in said
    assert "Promote" not in buttons(app)
    app.text_input(key="promote_note").set_value("the demo is on Monday").run()
    press(app, "Promote it")
    current = resources.store().promotions.current(trained.label_set_id)
    assert (current.run_id, current.passed, current.note) == (trained.id, False, "the demo is on Monday")
    assert "Note: the demo is on Monday" in texts(app)


def test_the_gate_is_changed_and_taken_back(trained, open_page):
    app = open_page("train")
    inputs = {item.label: item for item in app.number_input}
    inputs["Macro F1 at least"].set_value(0.11)
    inputs["Recall of every label at least"].set_value(0.12)
    inputs["Calibration error at most"].set_value(0.9)
    press(app, "Save")
    labels = resources.store().labels
    assert labels.get(trained.label_set_id).gate == GateRule(0.11, 0.12, 0.9)
    assert "✓ passes" in texts(app)
    press(app, "Back to the defaults")
    assert labels.get(trained.label_set_id).gate is None


def test_a_value_is_never_shown_as_the_bound_that_it_missed(trained, open_page):
    set_gate(trained, GateRule(trained.model.macro_f1 + 0.0004, 0.1, 0.9))
    said = texts(open_page("train"))
    value, bound = re.search(
        r"✗ missed: Macro F1 ([\d.]+) \(likely [\d.]+ to [\d.]+\), must be at least ([\d.]+)", said
    ).groups()
    assert float(value) < float(bound)


def test_a_model_that_passes_is_promoted_and_the_way_back_is_one_press(trained, open_page):
    set_gate(trained, EASY)
    second = train_now(resources.store().datasets.get(trained.dataset_id), replace(WORDS, seed=5))
    promotion.promote(resources.store(), resources.settings(), trained.id)
    app = open_page("train")
    assert f"Run {second.id}: TF-IDF" in texts(app), "the newest run is shown"
    assert f"Run {trained.id} (TF-IDF) answers for these labels now." in texts(app)
    press(app, "Promote")
    assert f"Run {second.id}: TF-IDF" in texts(app)
    assert "This model answers since" in texts(app)
    press(app, f"Go back to run {trained.id}")
    assert resources.store().promotions.current(trained.label_set_id).run_id == trained.id
    assert f"Run {trained.id}: TF-IDF" in texts(app), "the run that answers is shown"
    assert "This model answers since" in texts(app)


def test_a_damaged_model_is_not_promoted_and_the_page_says_why(trained, open_page):
    set_gate(trained, EASY)
    (resources.settings().runs_dir / trained.checkpoint / "vocabulary.json").unlink()
    app = press(open_page("train"), "Promote")
    assert f"Run {trained.id} was not put to work. The model's file vocabulary.json is missing" in texts(app)
    assert resources.store().promotions.current(trained.label_set_id) is None


def test_the_run_that_answers_is_what_other_pages_begin_with(trained, open_page):
    set_gate(trained, EASY)
    train_now(resources.store().datasets.get(trained.dataset_id), replace(WORDS, seed=5))
    promotion.promote(resources.store(), resources.settings(), trained.id)
    app = open_page("insights")
    assert app.sidebar.selectbox(key="run").options[0] == f"Run {trained.id} · TF-IDF · answers"
    assert app.sidebar.selectbox(key="run").index == 0


def test_advice_opens_the_comments_it_speaks_of(trained, open_page):
    set_gate(trained, HARD)
    app = open_page("train")
    shown = [button for button in app.button if button.key.startswith("gate_advice_")]
    assert shown, buttons(app)
    shown[0].click().run()
    assert not app.exception
    rows = table(app, "Comments behind Advice")
    assert set(rows["A person said"]) <= set(trained.labels)
    shown = [button for button in app.button if button.key.startswith("gate_advice_")]
    shown[0].click().run()
    assert not [words for words in tables(app) if "Advice" in words], "a second press closes it"


def test_a_simpler_model_that_wins_is_one_press_from_being_the_model(trained, open_page):
    store = resources.store()
    set_beside(trained, BILSTM, mended=100)
    app = open_page("train")
    assert "BiLSTM is recommended here." in texts(app) and "better by more than chance" in texts(app)
    press(app, "Train BiLSTM as the model")
    newest = store.runs.list(trained.dataset_id)[0]
    assert (newest.options.mode, newest.options.split) == (BILSTM, trained.options.split)


def test_tuning_queues_trials_and_names_the_best_by_validation(trained, open_page):
    set_gate(trained, HARD)
    store = resources.store()
    trial = train_now(
        store.datasets.get(trained.dataset_id), replace(WORDS, balance="weights", trial_of=trained.id)
    )
    for run, score in ((trained, 0.5), (trial, 0.75)):
        store.runs.update(run.id, evaluation=replace(run.evaluation, validation_f1=score))
    app = open_page("train")
    assert f"Run {trained.id}: TF-IDF" in texts(app), "a trial is not what the page begins with"
    assert "The held-out comments have no say" in texts(app)
    assert re.search(r"Together they likely take \d+ (seconds )?to \d+ (seconds|minutes);", texts(app))
    assert f"Run {trial.id} (TF-IDF) is the best on the validation comments: macro F1 0.750." in texts(app)
    planned = len(tuning.plan(trained))
    press(app, "Start tuning")
    assert len(tuning.trials_of(store, trained)) == planned + 1
    assert f"{planned - 1} more trials of run {trained.id} wait in line." in texts(app)
    press(app, "Cancel the trials")
    assert store.jobs.active("") == []


# ---- the tabs -----------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_of_a_new_and_of_an_old_run(trained, open_page, tab):
    app = open_tab(open_page("train"), tab)
    assert len(app.error) == 0
    store = resources.store()
    store.runs.update(trained.id, evaluation=None)
    with transaction(store.held_out.engines.write) as connection:
        connection.execute(delete(held_out))
    app.run()
    assert not app.exception
    assert len(app.error) == 0
    assert "trained by an earlier version" in texts(app)


def test_labels_have_ranges_and_every_measure_a_sentence(trained, open_page):
    app = open_page("train")
    rows = table(app, "Scores by label").set_index("Label")
    score = trained.model.per_label[0]
    low, high = score.recall_range
    assert rows.loc[score.label, "Recall"] == f"{score.recall:.2f} ({low:.2f}–{high:.2f})"
    assert rows.loc[score.label, "Held out"] == score.support
    assert "Of the comments people gave this label to, the share that the model finds." in texts(app)


def test_a_mix_up_opens_its_comments(trained, open_page):
    app = open_tab(open_page("train"), "Mix-ups")
    name = app.selectbox(key="mixup").options[0]
    truth, said = name.split(" → ")
    count = trained.model.confusion[trained.labels.index(truth)][trained.labels.index(said)]
    app.selectbox(key="mixup").set_value(name).run()
    rows = table(app, "Comments behind Labelled")
    assert len(rows) == count > 0
    assert set(rows["A person said"]) == {truth}
    assert set(rows["The model said"]) == {said}
    assert all(0 <= value <= 99 and value == int(value) for value in rows["Probability"])
    assert "comments, least certain first" in texts(app) or count == 1


def test_every_model_stands_on_the_same_comments(trained, open_page):
    app = open_tab(open_page("train"), "Baselines")
    rows = table(app, "Scores of all models")
    assert list(rows["Model"]) == ["TF-IDF (this model)", "Most frequent label"]
    assert "–" in rows["Macro F1"][0], "with its range"


def test_how_sure_draws_confidence_unsure_and_both_curves_of_a_label(trained, open_page):
    app = open_tab(open_page("train"), "How sure")
    assert charts(app) == 4
    assert re.search(
        r"Confidence off by \d+\.\d% \(likely \d+\.\d% to \d+\.\d%\)\. It was \d+\.\d% before calibration\. "
        r".*On \d+ comments even a perfectly calibrated model shows \d+\.\d%\.",
        texts(app),
    )
    assert re.search(r"of the time \(likely \d+% to \d+%\)", texts(app)), "if it may say unsure"
    assert "The closer to the upper left corner, the better." in texts(app)
    app.selectbox(key="curve_label").set_value(trained.labels[1]).run()
    assert not app.exception
    assert charts(app) == 4


def test_the_worst_group_is_named_and_opens(trained, open_page):
    app = open_tab(open_page("train"), "Where it fails")
    slices = trained.evaluation.slices
    if not slices:
        assert "No two groups of at least 20 held-out comments" in texts(app)
        return
    item = slices[0]
    app.selectbox(key="slice").set_value(f"{item.column}: {item.value}").run()
    assert len(table(app, "Comments behind")) == len(item.ids)


def test_more_labels_are_measured_by_a_job(trained, open_page):
    app = open_tab(open_page("train"), "More labels?")
    press(app, "Measure it")
    assert "Measure it" not in buttons(app)
    assert do_jobs("model") == ["done"]
    app.run()
    assert not app.exception
    assert charts(app) == 1
    assert re.search("more labels would bring|no clear rise was measured", texts(app))


def test_two_runs_are_compared_on_the_same_comments(trained, open_page):
    second = train_now(resources.store().datasets.get(trained.dataset_id), replace(WORDS, without=LOST))
    app = open_tab(open_page("train"), "Compare")
    assert f"Run {second.id}: TF-IDF" in texts(app)
    assert re.search(r"\+\d+\.\d points of macro F1 for run \d", texts(app))
    assert f"Right by run {trained.id} alone:" in texts(app) and "the second" not in texts(app)
    changed = table(app, "Settings that differ")
    assert list(changed["Setting"]) == ["Words to leave out"]
    assert changed[f"Run {trained.id}"][0] == "none"
    assert changed[f"Run {second.id}"][0] == ", ".join(LOST)
    flips = app.selectbox(key=f"flips_{trained.id}_{second.id}")
    flips.set_value(flips.options[0]).run()
    rows = table(app, "Comments behind")
    assert (rows[f"Run {trained.id} said"] != rows[f"Run {second.id} said"]).all()


def test_a_pasted_comment_is_answered_at_once(trained, open_page):
    app = open_tab(open_page("train"), "Try it")
    app.text_area(key="tried").set_value("A refund for my invoice, the price is wrong").run()
    assert not app.exception
    assert "The model says billing" in texts(app).replace("*", "")
    assert charts(app) == 1


def test_a_model_is_exported_by_a_job_and_offered_with_its_parity(trained, open_page):
    app = open_tab(open_page("train"), "Export")
    press(app, "Export")
    assert "Export" not in buttons(app)
    assert do_jobs("model") == ["done"]
    app.run()
    assert not app.exception
    rows = table(app, "Size, speed").set_index("Format")
    assert list(rows.index) == ["This model here", "Roadlens (TF-IDF and BiLSTM)"]
    assert rows["Decides alike"].iloc[1].startswith("100% of")
    assert len(app.get("download_button")) == 1 and not app.warning
    manifest = exporting.folder_of(resources.settings(), trained.id) / "manifest.json"
    told = {**json.loads(manifest.read_text()), "refused": {"onnx": "ONNX was *left out*: it decides 50%."}}
    manifest.write_text(json.dumps(told))
    app.run()
    assert "ONNX was *left out*: it decides 50%." in texts(app), "a format that was refused, and why"


# ---- judged in folds or elsewhere ---------------------------------------------------------


def test_in_folds_every_comment_counts_once(open_page):
    run = train_now(add_dataset(), replace(WORDS, split="kfold:3"))
    app = open_tab(open_page("train"), "Mix-ups")
    assert f"judged on {run.model.n:,} held-out comments" in texts(app)
    name = app.selectbox(key="mixup").options[0]
    app.selectbox(key="mixup").set_value(name).run()
    rows = table(app, "Comments behind Labelled")
    assert {
        f"{truth} → {said}" for truth, said in zip(rows["A person said"], rows["The model said"], strict=True)
    } == {name}


def test_judged_on_another_dataset_its_comments_open(open_page):
    there = add_dataset(90, name="There", first=900)
    here = add_dataset(name="Here")
    run = train_now(here, replace(WORDS, test_dataset=there.id))
    assert run.model.n == 90
    app = open_tab(open_page("train"), "Mix-ups")
    name = app.selectbox(key="mixup").options[0]
    app.selectbox(key="mixup").set_value(name).run()
    assert len(table(app, "Comments behind Labelled")) > 0


def test_the_model_card_has_what_matters_and_leaves_as_markdown(trained, open_page):
    app = open_tab(open_page("train"), "Model card")
    said = texts(app)
    assert "| Labels | topic: 3, one a comment |" in said
    assert f"| How it was judged | {trained.evaluation.split} |" in said
    assert "| Encoder |" not in said, "TF-IDF has none"
    groups = model_card.groups(trained)
    facts = {name: value for group in groups.values() for name, value in group.items()}
    assert set(trained.evaluation.facts) - set(facts) == {"unknown_share"}, "as they are written"
    assert facts["Words that it does not know"].endswith("%")
    assert facts["Held-out comments"].endswith("never learned from; the same words never stand on both sides")
    assert facts["Data SHA-256"].replace(" ", "") == trained.data_sha256
    assert [button.label for button in app.get("download_button")] == ["Download the model card"]


def test_the_model_card_says_how_each_way_to_judge_keeps_the_comments_apart(trained):
    def held_out(**options) -> str:
        groups = model_card.groups(replace(trained, options=replace(trained.options, **options)))
        return groups["What it learned from and how it was judged"]["Held-out comments"]

    folds = held_out(split="kfold:5")
    assert "each judged by a model that had learned neither from it nor from the same words" in folds
    assert folds.endswith("the model that stays learned from all of them")
    outside = held_out(test_dataset=2)
    assert outside.endswith("not learned from; they may say the same words as comments that are")


def test_the_form_is_kept_over_a_page_change(trained, open_page):
    app = open_page("train")
    app.segmented_control(key="mode").set_value(BETTER).run()
    app.selectbox(key="split").set_value("kfold").run()
    app.switch_page("pages/runs.py").run()
    app.switch_page("pages/train.py").run()
    assert (app.segmented_control(key="mode").value, app.selectbox(key="split").value) == (BETTER, "kfold")


def test_no_more_layers_can_be_frozen_than_the_encoder_has(trained, open_page):
    app = open_page("train")
    app.segmented_control(key="mode").set_value(BETTER).run()
    assert app.number_input(key="frozen_layers").max == 6
    app.number_input(key="frozen_layers").set_value(6).run()
    app.text_input(key="encoder").set_value("somebody/large").run()
    assert app.number_input(key="frozen_layers").max == 48, "it is not here, so nobody knows"
    assert app.number_input(key="frozen_layers").value == 6
