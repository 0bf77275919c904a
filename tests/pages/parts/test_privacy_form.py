"""Lines of `kind = pattern` as answers."""

import pytest

from pages.parts.privacy_form import _read


def test_country_names_and_patterns_become_answers():
    found = _read("DE", True, "customer = CUST-\\d{6}\n\n ticket=T=\\d+ \n")
    assert found.wrong == ()
    assert found.answers == {
        "region": "DE",
        "handles": "keep",
        "pattern:customer": "CUST-\\d{6}",
        "pattern:ticket": "T=\\d+",
    }


def test_two_patterns_of_one_kind_are_both_looked_for():
    found = _read("US", False, "id = A\\d\nid = B\\d")
    assert found.answers == {"region": "US", "handles": "mask", "pattern:id": "(?:A\\d)|(?:B\\d)"}


@pytest.mark.parametrize("line", ["CUST-1", "= x", "kind =", "<b> = x", "1a = x", "a" * 31 + " = x"])
def test_a_line_of_another_form_is_named(line):
    (sentence,) = _read("US", False, line).wrong
    assert line[:30].strip() in sentence


@pytest.mark.parametrize("region", ["", "U", "12"])
def test_a_country_has_two_letters(region):
    assert len(_read(region, False, "").wrong) == 1
