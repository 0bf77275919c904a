"""Figures inside a page of our own: the script once, each figure as data."""

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs


def plotly_script() -> str:
    """plotly.js, minified; the closing tag of a script never occurs inside."""
    return get_plotlyjs().replace("</script", "<\\/script")


def figure_json(figure: go.Figure) -> str:
    """The figure as JSON that can stand inside a script element: no character of markup is left."""
    text = figure.to_json()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
