from dataclasses import replace

import numpy as np
import pytest

from core.domain import Insights, Quote, TrainingOptions
from core.insights.codec import to_json
from core.store.database import transaction
from core.store.erasing import erase_rows
from core.workflow import reports, runs
from core.workflow.task import Task
from core.workflow.train_job import train


class Slow:
    """Sure of "speed" where the text says slow."""

    labels = ("price", "speed")
    max_tokens = 20

    def __init__(self):
        self.asked = 0

    def probabilities(self, texts, on_batch=None):
        self.asked += len(texts)
        sure = np.array([0.9 if "slow" in text else 0.3 for text in texts])
        return np.stack([1 - sure, sure], axis=1)

    def tokens(self, text):
        return ()

    def unknown_tokens(self, text):
        return []


def found(*quotes) -> Insights:
    return Insights(7, "d", "topic", 9, 4, "", "", "", "", (), (), (), quotes, ())


@pytest.fixture
def whole(monkeypatch):
    """The text as the model reads it: all of it."""
    from core.domain import Span
    from core.explain import occlusion
    from core.explain.reading import Reading
    from core.explain.words import units

    def read(model, text):
        return Reading(tuple(Span(*place, 0.0) for place in units(text)), text)

    monkeypatch.setattr(occlusion, "read", read)


def test_quotes_of_known_themes_get_the_points_of_their_words(whole):
    some = found(
        Quote(1, "it is slow", "speed", 0.9, ""),
        Quote(2, "what a price", "2 rare labels", 0.9, ""),
        *(Quote(n, "slow", "price", 0.9, "") for n in range(3, 9)),
    )
    quotes = reports.with_highlights(some, Slow()).quotes
    assert [span.weight for span in quotes[0].spans] == [0.0, 0.0, 0.6]
    assert quotes[1].spans == ()
    assert [bool(quote.spans) for quote in quotes[2:]] == [True] * 4 + [False] * 2, (
        "as many as a report shows"
    )
    assert [replace(quote, spans=()) for quote in quotes] == list(some.quotes)


def test_long_quotes_do_not_take_for_ever(whole, monkeypatch):
    monkeypatch.setattr(reports, "WORDS_READ", 120)
    some = found(*(Quote(n, "slow " * size, "speed", 0.9, "") for n, size in enumerate((10, 9, 4))))
    assert [bool(quote.spans) for quote in reports.with_highlights(some, Slow()).quotes] == [
        True,
        False,
        True,
    ]


@pytest.fixture
def trained(store, settings, keep, made_up):
    run, _ = runs.start_training(store, settings, *keep(made_up(80)), TrainingOptions(mode="tfidf"))
    return train(store, settings, run.id, Task())


def test_frozen_with_its_model_and_rebuilt_the_same(store, settings, trained):
    model = reports.model_of(store, settings, trained.id)
    before = reports.freeze(store, trained.id, model=model)
    assert reports.highlighted(before) and any(span.weight for quote in before.quotes for span in quote.spans)
    assert reports.freeze(store, trained.id) == before, "read back, whatever is passed"
    page = reports.build(store, trained.id, "html")
    assert b"<mark" in page and page == reports.build(store, trained.id, "html")
    reports.freeze(store, trained.id, anew=True, model=model)
    assert len(store.reports.list(trained.id)) == 1, "the same rows and model say the same"


def test_without_a_model_it_stays_plain_until_somebody_asks(store, settings, trained):
    plain = reports.freeze(store, trained.id)
    assert not reports.highlighted(plain)
    assert b"not highlighted" in reports.build(store, trained.id, "html")
    reports.highlight(store, trained.id, reports.model_of(store, settings, trained.id))
    after = reports.freeze(store, trained.id)
    assert reports.highlighted(after)
    bare = replace(after, quotes=tuple(replace(quote, spans=()) for quote in after.quotes))
    assert to_json(bare) == to_json(plain), "all numbers stay"


def test_a_model_that_cannot_be_loaded_is_none(store, settings, trained):
    (settings.runs_dir / trained.checkpoint / "manifest.json").unlink()
    assert reports.model_of(store, settings, trained.id) is None
    assert reports.freeze(store, trained.id, model=None).quotes


def test_a_forgotten_comment_takes_its_words_along(store, settings, trained):
    model = reports.model_of(store, settings, trained.id)
    gone = reports.freeze(store, trained.id, model=model).quotes[0]
    with transaction(store.engine) as connection:
        erased = erase_rows(connection, [gone.id], "forgotten")
    assert gone.text in erased.texts
    content = store.reports.latest(trained.id).content
    assert f'"id":{gone.id},' not in content
    left = reports.freeze(store, trained.id).quotes
    assert gone.id not in [quote.id for quote in left] and any(quote.spans for quote in left)
