"""The template in the repository is the one its script makes."""

from lxml import etree
from pptx import Presentation

from core.charts.theme import CATEGORIES, LIGHT, SLIDE_FONT
from core.reports.deck import TEMPLATE


def test_template_has_our_layouts_colours_and_font():
    deck = Presentation(str(TEMPLATE))
    assert [layout.name for layout in deck.slide_layouts] == ["Title", "Content"]
    assert len(deck.slides) == 0
    part = next(r.target_part for r in deck.slide_master.part.rels.values() if r.reltype.endswith("/theme"))
    root = etree.fromstring(part.blob)
    space = {"a": "http://schemas.openxmlformats.org/drawingml/2006/main"}
    colours = [f"#{node.get('val')}" for node in root.iterfind(".//a:clrScheme/*/a:srgbClr", space)]
    assert colours[0] == LIGHT.text and colours[4:10] == list(CATEGORIES[:6])
    assert {f.get("typeface") for f in root.iterfind(".//a:fontScheme/*/a:latin", space)} == {SLIDE_FONT}
