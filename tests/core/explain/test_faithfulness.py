from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.domain import Attribution, Span, Token
from core.errors import Cancelled
from core.explain import faithfulness, occlusion
from core.explain.faithfulness import Erased, Explained, Measured
from core.explain.probes import Pair
from core.explain.reading import read
from core.explain.words import POINTS
from core.models.classifier import Calibration, Classifier, Head, Platt, sigmoid


@dataclass(frozen=True)
class Counted:
    """Logits of "bug" and "praise" are the sums of the points of the distinct words."""

    bug: dict
    praise: dict
    calibration: Calibration = Calibration(3.0, (0.0, 0.0))
    labels = ("bug", "praise")
    max_tokens = 100
    multi = False

    def tokens(self, text):
        found, place = [], 0
        for word in text.split():
            place = text.index(word, place)
            found.append(Token(word, place, place + len(word), False))
            place += len(word)
        return tuple(found)

    def unknown_tokens(self, text):
        return []

    def probabilities(self, texts):
        sums = [
            sum(self.bug.get(word, 0.0) - self.praise.get(word, 0.0) for word in set(text.split()))
            for text in texts
        ]
        bug = sigmoid(np.array(sums) / self.calibration.temperature)
        return np.stack([bug, 1 - bug], axis=1)


def model(**points):
    return faithfulness.plain(Counted(points, {"love": 3.0, "great": 3.0}))


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


def test_plain_models_have_no_calibration(tiny_encoder):
    assert model().calibration == Calibration(1.0, (0.0, 0.0))
    head = Head(np.zeros((2, 32)), np.zeros(2), multi=True)
    many = Classifier(tiny_encoder, head, ("a", "b"), Platt((2.0, 2.0), (1.0, 1.0)))
    assert faithfulness.plain(many).calibration == Platt((1.0, 1.0), (0.0, 0.0))


def test_the_likeliest_label_is_explained_and_one_word_is_too_few():
    asked = faithfulness.cases(model(crash=2.0), ["a crash", "love it", "crash"])
    assert [(case.text, case.label) for case in asked] == [("a crash", "bug"), ("love it", "praise")]
    assert [case.column for case in asked] == [0, 1]


def test_words_are_taken_out_by_hand():
    asked = faithfulness.cases(model(crash=2.0, slow=1.0), ["crash slow a b"])
    found = faithfulness.erased(
        model(crash=2.0, slow=1.0), asked, [np.array([3.0, 2.0, 0.0, 0.0])], (0.1, 0.5)
    )
    whole, without_one, one, none = (sigmoid(np.array(z)) for z in (3.0, 1.0, 2.0, 0.0))
    # A tenth is one word, a half two: without them p is s(1), then s(0); they alone give s(2), then s(3).
    assert found.comprehensiveness == pytest.approx([whole - (without_one + none) / 2])
    assert found.sufficiency == pytest.approx([whole - (one + whole) / 2])


@pytest.mark.parametrize(("share", "words", "count"), [(0.01, 4, 1), (0.5, 3, 2), (0.1, 30, 3), (0.2, 11, 3)])
def test_how_many_words_a_share_is(share, words, count):
    assert faithfulness._top(np.zeros(words), share).tolist() == [True] * count + [False] * (words - count)


def test_the_highest_signed_weights_come_first():
    assert faithfulness._top(np.array([-9.0, 0.1, 0.2, 0.2]), 0.5).tolist() == [False, False, True, True]


def test_a_mask_is_read_in_place_of_a_word():
    asked = faithfulness.cases(model(crash=2.0), ["crash now"])
    masked = model(crash=2.0, HIDDEN=-2.0)
    found = faithfulness.erased(masked, asked, [np.array([1.0, 0.0])], (0.5,), "HIDDEN")
    assert found.comprehensiveness == pytest.approx([sigmoid(np.array(2.0)) - sigmoid(np.array(-2.0))])


def test_random_words_do_worse_than_the_right_ones():
    texts = [f"crash {a} {b} c d e" for a in "xyz" for b in "uvw"]
    ours = model(crash=3.0)
    asked = faithfulness.cases(ours, texts)
    found = faithfulness.explained(occlusion.explain, ours, asked)
    right = faithfulness.erased(ours, asked, found.weights)
    chance = faithfulness.at_random(ours, asked, seed=0)
    assert chance.comprehensiveness.shape == (9,)
    assert faithfulness.paired(right.comprehensiveness, chance.comprehensiveness).low > 0.1
    assert faithfulness.paired(right.sufficiency, chance.sufficiency).high < -0.1
    again = faithfulness.at_random(ours, asked, seed=0)
    assert (again.comprehensiveness == chance.comprehensiveness).all()
    assert (found.milliseconds > 0).all()


