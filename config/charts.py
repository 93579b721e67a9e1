"""Charts as data: numbers in, geometry out. `components/chart.html` draws them as SVG.

Knows no Django. Every chart carries its numbers as a table, which is shown below the picture.
Units of the geometry are those of the drawing's view box.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 640.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 28.0
MOST_LABELS = 7

Number = float | None
Band = tuple[str, Sequence[Number], Sequence[Number]]


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place along the axis and what stands there."""

    at: float
    label: str = ""
    value: float = 0.0


@dataclass(frozen=True)
class Shape:
    """A line or an area: `path` is the `d` of an SVG path, `css` its class.

    `dots` are the points of a line that stand alone: a stroke of one point draws nothing.
    """

    path: str
    css: str
    label: str = ""
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    label: str
    value: float


@dataclass(frozen=True)
class Chart:
    title: str
    desc: str = ""
    unit: str = ""
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = WIDTH - RIGHT
    bottom: float = HEIGHT - BOTTOM
    top: float = TOP
    x_ticks: Sequence[Tick] = ()
    y_ticks: Sequence[Tick] = ()
    areas: Sequence[Shape] = ()
    lines: Sequence[Shape] = ()
    bars: Sequence[Bar] = ()
    divider: float | None = None
    columns: Sequence[str] = ()
    rows: Sequence[tuple[str, Sequence[Number]]] = field(default=())

    @property
    def legend(self) -> list[Shape]:
        return [shape for shape in (*self.lines, *self.areas) if shape.label]

    @property
    def empty(self) -> bool:
        return not any(value is not None for _label, values in self.rows for value in values)


def nice_ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that cover `low…high`, in steps of 1, 2 or 5 times a power of ten.

    >>> nice_ticks(0, 87)
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    >>> nice_ticks(-0.3, 0.3)
    [-0.4, -0.2, 0.0, 0.2, 0.4]

    Source: Heckbert, "Nice numbers for graph labels", Graphics Gems (1990).
    """
    if high <= low:
        high = low + 1.0
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(k * step, digits) + 0.0 for k in range(first, last + 1)]


@dataclass(frozen=True)
class Frame:
    """Where numbers fall: `slots` equal places along x, `low…high` along y."""

    slots: int
    low: float
    high: float

    def x(self, index: float) -> float:
        share = index / (self.slots - 1) if self.slots > 1 else 0.5
        return round(LEFT + (WIDTH - LEFT - RIGHT) * share, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def line_chart(
    title: str,
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Number]]],
    *,
    desc: str = "",
    unit: str = "",
) -> Chart:
    """Lines over a shared axis; a missing value (None) leaves a gap.

    `series` holds `(name, values)`, each as long as `labels`.
    """
    _same_length(labels, *(values for _name, values in series))
    frame, ticks = _frame(len(labels), [v for _name, values in series for v in values])
    return Chart(
        title,
        desc,
        unit,
        x_ticks=_x_ticks(frame, labels),
        y_ticks=ticks,
        lines=[
            _line(frame, values, f"line s{i % 6 + 1}", name)
            for i, (name, values) in enumerate(series)
        ],
        columns=[name for name, _values in series],
        rows=[(label, [values[i] for _name, values in series]) for i, label in enumerate(labels)],
    )


def fan_chart(
    title: str,
    history: Sequence[tuple[str, Number]],
    forecast: Sequence[tuple[str, Number]],
    bands: Sequence[Band] = (),
    *,
    names: tuple[str, str] = ("history", "forecast"),
    desc: str = "",
    unit: str = "",
) -> Chart:
    """What happened, then what is foreseen, inside its bands.

    `bands` are `(name, lows, highs)`, the widest first, each as long as `forecast`. The forecast
    and its bands start at the last known value, so that the fan opens from there.
    """
    for _name, lows, highs in bands:
        _same_length(forecast, lows, highs)
    past, ahead = [v for _label, v in history], [v for _label, v in forecast]
    spread = [v for _name, lows, highs in bands for v in (*lows, *highs)]
    labels = [label for label, _value in (*history, *forecast)]
    frame, ticks = _frame(len(labels), [*past, *ahead, *spread])
    joint = past[-1:]
    start = len(past) - len(joint)
    return Chart(
        title,
        desc,
        unit,
        x_ticks=_x_ticks(frame, labels),
        y_ticks=ticks,
        areas=[
            Shape(
                area_path(frame, [*joint, *lows], [*joint, *highs], start),
                f"band b{i + 1}",
                name,
            )
            for i, (name, lows, highs) in enumerate(bands)
        ],
        lines=[
            _line(frame, past, "line s1", names[0]),
            _line(frame, [*joint, *ahead] if ahead else [], "line s1 ahead", names[1], start),
        ],
        divider=frame.x(start) if past and ahead else None,
        columns=[*names, *(f"{name} {sign}" for name, *_band in bands for sign in ("↓", "↑"))],
        rows=[
            *((label, [value, None, *[None] * (2 * len(bands))]) for label, value in history),
            *(
                (label, [None, value, *(edge[i] for _name, *edges in bands for edge in edges)])
                for i, (label, value) in enumerate(forecast)
            ),
        ],
    )


def bar_chart(
    title: str,
    bars: Sequence[tuple[str, float]],
    *,
    desc: str = "",
    unit: str = "",
    column: str = "",
) -> Chart:
    """Bars from zero, one per `(label, value)`; values may be negative."""
    frame, ticks = _frame(len(bars), [value for _label, value in bars])
    place = (WIDTH - LEFT - RIGHT) / max(len(bars), 1)
    middles = [round(LEFT + place * (i + 0.5), 1) for i in range(len(bars))]
    width = round(min(place * 0.7, 72.0), 1)
    every = _every(len(bars))
    return Chart(
        title,
        desc,
        unit,
        x_ticks=[
            Tick(middles[i], label) for i, (label, _value) in enumerate(bars) if i % every == 0
        ],
        y_ticks=ticks,
        bars=[
            Bar(
                round(x - width / 2, 1),
                min(frame.y(value), frame.y(0)),
                width,
                round(abs(frame.y(value) - frame.y(0)), 1),
                label,
                value,
            )
            for x, (label, value) in zip(middles, bars, strict=True)
        ],
        columns=[column or unit or title],
        rows=[(label, [value]) for label, value in bars],
    )


def spark_path(values: Sequence[Number], width: float = 96.0, height: float = 24.0) -> str:
    """A line without axes, scaled into `width` × `height`; fewer than two values give nothing."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, spread = min(known), max(known) - min(known) or 1.0
    return _path(
        [
            None
            if v is None
            else (
                round(1 + (width - 2) * i / (len(values) - 1), 1),
                round(height - 1 - (height - 2) * (v - low) / spread, 1),
            )
            for i, v in enumerate(values)
        ]
    )


