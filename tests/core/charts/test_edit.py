from core.charts.edit import before_after


def test_the_labels_that_are_likeliest_before_or_now():
    before = {"a": 0.7, "b": 0.2, "<b>c</b>": 0.06, "d": 0.04}
    after = {"a": 0.1, "b": 0.1, "<b>c</b>": 0.05, "d": 0.75}
    figure = before_after(before, after, top=3)
    was, now = figure.data
    assert [label for (label,) in was.customdata] == ["a", "b", "d"]
    assert list(was.x) == [0.7, 0.2, 0.04] and list(now.x) == [0.1, 0.1, 0.75]
    assert list(now.text) == ["10%", "10%", "75%"]
    (hostile,) = before_after({"<b>c</b>": 1.0}, {"<b>c</b>": 1.0}).layout.yaxis.ticktext
    assert hostile == "&lt;b&gt;c&lt;/b&gt;"