def test_differences_are_paired():
    first = np.array([0.1, 0.5, 0.9, 0.3])
    same = faithfulness.paired(first, first - 0.05)
    assert (same.mid, same.low, same.high) == pytest.approx((0.05, 0.05, 0.05))
    mixed = faithfulness.paired(first, np.array([0.3, 0.3, 0.7, 0.5]))
    assert mixed.low < 0 < mixed.high


# ---- randomised weights -------------------------------------------------------------------


@pytest.fixture
def real(tiny_encoder):
    weight = np.random.default_rng(0).normal(size=(2, 32)).astype(np.float32) * 20
    return Classifier(tiny_encoder, Head(weight, np.ones(2)), ("bug", "bill"), Calibration(1.0, (0.0, 0.0)))


def test_a_randomised_copy_leaves_the_model_alone(real):
    before = {name: value.clone() for name, value in real.encoder.model.state_dict().items()}
    top = faithfulness.randomised(real, all_layers=False)
    everything = faithfulness.randomised(real, all_layers=True)
    after = real.encoder.model.state_dict()
    assert all((after[name] == value).all() for name, value in before.items())
    embedding = "embeddings.word_embeddings.weight"
    assert (top.encoder.model.state_dict()[embedding] == before[embedding]).all()
    assert (everything.encoder.model.state_dict()[embedding] != before[embedding]).any()
    for copied in (top, everything):
        layer = copied.encoder.model.state_dict()["encoder.layer.1.output.dense.weight"]
        assert (layer != before["encoder.layer.1.output.dense.weight"]).any()
        assert float(layer.std()) == pytest.approx(0.02, rel=0.1)
        assert copied.head.bias.tolist() == [0.0, 0.0]
        assert np.abs(copied.head.weight).max() < 0.2


def test_a_method_that_ignores_the_model_is_found_out(real):
    texts = ["the app is slow", "my invoice price is bad", "login crash again"]
    asked = faithfulness.cases(real, texts)
    method = fixed({"the": 0.1, "app": 0.4, "slow": 0.2, "my": 0.3, "bad": 0.1, "crash": 0.5})
    found = faithfulness.explained(method, real, asked)
    copied = faithfulness.randomised(real, all_layers=True)
    assert faithfulness.likeness(method, copied, asked, found.weights) == pytest.approx(1.0)
    flat = [np.zeros(len(case.spans)) for case in asked]
    assert faithfulness.likeness(method, copied, asked, flat) == 0.0
    assert np.isnan(faithfulness.likeness(method, copied, faithfulness.cases(real, ["a b"]), [np.ones(2)]))


# ---- what is said of it -------------------------------------------------------------------


def row(name, comp, milliseconds=10.0, **more):
    values = np.asarray(comp, dtype=float)
    case = Explained((), np.full(len(values), milliseconds))
    return Measured(name, case, Erased(values, values), Erased(values, values), **more)


LOW, HIGH = np.linspace(0.2, 0.4, 20), np.linspace(0.3, 0.5, 20)


@pytest.mark.parametrize(
    ("better", "leads"),
    [
        (row("new", HIGH), "new"),
        (row("new", HIGH, mixed=0.97, planted=0.99, rho_top=0.3), "new"),
        (row("new", HIGH, milliseconds=301.0), "usual"),
        (row("new", HIGH, mixed=0.96), "usual"),
        (row("new", HIGH, planted=0.98), "usual"),
        (row("new", HIGH, rho_top=0.31), "usual"),
        (row("new", LOW + np.tile([0.05, -0.05], 10)), "usual"),
        (row("new", LOW - 0.1), "usual"),
    ],
)
def test_the_default_leads_unless_it_is_beaten_beyond_chance(better, leads):
    assert faithfulness.headline([row("usual", LOW), better], "usual", 300.0) == leads


def test_of_several_better_ones_the_best_leads():
    rows = [row("usual", LOW), row("good", HIGH), row("best", HIGH + 0.1)]
    assert faithfulness.headline(rows, "usual", 300.0) == "best"


TEXTS = [f"crash {a} {b} c d" for a in "xyzw" for b in "uvwsrq"]


def test_a_right_method_is_tested_and_a_wrong_one_weak():
    ours = Counted({"crash": 3.0}, {})
    good = faithfulness.trust(ours, TEXTS, occlusion.explain)
    assert good.badge == "tested"
    assert good.figures["comments"] == 24
    assert good.figures["comprehensiveness"] == pytest.approx(sigmoid(np.array(3.0)) - 0.5)
    assert good.figures["sufficiency"] == pytest.approx(0.0)
    assert "likeness to a randomised model" not in good.figures
    assert good.words.startswith("Tested on 24 of your comments: without the words it names")
    assert faithfulness.trust(ours, TEXTS, backwards).badge == "weak"


