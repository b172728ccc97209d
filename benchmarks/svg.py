"""Write diagrams as SVG. All lengths are in pixels, and colours are those of CSS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr


def wrap(shapes: Iterable[str], width: float, height: float) -> str:
    """Make a file of shapes, on a white ground, so that it can be read on a dark page, too."""
    size = f'width="{_format(width)}" height="{_format(height)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, rect(0, 0, width, height, "white"), *shapes, "</svg>", ""])


def rect(left: float, top: float, width: float, height: float, fill: str) -> str:
    """Draw a filled rectangle."""
    place = f'x="{_format(left)}" y="{_format(top)}" width="{_format(width)}" height="{_format(height)}"'
    return f'<rect {place} fill="{fill}"/>'


def line(begin: tuple[float, float], end: tuple[float, float], stroke: str, *, dashed: bool = False) -> str:
    """Draw a straight line."""
    (x1, y1), (x2, y2) = begin, end
    ends = f'x1="{_format(x1)}" x2="{_format(x2)}" y1="{_format(y1)}" y2="{_format(y2)}"'
    return f'<line {ends} stroke="{stroke}"{" stroke-dasharray=" + quoteattr("4") if dashed else ""}/>'


def curve(points: Sequence[tuple[float, float]], stroke: str) -> str:
    """Draw a line through points; a single point is a dot."""
    if len(points) == 1:
        ((x, y),) = points
        return f'<circle cx="{_format(x)}" cy="{_format(y)}" r="1.5" fill="{stroke}"/>'
    path = " ".join(f"{_format(x)},{_format(y)}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="1.5"/>'


def text(left: float, top: float, words: str, *, anchor: str = "start", size: int | None = None) -> str:
    """Write words, whose baseline is at `top`.

    Args:
        left: Where they begin, or end, or have their middle, as the anchor says.
        top: Where they stand.
        words: What is written.
        anchor: `start`, `middle` or `end`.
        size: The size of the font; None: that of the whole diagram.
    """
    more = "" if anchor == "start" else f' text-anchor="{anchor}"'
    more += "" if size is None else f' font-size="{size}"'
    return f'<text x="{_format(left)}" y="{_format(top)}"{more}>{escape(words)}</text>'


def _format(length: float) -> str:
    return f"{length:.1f}".removesuffix(".0")
