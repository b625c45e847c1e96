"""Small SVG charts as text: no script, no font, no request; legible in light and dark."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 680, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 16, 36
INKS = ("var(--a)", "var(--b)", "var(--c)", "var(--d)", "var(--e)", "var(--f)", "var(--g)")


def line_chart(
    series: Mapping[str, Sequence[float | None]],
    *,
    title: str,
    first: int = 1,
    floor: float | None = None,
    floor_name: str = "",
    bottom: float | None = None,
) -> str:
    """Lines over rounds: ``None`` is a gap, ``floor`` a dashed line, ``bottom`` the axis end."""
    values = [v for line in series.values() for v in line if v is not None]
    if floor is not None:
        values.append(floor)
    if not values:
        return ""
    low, high = _range(values)
    low = low if bottom is None else bottom
    length = max(len(line) for line in series.values())

    def x(index: int) -> float:
        return _LEFT + index * (WIDTH - _LEFT - _RIGHT) / max(length - 1, 1)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    parts = [_frame(title), _grid(low, high, y)]
    parts += [
        f'<text class="t" x="{x(i):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{first + i}</text>'
        for i in range(length)
    ]
    if floor is not None:
        parts.append(
            f'<line class="floor" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" '
            f'y1="{y(floor):.1f}" y2="{y(floor):.1f}"/>'
            f'<text class="t" x="{WIDTH - _RIGHT + 8}" y="{y(floor) + 4:.1f}">'
            f"{escape(floor_name)}</text>"
        )
    for rank, (name, line) in enumerate(series.items()):
        parts.append(_polyline(line, x, y, INKS[rank % len(INKS)]))
        parts.append(_legend(rank, name, INKS[rank % len(INKS)]))
    return "".join(parts) + "</svg>"


def bar_chart(rows: Sequence[tuple[str, float, float]], *, title: str, unit: str) -> str:
    """For each (name, before, after): a pale bar for what was staked, a full one for the end."""
    if not rows:
        return ""
    top = max(max(before, after) for _, before, after in rows) or 1.0
    height = 30 * len(rows) + 24
    span = WIDTH - 340
    parts = [
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>"
    ]
    for rank, (name, before, after) in enumerate(rows):
        y = 8 + 30 * rank
        ink = "var(--good)" if after >= before else "var(--bad)"
        parts.append(
            f'<text class="t" x="150" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="pale" x="160" y="{y}" width="{before / top * span:.1f}" height="22"/>'
            f'<rect x="160" y="{y + 5}" width="{after / top * span:.1f}" height="12" fill="{ink}"/>'
            f'<text class="t" x="{170 + max(before, after) / top * span:.1f}" y="{y + 15}">'
            f"{before:,.0f} → {after:,.1f} {escape(unit)}</text>"
        )
    return "".join(parts) + "</svg>"


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - pad, high + pad


def _ticks(low: float, high: float) -> list[float]:
    """Round values (steps of 1, 2 or 5) within the axis, about five of them."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _frame(title: str) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {HEIGHT}" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>"
    )


def _grid(low: float, high: float, y: Callable[[float], float]) -> str:
    parts = []
    for value in _ticks(low, high):
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" '
            f'y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="t" x="{_LEFT - 8}" y="{y(value) + 4:.1f}" '
            f'text-anchor="end">{value:g}</text>'
        )
    return "".join(parts)


def _polyline(
    line: Sequence[float | None],
    x: Callable[[int], float],
    y: Callable[[float], float],
    ink: str,
) -> str:
    points = [(x(i), y(v)) for i, v in enumerate(line) if v is not None]
    path = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    dots = "".join(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{ink}"/>' for px, py in points)
    return f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2"/>{dots}'


def _legend(rank: int, name: str, ink: str) -> str:
    y = _TOP + 10 + 20 * rank
    return (
        f'<rect x="{WIDTH - _RIGHT + 12}" y="{y - 8}" width="12" height="12" fill="{ink}"/>'
        f'<text class="t" x="{WIDTH - _RIGHT + 30}" y="{y + 2}">{escape(name)}</text>'
    )