def _line(frame: Frame, values: Sequence[Number], css: str, label: str, start: int = 0) -> Shape:
    points = [
        None if value is None else (frame.x(start + i), frame.y(value))
        for i, value in enumerate(values)
    ]
    return Shape(_path(points), css, label, _alone(points))


def _alone(points: Sequence[tuple[float, float] | None]) -> list[tuple[float, float]]:
    """Points without a neighbour on either side."""
    before, after = [None, *points], [*points[1:], None]
    return [
        point
        for point, left, right in zip(points, before, after, strict=False)
        if point is not None and left is None and right is None
    ]


def area_path(frame: Frame, lows: Sequence[Number], highs: Sequence[Number], start: int = 0) -> str:
    """The closed outline between two lines; places where either is missing are left out."""
    known = [
        (start + i, low, high)
        for i, (low, high) in enumerate(zip(lows, highs, strict=True))
        if low is not None and high is not None
    ]
    upper = [(frame.x(i), frame.y(high)) for i, _low, high in known]
    lower = [(frame.x(i), frame.y(low)) for i, low, _high in reversed(known)]
    return f"{_path([*upper, *lower])}Z" if len(known) > 1 else ""


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """`M` opens a stroke, `L` goes on; after a gap a new stroke begins."""
    parts, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        parts.append(f"{pen}{point[0]:g} {point[1]:g}")
        pen = "L"
    return "".join(parts)


def _frame(slots: int, values: Sequence[Number]) -> tuple[Frame, list[Tick]]:
    """Axes always include zero: a cut axis makes small changes look large."""
    known = [v for v in values if v is not None]
    marks = nice_ticks(min([0.0, *known]), max([0.0, *known]))
    frame = Frame(slots, marks[0], marks[-1])
    return frame, [Tick(frame.y(mark), value=mark) for mark in marks]


def _x_ticks(frame: Frame, labels: Sequence[str]) -> list[Tick]:
    every = _every(len(labels))
    return [Tick(frame.x(i), label) for i, label in enumerate(labels) if i % every == 0]


def _every(labels: int) -> int:
    return max(1, math.ceil(labels / MOST_LABELS))


def _same_length(first: Sequence[object], *others: Sequence[object]) -> None:
    for other in others:
        if len(other) != len(first):
            raise ValueError(f"{len(other)} values for {len(first)} places")
