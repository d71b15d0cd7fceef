"""A sheet as one HTML file: its own style, charts as SVG, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from portfolios.tearsheet.sheet import MONTHS, Sheet, Table
from portfolios.tearsheet.svg import svg


def html(sheet: Sheet) -> str:
    """The whole document; everything but our own SVG is escaped by the template."""
    charts = [(chart, mark_safe(svg(chart.drawing))) for chart in sheet.charts]
    tables = [
        (table, [_aligned(row, table) for row in table.rows], _aligned(table.columns, table)) for table in sheet.tables
    ]
    context = {"sheet": sheet, "charts": charts, "tables": tables, "months": MONTHS}
    return render_to_string("portfolios/tear_sheet.html", context)


def _aligned(row: Sequence[str], table: Table) -> list[tuple[str, str]]:
    return list(zip(row, table.align, strict=True))
