"""A sheet as a PDF of A4 pages, with reportlab. Import this module where a PDF is asked for: it weighs 10 MB."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as Grid

from portfolios.tearsheet.shapes import Drawing, Line
from portfolios.tearsheet.sheet import MONTHS, Card, Heat, Sheet, Table

INK, SOFT, RULE = HexColor("#111827"), HexColor("#4b5563"), HexColor("#e5e7eb")
TONES = {"good": HexColor("#166534"), "bad": HexColor("#991b1b"), "plain": INK}
GAINS = ["#ecfdf5", "#d1fae5", "#a7f3d0", "#6ee7b7"]
LOSSES = ["#fef2f2", "#fee2e2", "#fecaca", "#fca5a5"]
MARGIN = 16 * mm
PADDING = 6  # what reportlab's frames keep free at each side
WHOLE = 14  # tables of at most so many rows are not torn apart
WIDTH = A4[0] - 2 * MARGIN

PLAIN = ParagraphStyle("plain", fontName="Helvetica", fontSize=8.5, leading=11, textColor=INK)
RIGHT = ParagraphStyle("right", parent=PLAIN, alignment=TA_RIGHT)
PROSE = ParagraphStyle("prose", parent=PLAIN, fontSize=7.5, leading=9.5, textColor=SOFT)
HEAD = ParagraphStyle("head", parent=PROSE, fontName="Helvetica-Bold")
HEAD_RIGHT = ParagraphStyle("head right", parent=HEAD, alignment=TA_RIGHT)
TITLE = ParagraphStyle("title", parent=PLAIN, fontName="Helvetica-Bold", fontSize=18, leading=22)
SPAN = ParagraphStyle("span", parent=PLAIN, fontSize=10.5, leading=14)
SECTION = ParagraphStyle("section", parent=PLAIN, fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=12)
BIG = ParagraphStyle("big", parent=PLAIN, fontName="Helvetica-Bold", fontSize=13, leading=16)
STYLES = {"l": PLAIN, "r": RIGHT, "x": PROSE}
HEADS = {"l": HEAD, "r": HEAD_RIGHT, "x": HEAD}


def pdf(sheet: Sheet) -> bytes:
    """The document. Letters that Helvetica does not have become question marks."""
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN - PADDING,
        rightMargin=MARGIN - PADDING,
        topMargin=14 * mm,
        bottomMargin=16 * mm,
        title=f"{_latin(sheet.title)} - tear sheet",
        author="Puffling",
        creator="Puffling",
        invariant=True,  # the same sheet gives the same bytes
    )

    def footer(canvas: Canvas, _: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 9 * mm, _latin(f"{sheet.title[:60]} · {sheet.subtitle}"))
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    document.build(_story(sheet), onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _story(sheet: Sheet) -> list[Flowable]:
    story: list[Flowable] = [
        _text("TEAR SHEET", HEAD),
        _text(sheet.title, TITLE),
        _text(sheet.subtitle, SPAN),
        _text(" · ".join(sheet.facts), PROSE),
        Spacer(0, 8),
        _cards(sheet.cards),
    ]
    for chart in sheet.charts:
        story.append(KeepTogether([_text(chart.title, SECTION), _text(chart.caption, PROSE), _Chart(chart.drawing)]))
    if sheet.heat is not None:
        story.append(KeepTogether(_heat(sheet.heat)))
    for table in sheet.tables:
        block: list[Flowable] = [_text(table.title, SECTION)]
        block += [_text(table.caption, PROSE)] if table.caption else []
        block += [Spacer(0, 3), _grid(table)]
        story += [KeepTogether(block)] if len(table.rows) <= WHOLE else [CondPageBreak(90), *block]
    story += [Spacer(0, 14), *(_text(note, PROSE) for note in sheet.notes)]
    return story


def _cards(cards: Sequence[Card]) -> Grid:
    cells = [
        [
            _text(card.label, PROSE),
            _text(card.value, ParagraphStyle("value", parent=BIG, textColor=TONES[card.tone])),
            _text(card.note, PROSE),
        ]
        for card in cards
    ]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    grid = Grid(rows, colWidths=[WIDTH / 3] * 3)
    grid.setStyle([("BOX", (0, 0), (-1, -1), 0.6, RULE), ("INNERGRID", (0, 0), (-1, -1), 0.6, RULE)])
    return grid


def _grid(table: Table) -> Grid:
    head = [[_text(name, HEADS[kind]) for name, kind in zip(table.columns, table.align, strict=True)]]
    rows = head if table.headed else []
    rows += [[_text(text, STYLES[kind]) for text, kind in zip(row, table.align, strict=True)] for row in table.rows]
    grid = Grid(rows, colWidths=_widths(table.align), repeatRows=1 if table.headed else 0)
    grid.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
            ("LINEBELOW" if table.headed else "LINEABOVE", (0, 0), (-1, 0), 0.8, SOFT),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ]
    )
    return grid


def _widths(align: str) -> list[float]:
    """Prose takes two shares and a half, the first column one and a half, the others one."""
    shares = [2.5 if kind == "x" else 1.5 if column == 0 else 1.0 for column, kind in enumerate(align)]
    return [WIDTH * share / sum(shares) for share in shares]


def _heat(heat: Heat) -> list[Flowable]:
    rows = [[_text(name, HEAD if not column else HEAD_RIGHT) for column, name in enumerate(("", *MONTHS, "Year"))]]
    style: list[tuple[Any, ...]] = [
        ("INNERGRID", (0, 0), (-1, -1), 0.8, white),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    small = ParagraphStyle("small", parent=RIGHT, fontSize=7.5, leading=9.5)
    for number, (year, months, whole) in enumerate(heat.rows, start=1):
        cells = [*months, whole]
        rows.append([_text(str(year), PLAIN), *(_text(cell.text, small) for cell in cells)])
        for column, cell in enumerate(cells, start=1):
            if cell.shade:
                colour = (GAINS if cell.shade > 0 else LOSSES)[abs(cell.shade) - 1]
                style.append(("BACKGROUND", (column, number), (column, number), HexColor(colour)))
    grid = Grid(rows, colWidths=[WIDTH * 0.065] + [WIDTH * 0.071] * 12 + [WIDTH * 0.083])
    grid.setStyle(style)
    caption = _text("Time-weighted return of each month and year, in percent.", PROSE)
    return [_text("Months", SECTION), caption, Spacer(0, 3), grid]


class _Chart(Flowable):
    """A drawing as wide as the page's column."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing = drawing
        self.scale = WIDTH / drawing.width
        self.width, self.height = WIDTH, drawing.height * self.scale

    def draw(self) -> None:
        canvas = self.canv
        canvas.scale(self.scale, -self.scale)
        canvas.translate(0, -self.drawing.height)
        for shape in self.drawing.shapes:
            if isinstance(shape, Line):
                self._line(shape)
                continue
            canvas.saveState()
            canvas.translate(shape.x, shape.y)
            canvas.scale(1, -1)  # the plane is upside down; words are not
            canvas.setFont("Helvetica-Bold" if shape.bold else "Helvetica", shape.size)
            canvas.setFillColor(HexColor(shape.colour))
            write = {"start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString}
            write[shape.anchor](0, 0, _latin(shape.text))
            canvas.restoreState()

    def _line(self, line: Line) -> None:
        path = self.canv.beginPath()
        path.moveTo(*line.points[0])
        for point in line.points[1:]:
            path.lineTo(*point)
        self.canv.setDash([5, 3] if line.dashed else [])
        self.canv.setLineJoin(1)
        self.canv.setLineWidth(line.width)
        self.canv.setStrokeColor(HexColor(line.colour))
        self.canv.setFillColor(HexColor(line.colour))
        self.canv.drawPath(path, stroke=0 if line.fill else 1, fill=1 if line.fill else 0)


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_latin(text)), style)


def _latin(text: str) -> str:
    """What the built-in Helvetica can write."""
    return text.replace("\u2212", "\u2013").encode("cp1252", "replace").decode("cp1252")
