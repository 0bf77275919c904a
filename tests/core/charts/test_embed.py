import json

import plotly.graph_objects as go

from core.charts.embed import figure_json, plotly_script


def test_json_holds_no_markup_and_reads_back_the_same():
    name = "</script><script>alert(1)</script>&\u2028"
    text = figure_json(go.Figure(go.Scatter(x=[1], y=[2], name=name)))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["data"][0]["name"] == name


def test_script_cannot_be_ended_from_inside():
    assert "</script" not in plotly_script().lower()
