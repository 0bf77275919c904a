"""Whether new comments are still alike is told as long as it is so."""

import pytest

from core.domain import GateRule
from core.workflow import feedback, promotion
from core.workflow.drifting import Drift
from pages.parts import resources, run_results
from tests.pages.trained import COLUMNS, add_dataset, comments, texts, train_now

AGAIN = "Train again with the new comments"


@pytest.mark.parametrize("labelled", [0, 12])
def test_a_run_that_learned_nothing_of_the_new_comments_says_so_too(open_page, monkeypatch, labelled):
    """Nothing came after it: what is new came after an earlier run on the same labels."""
    found = Drift("Many new comments are in Chinese. Label some of them.", (), True, 150, labelled, 0)
    monkeypatch.setattr(run_results, "drift", lambda run, unread: found)
    train_now(add_dataset())
    app = open_page("train")
    assert "Many new comments are in Chinese. Label some of them." in texts(app)
    links = [link.label for link in app.get("page_link")]
    assert (AGAIN in links) == bool(labelled), "without a label the same model would come of it"


def test_where_nothing_is_new_nothing_is_said(open_page):
    train_now(add_dataset())
    said = texts(open_page("train"))
    assert "new comments" not in said


def with_unlabelled():
    more = "".join(f"\nslow page again {number},,2026-01-10,person 1,free" for number in range(5))
    data = comments(180) + more.encode()
    done = feedback.import_bytes(resources.store(), resources.settings(), data, "c.csv", COLUMNS, "Comments")
    return resources.store().datasets.get(done.dataset_id)


@pytest.mark.parametrize("page", ["insights", "report"])
def test_numbers_of_a_model_that_is_not_good_enough_say_so_until_it_is_put_to_work(open_page, page):
    run, store = train_now(with_unlabelled()), resources.store()
    words = f"Run {run.id} is not promoted, and it does not reach what was asked of it"
    promotion.set_rule(store, run.label_set_id, GateRule(0.0, 0.0, 1.0))
    assert words not in texts(open_page(page)), "good enough"
    promotion.set_rule(store, run.label_set_id, GateRule(1.0, 1.0, 0.0))
    assert words in texts(open_page(page))
    promotion.promote(store, resources.settings(), run.id, anyway=True)
    assert words not in texts(open_page(page))


def test_where_people_labelled_every_comment_no_model_is_blamed(open_page):
    run = train_now(add_dataset())
    promotion.set_rule(resources.store(), run.label_set_id, GateRule(1.0, 1.0, 0.0))
    assert "is not promoted" not in texts(open_page("insights"))
