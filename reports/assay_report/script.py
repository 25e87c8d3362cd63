"""Writes gnuplot scripts. Only numbers and this package's own words ever reach gnuplot.

Names from documents stay in HTML: where a drawing needs one, the script holds SLOT and the
escaped name takes its place in the finished SVG. Colours in a script are not colours but roles:
role n is drawn as rgb(0, 0, n), and the SVG gets the role's name as its class, so that the style
sheet decides how it looks on light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .scale import Range, Tick

ROLES = (
    "axis", "tick", "title", "grid", "now", "now-fill", "old", "old-fill", "head", "band",
    "mild", "severe", "beyond", "mark", "fence-mild", "fence-severe", "zero", "noise", "change",
    "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8",
    "guard", "margin", "tail", "pair-old", "pair-new", "early-old", "early-new",
    "ideal", "fit",
)  # fmt: skip

SLOT = "@@axis@@"
END = "e"
Points = Iterable[tuple[float, ...]]


def colour(role: str) -> str:
    """The stand-in colour of a role."""
    return f"lc rgb '#0000{ROLES.index(role) + 1:02x}'"


def text_colour(role: str) -> str:
    return f"t{colour(role)[1:]}"


def number(value: float) -> str:
    """A number as gnuplot reads it, short and exact enough for a drawing."""
    return f"{value:.9g}"


@dataclass(frozen=True)
class Margins:
    """Room around a plot, in pixels of the drawing."""

    left: float = 12
    right: float = 12
    top: float = 14
    bottom: float = 46


@dataclass
class Figure:
    """One SVG: its key, size, a text for those who cannot see it, and how to draw it."""

    key: str
    description: str
    width: int = 480
    height: int = 300
    lines: list[str] = field(default_factory=list)
    axis_name: str = ""

    def open(self) -> list[str]:
        """What precedes the lines of any figure."""
        return [
            "reset",
            f"set terminal svg size {self.width},{self.height} dynamic noenhanced font 'sans,12'",
            "unset key",
            "set errorbars 0",
            "set tics out nomirror scale 0.5",
        ]


class Panel:
    """One pair of axes in a figure. Axes and marks are set first; draw() plots and resets them."""

    def __init__(self, figure: Figure, x: Range, y: Range, margins: Margins = Margins()) -> None:
        self._figure = figure
        self._plots: list[str] = []
        self._data: list[str] = []
        self.x = x
        self.y = y
        width, height = figure.width, figure.height
        figure.lines += [
            f"set lmargin at screen {margins.left / width:.5f}",
            f"set rmargin at screen {1 - margins.right / width:.5f}",
            f"set bmargin at screen {margins.bottom / height:.5f}",
            f"set tmargin at screen {1 - margins.top / height:.5f}",
            "set border 1 " + colour("axis"),
            "unset xtics; unset ytics; unset logscale; unset arrow; unset label; unset object",
            f"set xrange [{number(x.low)}:{number(x.high)}]",
            f"set yrange [{number(y.low)}:{number(y.high)}]",
        ]

    def _set(self, line: str) -> None:
        self._figure.lines.append(line)

    def log(self, axes: str) -> None:
        """Makes "x", "y" or "xy" logarithmic."""
        self._set(f"set logscale {axes} 10")

    def x_axis(self, ticks: Sequence[Tick], title: str) -> None:
        self._set(f"set xtics nomirror scale 0.5 ({_ticks(ticks)}) {text_colour('tick')}")
        if not title:
            return
        label = f"set label '{title}' at graph 0.5, screen {10 / self._figure.height:.5f} center"
        self._set(f"{label} {text_colour('title')}")

    def y_axis(self, ticks: Sequence[Tick], title: str, offset: float = 12) -> None:
        """Ticks with faint lines across; the title stands above the axis: easier to read."""
        self._set(f"set ytics nomirror scale 0 ({_ticks(ticks)}) {text_colour('tick')}")
        self._set(f"set grid ytics back {colour('grid')}")
        at = f"screen {4 / self._figure.width:.5f}, screen {1 - offset / self._figure.height:.5f}"
        self._set(f"set label '{title}' at {at} left {text_colour('title')}")

    def heading(self, text: str) -> None:
        """A title on the left above the axes."""
        self._set(f"set label '{text}' at graph 0, graph 1.1 left {text_colour('title')}")

    def note(self, text: str, x: float, side: str) -> None:
        """A word at the top, to the "left" (it begins there) or "right" (it ends there) of x."""
        gap = "character 0.6, 0" if side == "left" else "character -0.6, 0"
        at = f"first {number(x)}, graph 0.96"
        self._set(f"set label '{text}' at {at} {side} offset {gap} {text_colour('tick')}")

    def rectangle(self, role: str, x: Range, y: Range) -> None:
        """A filled area behind the data; parts outside the axes are cut off."""
        if x.high <= self.x.low or x.low >= self.x.high:
            return
        low, high = self.x.clamp(x.low), self.x.clamp(x.high)
        self.polygon(role, [(low, y.low), (low, y.high), (high, y.high), (high, y.low)])

    def polygon(self, role: str, corners: Points) -> None:
        """A filled shape; its corners must lie inside the axes."""
        self._add(corners, "filledcurves closed", role)

    def vertical(self, role: str, x: float, y: Range) -> None:
        """A line from top to bottom, when it lies inside the axes."""
        if self.x.holds(x):
            self.line(role, [(x, y.low), (x, y.high)])

    def horizontal(self, role: str, y: float) -> None:
        if self.y.holds(y):
            self.line(role, [(self.x.low, y), (self.x.high, y)])

    def line(self, role: str, points: Points) -> None:
        self._add(points, "lines", role)

    def area(self, role: str, points: Points, base: float = 0.0) -> None:
        """The area between a curve and a horizontal line."""
        self._add(points, f"filledcurves y1={number(base)}", role)

    def dots(self, role: str, points: Points) -> None:
        self._add(points, "points pt 7 ps 1", role)

    def bars(self, role: str, points: Points) -> None:
        """Upright intervals: (x, lower, upper)."""
        spans = [(x, (low + high) / 2, low, high) for x, low, high in points]
        self._add(spans, "yerrorbars pt 0 ps 0", role)

    def _add(self, points: Points, style: str, role: str) -> None:
        rows = [" ".join(map(number, point)) for point in points]
        if rows:
            fill = " fs solid 1 noborder" if style.startswith("filled") else ""
            self._plots.append(f"'-' with {style} {colour(role)}{fill} notitle")
            self._data += [*rows, END]

    def draw(self) -> None:
        """Plots all that was added; there must be something."""
        assert self._plots
        self._figure.lines.append("plot " + ", ".join(self._plots))
        self._figure.lines += self._data


def _ticks(ticks: Sequence[Tick]) -> str:
    return ", ".join(f"'{tick.label}' {number(tick.at)}" for tick in ticks)


def whole_script(figures: Sequence[Figure]) -> str:
    """One script that draws every figure to standard output, one SVG after the other."""
    lines = ["set encoding utf8"]
    for figure in figures:
        lines += figure.open()
        lines += figure.lines
    return "\n".join(lines) + "\n"
