from types import SimpleNamespace

import pytest

from core.domain import Span
from core.workflow import attributions
from core.workflow.attributions import OCCLUSION, attribution
from tests.core.explain.conftest import Adding

TEXT = "it crashes twice\u2003☃"
RUN = SimpleNamespace(id=3)


class Notes:
    """The store's explanations, in memory."""

    def __init__(self, findings=None):
        self.kept, self.found = {}, findings or {}

    def attribution(self, *asked):
        return self.kept.get(asked)

    def keep_attribution(self, *asked_and_content):
        self.kept[asked_and_content[:-1]] = asked_and_content[-1]

    def findings(self, run_id, kind):
        found = self.found.get(kind)
        return {} if found is None else {"": SimpleNamespace(content=found)}


def store(**findings):
    return SimpleNamespace(explanations=Notes(findings))


@pytest.fixture
def model():
    return Adding({"crashes": 0.2, "twice": 0.15})


def test_a_stored_comment_is_explained_once_and_its_text_is_not_kept(model):
    kept = store()
    asked = (7, TEXT, "bug", OCCLUSION)
    first = attribution(kept, RUN, model, *asked)
    calls = len(model.calls)
    assert attribution(kept, RUN, model, *asked) == first
    assert len(model.calls) == calls
    assert first.spans[1] == Span(3, 10, pytest.approx(0.2))
    (content,) = kept.explanations.kept.values()
    assert set(content) == {"spans", "label", "method", "unit", "probability", "against", "completeness"}
    assert "crashes" not in str(kept.explanations.kept)


def test_other_words_another_label_or_phrases_are_other_questions(model):
    kept = store()
    attribution(kept, RUN, model, 7, TEXT, "bug", OCCLUSION)
    assert attribution(kept, RUN, model, 7, "twice", "bug", OCCLUSION).spans[0].weight == pytest.approx(0.15)
    against = attribution(kept, RUN, model, 7, TEXT, "bug", OCCLUSION, "praise")
    assert (against.against, against.spans[1].weight) == ("praise", pytest.approx(0.4))
    joined = attribution(kept, RUN, model, 7, TEXT, "bug", OCCLUSION, joined=True)
    assert [(span.start, span.end) for span in joined.spans] == [(0, 2), (3, 16), (17, 18)]
    assert joined.spans[1].weight == pytest.approx(0.35)
    assert len(kept.explanations.kept) == 4


def test_a_pasted_comment_leaves_no_trace(model):
    kept = store()
    assert attribution(kept, RUN, model, None, TEXT, "bug", OCCLUSION).text == TEXT
    assert kept.explanations.kept == {}


def test_what_cannot_be_read_any_more_is_worked_out_anew(model):
    kept = store()
    asked = (7, TEXT, "bug", OCCLUSION)
    first = attribution(kept, RUN, model, *asked)
    (key,) = kept.explanations.kept
    kept.explanations.kept[key] = {"spans": [[0, 99, 0.1, ""]]}
    assert attribution(kept, RUN, model, *asked) == first
    assert kept.explanations.kept[key]["label"] == "bug"


@pytest.mark.parametrize(
    ("headline", "leads"), [("shapley", "shapley"), ("rollout of moons", OCCLUSION), (None, OCCLUSION)]
)
def test_the_method_that_leads_is_one_that_the_model_has(model, headline, leads):
    found = store(faithfulness={"headline": headline}) if headline else store()
    assert attributions.leading(found, RUN, model) == leads
    assert attributions.first_method(model, TEXT, None, leads) == leads


def test_a_picture_is_weak_only_when_the_test_says_so():
    assert attributions.is_weak(store(trust={"badge": "weak"}), RUN)
    assert not attributions.is_weak(store(trust={"badge": "tested"}), RUN)
    assert not attributions.is_weak(store(), RUN)