def test_an_explanation_that_ignores_the_weights_is_weak(real):
    texts = [f"the app is {word}" for word in ["slow", "fast", "bad", "great", "cheap"] for _ in range(5)]
    found = faithfulness.trust(real, texts, fixed({"the": 0.1, "app": 0.4, "is": 0.3}))
    assert found.badge == "weak"
    assert "learned nothing" in found.words
    assert found.figures["likeness to a randomised model"] == pytest.approx(1.0)


def test_few_comments_say_nothing_and_fifty_are_enough():
    few = faithfulness.trust(Counted({"crash": 3.0}, {}), TEXTS[:19], occlusion.explain)
    assert (few.badge, few.figures) == ("unknown", {"comments": 19.0})
    assert "20 are needed" in few.words
    many = faithfulness.trust(Counted({"crash": 3.0}, {}), TEXTS * 4, occlusion.explain)
    assert many.figures["comments"] == 50


def test_progress_rises_to_the_end_and_can_stop(real):
    texts = [f"the app is {word}" for word in ["slow", "fast", "bad", "great", "cheap"] for _ in range(4)]
    told = []
    faithfulness.trust(
        real, texts, occlusion.explain, on_progress=lambda done, total: told.append((done, total))
    )
    shares = [done / total for done, total in told]
    assert shares == sorted(shares) and shares[-1] == 1.0

    def stop(done, total):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        faithfulness.trust(real, texts, occlusion.explain, on_progress=stop)


def test_measure_gives_a_whole_row(real):
    texts = ["the app is slow", "my invoice price is bad", "login crash again"]
    ours = faithfulness.plain(real)
    asked = faithfulness.cases(ours, texts)
    copies = [faithfulness.randomised(ours, False), faithfulness.randomised(ours, True)]
    joined = (Pair("slow bad", 5, ("bug", "bill")),)
    found = faithfulness.measure("occlusion", occlusion.explain, ours, asked, joined, copies)
    assert found.masked is not None and found.planted is None
    assert 0 <= found.mixed <= 1 and -1 <= found.rho_top <= 1 and -1 <= found.rho_all <= 1
    assert found.milliseconds > 0
    bare = faithfulness.measure(
        "occlusion", occlusion.explain, model(crash=1.0), faithfulness.cases(model(), texts)
    )
    assert (bare.masked, bare.mixed, bare.rho_top) == (None, None, None)


def test_spans_that_stand_for_groups_are_dealt_out():
    def grouping(model, text, label, against=None):
        return Attribution(text, (Span(0, len(text), 0.6),), label, "", "", 0.5)

    asked = faithfulness.cases(model(crash=1.0), ["crash a b"])
    assert faithfulness.explained(grouping, model(), asked).weights[0] == pytest.approx([0.2, 0.2, 0.2])
    assert faithfulness.mask_of(SimpleNamespace()) == ""


METHODS = {"occlusion": occlusion.explain, "backwards": backwards}


def test_a_table_of_a_run():
    told = []
    rows = faithfulness.table(
        Counted({"crash": 3.0}, {}), TEXTS, [""] * 24, METHODS, on_progress=lambda *at: told.append(at)
    )
    assert [row.method for row in rows] == ["occlusion", "backwards", "random"]
    right, wrong, chance = (row.fine.comprehensiveness.mean() for row in rows)
    assert right == pytest.approx(sigmoid(np.array(3.0)) - 0.5)
    # The word that counts is the last of five that are taken out: never, of at most half of the words.
    assert wrong == pytest.approx(0.0) and 0 < chance < right
    assert rows[0].mixed is None  # no label, no pairs
    assert rows[0].rho_top is None and rows[2].masked is None
    shares = [done / total for done, total, _ in told]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert list(dict.fromkeys(name for *_, name in told)) == ["occlusion", "backwards", "random"]


def test_a_table_needs_comments_of_two_words(real):
    ours = Counted({"crash": 3.0}, {})
    assert faithfulness.table(ours, TEXTS[:19] + ["crash"] * 30, ["bug"] * 49, METHODS) == ()


def test_comments_of_one_word_are_passed_over():
    ours = Counted({"crash": 3.0}, {})
    texts = ["crash"] * 30 + TEXTS
    assert faithfulness.drawn(ours, texts) == list(range(30, 54))
    assert len(faithfulness.drawn(ours, TEXTS * 3)) == 50
    assert faithfulness.drawn(ours, TEXTS * 3) != faithfulness.drawn(ours, TEXTS * 3, seed=1)
