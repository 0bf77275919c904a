from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.domain import (
    Columns,
    Dataset,
    Estimate,
    Evaluation,
    GateResult,
    Import,
    LabelScore,
    LabelSet,
    Leak,
    Scores,
    Slice,
    TrainingOptions,
    TrainingRun,
)
from core.export.bundle import Line
from core.export.card import SETTING_NAMES, escaped, model_card
from core.export.measure import Measured
from core.export.parity import Parity

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = "![x](http://evil.example/a.png)|<img src=x onerror=alert(1)>\n# big"
SCORES = Scores(
    "quick",
    0.9,
    0.85,
    0.84,
    (LabelScore(HOSTILE, 0.8, 0.7, 0.75, 40, (0.7, 0.9), (0.6, 0.8), (0.65, 0.85)),),
    ((36, 4), (2, 38)),
    80,
    ranges={"macro_f1": (0.8, 0.9)},
)
RUN = TrainingRun(
    7, 1, 1, None, "done", TrainingOptions(), (HOSTILE, "b"), "abc123", "CPU", {"torch": "2.13.0"}, {}, {},
    SCORES, replace(SCORES, name="tfidf", macro_f1=0.71, ranges={}), {"ece_before": 0.1, "ece_after": 0.03},
    (), (), "run-7", "def456", "", DAY, DAY,
)  # fmt: skip
DATASET = Dataset(1, "Support", 1000, "abc123", False, DAY)
LABELS = LabelSet(1, 1, "topic", {HOSTILE: 400, "b": 100})


def card(run=RUN, **more):
    return model_card(run, DATASET, LABELS, **more)


def test_an_old_run_without_an_evaluation_has_a_card():
    text = card()
    for part in ("What it is", "Data", "How good it is", "Where it is worse", "Limits", "Not for", "Privacy"):
        assert f"## {part}" in text
    assert "| Quick | 0.900 | 0.850 (0.800 to 0.900) | 0.840 | not measured | not measured |" in text
    assert "| TF\\-IDF | 0.900 | 0.710 | 0.840 | not measured | not measured |" in text
    assert "0.800 (0.700 to 0.900) | 0.700 (0.600 to 0.800) | 0.750 (0.650 to 0.850) | 40 |" in text
    assert "even exact probabilities" not in text, "an earlier version did not keep it"
    assert "off by 0.030" in text and "is not recorded" in text and "Not checked against a gate" in text
    assert "Not measured." in card(replace(RUN, model=None, baseline=None, calibration={}))


def test_what_chance_alone_would_show_stands_beside_the_calibration_error():
    text = card(replace(RUN, model=replace(SCORES, calibration_chance=0.0214)))
    assert "off by 0.030 on average" in text
    assert "On 80 comments even exact probabilities would look off by 0.021." in text


def test_what_is_known_is_told():
    worst = Slice("language", "de", Estimate(0.6, 0.5, 0.7, 30, "exact"), 0.5, True, True, (1, 2))
    fine = Slice("language", "en", Estimate(0.9, 0.8, 0.95, 50, "exact"), 0.9, False, False, (3,))
    leaks = (Leak("copies", "12 held-out comments stand among the training rows.", 12),)
    evaluation = Evaluation("Random.", 800, 100, None, (), leaks, (fine, worst), knows=("Few rows.",))
    text = card(
        replace(RUN, evaluation=evaluation),
        gate_results=[GateResult("Macro F1", 0.85, 0.8, True, True)],
        masked={"e-mail": 12},
        exports=[Line(Measured("onnx", 90.9, 4.8), Parity(50, 0.98, 1e-6, True))],
        dates=("2026-01-01", "2026-02-01"),
    )
    assert "| language = de | 0.600 (0.500 to 0.700) | 0.500 | 30 | the worst |" in text
    assert "| language = en | 0.900 (0.800 to 0.950) | 0.900 | 50 |  |" in text
    assert "stand among the training rows" in text
    assert "| Macro F1 | 0.850 | at least 0.800 | yes |" in text
    assert r"e\-mail (12)" in text and r"2026\-01\-01" in text
    assert "| onnx | 90.9 | 4.80 | 98% of 50 | 1.0e-06 |" in text


