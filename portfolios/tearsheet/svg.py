"""A drawing as SVG text, to stand inside a page. Plain Python."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from portfolios.tearsheet.shapes import Drawing, Line, Words


def svg(drawing: Drawing) -> str:
    """One <svg> element; it scales with its column and says in words what it shows."""
    body = "".join(_line(shape) if isinstance(shape, Line) else _words(shape) for shape in drawing.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" '
        f"aria-label={quoteattr(drawing.summary)}>{body}</svg>"
    )


def _line(line: Line) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
    if line.fill:
        return f'<polygon points="{points}" fill="{line.colour}"/>'
    dash = ' stroke-dasharray="5 3"' if line.dashed else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="{line.width:g}" '
        f'stroke-linejoin="round"{dash}/>'
    )


def _words(words: Words) -> str:
    weight = ' font-weight="600"' if words.bold else ""
    return (
        f'<text x="{words.x:.1f}" y="{words.y:.1f}" font-size="{words.size:g}" fill="{words.colour}" '
        f'text-anchor="{words.anchor}"{weight}>{escape(words.text)}</text>'
    )
