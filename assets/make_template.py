"""Builds report_template.pptx: `python assets/make_template.py` from the root of the repository."""

import sys
from copy import deepcopy
from datetime import datetime
from pathlib import Path

from lxml import etree
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE, PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.charts.theme import ACCENT, CATEGORIES, LIGHT, SKY, SLIDE_FONT  # noqa: E402

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
LEFT, INNER = Inches(0.75), Inches(11.83)


def colour(hex_value: str) -> RGBColor:
    return RGBColor.from_string(hex_value.lstrip("#"))


def bar(shapes, box: tuple[Emu, ...], fill: str):
    """A filled rectangle without outline, behind the placeholders."""
    tree = shapes._spTree  # layouts offer no add_shape: a slide's shape is built, then moved
    slide = bar.scratch.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box)
    slide.fill.solid()
    slide.fill.fore_color.rgb = colour(fill)
    slide.line.fill.background()
    slide.shadow.inherit = False
    element = deepcopy(slide._element)
    slide._element.getparent().remove(slide._element)
    style = element.find(qn("p:style"))
    if style is not None:
        element.remove(style)
    element.find(f"{qn('p:nvSpPr')}/{qn('p:cNvPr')}").set("id", str(shapes._next_shape_id))
    tree.insert(2, element)


def set_theme(deck) -> None:
    """Our colours and font as the theme of the deck, so that charts and new slides take them."""
    part = next(
        rel.target_part for rel in deck.slide_master.part.rels.values() if rel.reltype.endswith("/theme")
    )
    root = etree.fromstring(part.blob)
    space = {"a": "http://schemas.openxmlformats.org/drawingml/2006/main"}
    root.set("name", "Roadlens")
    scheme = root.find(".//a:clrScheme", space)
    scheme.set("name", "Roadlens")
    values = [LIGHT.text, LIGHT.background, LIGHT.muted, LIGHT.panel, *CATEGORIES[:6], ACCENT, LIGHT.muted]
    for slot, value in zip(scheme, values, strict=True):
        for child in list(slot):
            slot.remove(child)
        etree.SubElement(slot, qn("a:srgbClr")).set("val", value.lstrip("#"))
    for font in root.iterfind(".//a:fontScheme/*/a:latin", space):
        font.set("typeface", SLIDE_FONT)
    part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def drop_layouts(deck, keep: dict[str, str]) -> None:
    for layout in list(deck.slide_layouts):
        if layout.name in keep:
            layout.name = keep[layout.name]
        else:
            deck.slide_layouts.remove(layout)


def place(shape, left, top, width, height) -> None:
    shape.left, shape.top, shape.width, shape.height = left, top, width, height


def style_text(shape, size: float, hex_value: str, *, bold: bool = False, align=PP_ALIGN.LEFT) -> None:
    """Sizes in the first list level of a placeholder; slides inherit them."""
    frame = shape.text_frame
    frame.word_wrap = True
    body = frame._txBody
    levels = body.find(qn("a:lstStyle"))
    for child in list(levels):
        levels.remove(child)
    level = etree.SubElement(levels, qn("a:lvl1pPr"))
    level.set("marL", "0")
    level.set("indent", "0")
    level.set("algn", {PP_ALIGN.LEFT: "l", PP_ALIGN.RIGHT: "r"}[align])
    etree.SubElement(level, qn("a:buNone"))
    run = etree.SubElement(level, qn("a:defRPr"))
    run.set("sz", str(int(size * 100)))
    run.set("b", "1" if bold else "0")
    fill = etree.SubElement(etree.SubElement(run, qn("a:solidFill")), qn("a:srgbClr"))
    fill.set("val", hex_value.lstrip("#"))


def dress(holder, kinds: dict) -> None:
    """Place and style the placeholders of a master or layout; the others are removed."""
    for shape in list(holder.placeholders):
        kind = shape.placeholder_format.type
        if kind not in kinds:
            shape._element.getparent().remove(shape._element)
            continue
        box, size, hex_value, bold, align, anchor = kinds[kind]
        place(shape, *box)
        style_text(shape, size, hex_value, bold=bold, align=align)
        shape.text_frame.vertical_anchor = anchor


def main() -> None:
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    set_theme(deck)
    drop_layouts(deck, {"Title Slide": "Title", "Title Only": "Content"})
    bar.scratch = deck.slides.add_slide(deck.slide_layouts[1])
    title_layout, content = deck.slide_layouts
    small = {
        PP_PLACEHOLDER.FOOTER: (
            (LEFT, Inches(7.02), Inches(10.5), Inches(0.3)),
            10, LIGHT.muted, False, PP_ALIGN.LEFT, MSO_ANCHOR.MIDDLE,
        ),
        PP_PLACEHOLDER.SLIDE_NUMBER: (
            (Inches(11.58), Inches(7.02), Inches(1.0), Inches(0.3)),
            10, LIGHT.muted, False, PP_ALIGN.RIGHT, MSO_ANCHOR.MIDDLE,
        ),
    }  # fmt: skip
    heading = (
        (LEFT, Inches(0.5), INNER, Inches(1.0)),
        26, LIGHT.text, True, PP_ALIGN.LEFT, MSO_ANCHOR.MIDDLE,
    )  # fmt: skip
    body = ((LEFT, Inches(1.7), INNER, Inches(5.0)), 18, LIGHT.text, False, PP_ALIGN.LEFT, MSO_ANCHOR.TOP)
    dress(deck.slide_master, {PP_PLACEHOLDER.TITLE: heading, PP_PLACEHOLDER.BODY: body, **small})
    dress(content, {PP_PLACEHOLDER.TITLE: heading, **small})
    bar(content.shapes, (Emu(0), Inches(0.62), Inches(0.16), Inches(0.76)), ACCENT)
    bar(content.shapes, (LEFT + Inches(0.1), Inches(6.98), INNER - Inches(0.2), Pt(0.75)), LIGHT.line)
    big = (
        (Inches(1.1), Inches(2.0), Inches(10.8), Inches(1.9)),
        44, LIGHT.background, True, PP_ALIGN.LEFT, MSO_ANCHOR.BOTTOM,
    )  # fmt: skip
    sub = (
        (Inches(1.1), Inches(4.25), Inches(10.8), Inches(1.1)),
        20, LIGHT.line, False, PP_ALIGN.LEFT, MSO_ANCHOR.TOP,
    )  # fmt: skip
    foot = {
        PP_PLACEHOLDER.FOOTER: (
            (Inches(1.1), Inches(6.75), Inches(10.8), Inches(0.3)),
            11, LIGHT.line, False, PP_ALIGN.LEFT, MSO_ANCHOR.MIDDLE,
        )
    }  # fmt: skip
    dress(title_layout, {PP_PLACEHOLDER.CENTER_TITLE: big, PP_PLACEHOLDER.SUBTITLE: sub, **foot})
    bar(title_layout.shapes, (Inches(1.2), Inches(4.05), Inches(1.6), Pt(5)), SKY)
    bar(title_layout.shapes, (Emu(0), Emu(0), Inches(0.36), HEIGHT), ACCENT)
    bar(title_layout.shapes, (Emu(0), Emu(0), WIDTH, HEIGHT), LIGHT.text)
    slides = deck.slides._sldIdLst
    deck.part.drop_rel(slides[0].rId)
    slides.remove(slides[0])
    deck.core_properties.author = "Roadlens"
    deck.core_properties.title = "Roadlens report"
    deck.core_properties.created = deck.core_properties.modified = datetime(2000, 1, 1)
    deck.save(ROOT / "assets" / "report_template.pptx")


if __name__ == "__main__":
    main()