def test_what_nothing_judges_is_a_sentence_and_no_number():
    text = card(
        gate_results=[
            GateResult("Macro F1", 0.85, 0.8, True, True),
            GateResult(f"Not judged: {HOSTILE} has no held-out comments", 1.0, 0.0, False, False),
            GateResult("Calibration error (not measured, train again)", 1.0, 0.05, False, False),
        ]
    )
    asked = text.split("## Good enough?")[1].split("## Limits")[0].strip().splitlines()
    assert asked[2:] == [
        "| Macro F1 | 0.850 | at least 0.800 | yes |",
        "| Calibration error | not measured, train again | at most 0.050 | no |",
        "",
        f"- Not judged\\: {' '.join(map(escaped, HOSTILE.split()))} has no held\\-out comments.",
    ]
    assert "1.000" not in text and "at most 0.000" not in text


def test_several_text_columns_are_named():
    done = Import(1, 1, "a.csv", "", "", "", Columns("Body", more_text=("Title", HOSTILE)), 9, 9, (), (), DAY)
    text = card(imports=[done, replace(done, columns=Columns("Body"))])
    assert f"in the columns Body and Title and {escaped(HOSTILE)}, joined in the order of the file" in text
    assert text.count("A comment is what stands in") == 1 and "<img" not in text


def test_ranges_by_person_are_told():
    told = "The ranges take the comments of one person together"
    assert told in card(replace(RUN, model=replace(SCORES, by_person=True))) and told not in card()


def of_mode(mode, facts=None, **options):
    evaluation = Evaluation("Random.", 800, 100, None, (), (), (), facts=facts or {})
    return card(replace(RUN, options=TrainingOptions(mode=mode, **options), evaluation=evaluation))


def test_a_model_of_words_has_no_encoder_and_no_limit_of_one():
    text = of_mode("tfidf", {"Strength of the regression (C)": 10.0}, without=("refund",))
    assert "MiniLM" not in text and "licence" not in text and "Only the first" not in text
    assert "It has no encoder." in text and "All of a text is read" in text
    assert "tokenizer.json" not in text and "Roadlens leaves them out" in text
    for setting in ("Encoder", "Longest text in tokens", "Learning rate of the encoder", "Epochs"):
        assert f"| {setting} |" not in text
    assert r"| Strength of the regression \(C\) | 10\.0 |" in text and "| Seed | 0 |" in text


def test_a_network_over_words_has_no_encoder_but_a_limit():
    text = of_mode("bilstm", {"Longest text": "128 words and signs"})
    assert "MiniLM" not in text and "licence" not in text and "tokens of a text" not in text
    assert "only the beginning is read: 128 words and signs." in text
    assert "| Epochs | 3 |" in text and "| Learning rate of the encoder |" not in text
    assert "128 words and signs" in of_mode("bilstm"), "an old run does not say it"


def test_an_encoder_that_reads_less_than_was_asked_for_says_so():
    text = of_mode(
        "quick", {"Longest text": "32 tokens, all that this encoder can read (128 were asked for)"}
    )
    assert r"only the beginning is read: 32 tokens, all that this encoder can read \(128" in text
    assert "whose own licence holds" in text and r"all\-MiniLM\-L6\-v2" in text
    assert "| Epochs |" not in text and "| Longest text in tokens |" not in text, "told once, as it is read"
    assert text.count("| Longest text |") == 1
    assert "only the beginning is read: 128 tokens." in of_mode("better")


