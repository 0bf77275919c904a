"""Slides on our own 16:9 template: how they are opened, written on and saved."""

import io
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.util import Pt

from core.charts.theme import AGAINST, FOR, LIGHT
from core.reports.marked import Run
from core.reports.native import Box, rgb
from core.reports.safe import shorten

TEMPLATE = Path(__file__).resolve().parents[2] / "assets" / "report_template.pptx"
TITLE, CONTENT = 0, 1
BODY = Box(0.75, 1.7, 11.83, 4.75)
NOTE = Box(0.75, 6.5, 11.83, 0.42)
HEADING_WIDTH = 150
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def open_deck(title: str, created: datetime):
    deck = Presentation(str(TEMPLATE))
    core = deck.core_properties
    core.title, core.author = shorten(title, 200), "Roadlens"
    core.created = core.modified = created.replace(tzinfo=None)
    return deck


def saved(deck) -> bytes:
    """The file; the same slides give the same bytes: python-pptx stamps the time on each part of the zip."""
    written, file = io.BytesIO(), io.BytesIO()
    deck.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return file.getvalue()


def add_slide(deck, layout: int, heading: str, footer: str, notes: Sequence[str]):
    """A slide with heading, footer, number and speaker notes."""
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    slide.shapes.title.text = shorten(heading, HEADING_WIDTH)
    for shape in slide.slide_layout.placeholders:
        if shape.placeholder_format.type in (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER):
            copy = deepcopy(shape._element)
            copy.nvSpPr.cNvPr.set("id", str(slide.shapes._next_shape_id))
            slide.shapes._spTree.append(copy)
    for shape in slide.placeholders:
        if shape.placeholder_format.type == PP_PLACEHOLDER.FOOTER:
            shape.text_frame.text = shorten(footer, 130)
    lines = [shorten(line, 600) for note in notes for line in note.split("\n")]
    slide.notes_slide.notes_text_frame.text = "\n".join(line for line in lines if line)
    return slide


def text_frame(slide, box: Box, anchor=MSO_ANCHOR.TOP):
    frame = slide.shapes.add_textbox(*box.emu).text_frame
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.vertical_anchor = anchor
    return frame


def say(frame, text: str, size: float, hex_value: str, *, bold: bool = False, after: float = 0) -> None:
    """One paragraph; the text goes in as a run, so it stays text."""
    _written(_paragraph(frame, after), text, size, hex_value).bold = bold


def say_runs(frame, parts: Sequence[Run], size: float, *, after: float = 0) -> None:
    """One paragraph, each run in its colour."""
    write_runs(_paragraph(frame, after), parts, size)


def write_runs(paragraph, parts: Sequence[Run], size: float) -> None:
    """Coloured ground and a line of the same colour, solid for and dashed against: also told apart in
    grey, and where a program draws no coloured ground."""
    for part in parts:
        if part.text:
            font = _written(paragraph, part.text, size, LIGHT.muted if part.mark else LIGHT.text)
            if part.shade:
                _colour(font._element, part.shade)


def note(slide, lines: Sequence[str]) -> None:
    text = " ".join(line for line in lines if line)
    say(text_frame(slide, NOTE, MSO_ANCHOR.BOTTOM), shorten(text, 210), 11, LIGHT.muted)


def _paragraph(frame, after: float):
    first = frame.paragraphs[0]
    paragraph = first if not first.runs else frame.add_paragraph()
    paragraph.space_after = Pt(after)
    return paragraph


def _written(paragraph, text: str, size: float, hex_value: str):
    """The font of a new run."""
    run = paragraph.add_run()
    run.text = text
    if "\r" in text:  # python-pptx would spell it out as _x000D_
        run._r.t.text = text
    run.font.size = Pt(size)
    run.font.color.rgb = rgb(hex_value)
    return run.font


def _colour(properties, shade: float) -> None:
    """The order of these elements is fixed: fill of the letters, ground, line, font."""
    side = FOR if shade > 0 else AGAINST
    properties.set("u", "sng" if shade > 0 else "dash")
    ground = parse_xml(f'<a:highlight {nsdecls("a")}><a:srgbClr val="{_tint(side, shade)}"/></a:highlight>')
    line = parse_xml(
        f'<a:uFill {nsdecls("a")}><a:solidFill><a:srgbClr val="{side[1:]}"/></a:solidFill></a:uFill>'
    )
    properties.find("{*}solidFill").addnext(ground)
    ground.addnext(line)


def _tint(colour: str, shade: float) -> str:
    """The colour over white, as strong as in the page: a tenth to a half."""
    share = 0.1 + 0.4 * min(1.0, abs(shade))
    parts = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "".join(f"{round(255 + (part - 255) * share):02X}" for part in parts)
