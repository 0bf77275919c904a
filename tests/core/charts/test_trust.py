import pytest

from core.charts import trust

FIGURES = {
    "comprehensiveness": 0.31,
    "comprehensiveness of random words": 0.05,
    "sufficiency": -0.02,
    "sufficiency of random words": 0.4,
}


def test_the_named_words_stand_beside_random_ones():
    figure = trust.falls(FIGURES)
    ours, chance = figure.data
    assert list(ours.x) == pytest.approx([31, -2]) and list(chance.x) == pytest.approx([5, 40])
    assert list(ours.text) == ["31", "-2"] and (ours.name, chance.name) == ("words it names", "random words")
    low, high = figure.layout.xaxis.range
    assert low < -2 and high > 40
    assert [row[0] for row in ours.customdata] == [trust.WITHOUT, trust.ALONE]


def test_no_fall_at_all_can_be_drawn():
    figure = trust.falls(dict.fromkeys(FIGURES, 0.0))
    assert figure.layout.xaxis.range[1] == 5.0 and figure.layout.xaxis.range[0] == 0.0