def test_settings_of_a_bilstm_beside_the_model_are_told():
    facts = {"Longest text": "no limit: all of it is read", "Seed": "0"}
    text = of_mode("tfidf", facts, bilstm=True, epochs=5)
    assert "| Epochs |" not in of_mode("tfidf") and "| Epochs | 5 |" in text
    assert "| Longest text in tokens | 128 |" in text, "that of the BiLSTM"


def test_a_hostile_label_makes_no_markup():
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    html = markdown.render(card())
    assert "<img" not in html and "<a " not in html and html.count("<h1>") == 1
    table = next(part for part in html.split("<table>") if "Precision" in part)
    assert "http://evil.example/a.png" in table and table.split("</table>")[0].count("<td>") == 5


def test_escaping():
    assert escaped("a|b_c") == r"a\|b\_c"
    assert escaped("<b>&") == "&lt;b&gt;&amp;"
    assert escaped("x\n# y\u202e") == r"x \# y"
    assert escaped("") == "(no name)" and len(escaped("a" * 500)) == 120


# ---- words --------------------------------------------------------------------------------


def test_settings_have_names_in_words_and_stand_there_once():
    assert set(SETTING_NAMES) == set(TrainingOptions.__dataclass_fields__)
    facts = {
        "Seed": "3",
        "Longest text": "128 tokens",
        "Skewed labels": "as they come",
        "unknown_share": 0.0038,
    }
    text = of_mode("better", facts, seed=3).split("## Settings and versions")[1]
    assert "\\_" not in text.replace(escaped("all-MiniLM-L6-v2"), ""), "no name of a program"
    assert "| Share of the text that the encoder does not know | 0\\.4% |" in text
    names = [line.split(" | ")[0] for line in text.splitlines()]
    assert (
        names.count("| Seed") == names.count("| Skewed labels") == 1
        and "| Longest text in tokens" not in names
    )
    assert "| A BiLSTM stands beside it | no |" in text


def test_what_a_run_was_not_trained_for_is_left_out():
    names = ("Tried by the tuning of run", "Judged on the dataset with the number")
    assert not any(name in of_mode("quick") for name in names)
    text = of_mode("quick", trial_of=4, test_dataset=5)
    assert f"| {names[0]} | 4 |" in text and f"| {names[1]} | 5 |" in text


def test_languages_of_what_it_learned_from_are_told_with_their_shares():
    text = card(languages={"German": 50, "English": 930, "unknown": 20})
    assert "- Languages of the comments it learned from: English 93.0%, German 5.0%, unknown 2.0%." in text
    many = card(languages={f"L{number}": 10 for number in range(10)})
    assert "others 20.0%." in many and "Languages of" not in card()


def test_a_range_is_told_of_what_can_vary_alone():
    sure = replace(SCORES, ranges={"balanced_accuracy": (0.84, 0.84)})
    assert "| Quick | 0.900 | 0.850 | 0.840 |" in card(replace(RUN, model=sure))
    text = card(gate_results=[GateResult("Macro F1", 0.85, 0.8, True, True, (0.8, 0.9))])
    assert "| Macro F1 | 0.850 (0.800 to 0.900) | at least 0.800 | yes |" in text


def test_that_answers_in_8_bits_shift_is_said_where_there_are_such():
    def with_forms(*names):
        return card(exports=[Line(Measured(name, 9.0, 1.0), Parity(50, 0.98, 0.1, True)) for name in names])

    assert "shifts a little" in with_forms("onnx", "onnx-int8")
    assert "shifts a little" not in with_forms("onnx", "original")


def test_the_precision_of_a_label_that_is_never_said_is_no_number():
    never = LabelScore("rare", 0.0, 0.0, 0.0, 5, (0.0, 1.0), (0.0, 0.4), (0.0, 0.4))
    text = card(replace(RUN, model=replace(SCORES, per_label=(never,))))
    assert "| rare | never said | 0.000 (0.000 to 0.400) |" in text
    assert not replace(never, precision_range=(0.0, 0.7)).never_said, "said, and always wrong"
    assert not replace(never, precision_range=None).never_said
