from dataclasses import replace

from core.domain import Attribution
from core.explain import occlusion, probes
from core.explain.reading import read
from core.explain.words import POINTS


def fixed(weights):
    """A method that gives each word the weight it is told, whatever the label."""

    def explain(model, text, label, against=None):
        spans = read(model, text).spans
        spans = tuple(replace(s, weight=weights.get(text[s.start : s.end], 0.0)) for s in spans)
        return Attribution(text, spans, label, "fixed", POINTS, 0.5)

    return explain


def backwards(model, text, label, against=None):
    found = occlusion.explain(model, text, label)
    return replace(found, spans=tuple(replace(span, weight=-span.weight) for span in found.spans))


BUGS = ["crash a", "crash b c"]
LOVES = ["love a", "love d"]


def test_pairs_are_right_short_and_of_two_labels():
    texts = [*BUGS, *LOVES, "crash wrong", "love " * 17]
    truth = ["bug", "bug", "praise", "praise", "praise", "praise"]
    said = ["bug", "bug", "praise", "praise", "bug", "praise"]
    found = probes.pairs(texts, truth, said, seed=0, count=20)
    assert len(found) == 20
    for pair in found:
        assert pair.labels in (("bug", "praise"), ("praise", "bug"))
        assert {pair.text[: pair.middle - 1], pair.text[pair.middle :]} < set(BUGS + LOVES)
        assert (pair.text[: pair.middle].strip() in BUGS) == (pair.labels[0] == "bug")
    assert found == probes.pairs(texts, truth, said, seed=0, count=20)
    assert probes.pairs(BUGS, ["bug", "bug"], ["bug", "bug"]) == ()


def test_mixed_feedback_tells_label_blind_methods_from_others(adding):
    joined = probes.pairs([*BUGS, *LOVES], ["bug"] * 2 + ["praise"] * 2, ["bug"] * 2 + ["praise"] * 2)
    ours = adding({"crash": 0.3, "love": -0.3})
    assert probes.mixed(occlusion.explain, ours, joined).mean() == 1.0
    assert probes.mixed(backwards, ours, joined).mean() == 0.0
    assert probes.mixed(fixed({"crash": 1.0}), ours, joined).mean() == 0.5


def test_the_planted_word_must_come_first(adding):
    rows = [("love maple it", "maple", "bug"), ("love it maple", "maple", "bug")]
    ours = adding({"maple": 0.4, "love": -0.1})
    assert probes.planted_first(occlusion.explain, ours, rows).tolist() == [True, True]
    assert probes.planted_first(fixed({"love": 1.0}), ours, rows).tolist() == [False, False]
