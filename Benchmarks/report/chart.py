"""Plots as SVG, by hand: bars on a logarithmic scale, and flame graphs."""

import math
from html import escape

WIDTH, LABEL, ROW = 900, 330, 26
STYLE = "font-family='system-ui, sans-serif' font-size='13'"


def bars(title: str, rows: list[tuple[str, float, bool]], unit: str) -> str:
    """Horizontal bars: label, value, whether it is ours."""
    low = 10 ** math.floor(math.log10(min(value for _, value, _ in rows)))
    high = max(value for _, value, _ in rows)
    room, height = WIDTH - LABEL - 130, 50 + ROW * len(rows)
    parts = [svg_start(height), text(10, 24, title, "bold")]
    for index, (label, value, is_ours) in enumerate(rows):
        y = 40 + ROW * index
        width = max(2, room * math.log10(value / low) / math.log10(high / low)) if high > low else room
        parts.append(text(LABEL - 8, y + 15, label, anchor="end"))
        parts.append(f"<rect x='{LABEL}' y='{y + 2}' width='{width:.0f}' height='{ROW - 7}' fill='{'#c2410c' if is_ours else '#64748b'}'/>")
        parts.append(text(LABEL + width + 6, y + 15, f"{value:,.0f} {unit}" if value >= 10 else f"{value:.2g} {unit}"))
    return "\n".join([*parts, "</svg>", ""])


def flame(title: str, stacks: dict[str, int]) -> str:
    """A flame graph of folded stacks: width is time, what is above was called by what is below."""
    total, deepest, boxes = sum(stacks.values()), 0, []

    def lay(lines: list[tuple[list[str], int]], x: float, depth: int) -> None:
        nonlocal deepest
        groups: dict[str, list[tuple[list[str], int]]] = {}
        for frames, count in lines:
            if frames:
                groups.setdefault(frames[0], []).append((frames[1:], count))
        for name, inner in sorted(groups.items()):
            count = sum(one for _, one in inner)
            if count / total >= 0.002:
                boxes.append((x, depth, count, name))
                deepest = max(deepest, depth)
                lay(inner, x, depth + 1)
            x += count

    lay([(stack.split(";"), count) for stack, count in stacks.items()], 0, 0)
    line, room = 15, 1200
    height = 40 + line * (deepest + 1)
    parts = [svg_start(height, room), text(8, 20, title, "bold")]
    for x, depth, count, name in boxes:
        left, width, top = x / total * room, count / total * room, height - line * (depth + 1)
        shown = escape(name.rsplit(" [", 1)[0][: int(width / 6)]) if width > 25 else ""
        parts.append(
            f"<g><title>{escape(name)}: {count / total * 100:.1f} %</title><rect x='{left:.1f}' y='{top}' width='{max(width - 0.3, 0.2):.1f}'"
            f" height='{line - 1}' fill='{colour(name)}'/><text x='{left + 2:.1f}' y='{top + 11}' font-size='10'>{shown}</text></g>")
    return "\n".join([*parts, "</svg>", ""])


def colour(frame: str) -> str:
    place = frame.rsplit(" [", 1)[-1]
    if place.startswith("kernel"):
        return "#fca5a5"
    return "#fdba74" if place.startswith("martlet") else "#a7c7e7" if "swift" in place else "#d4d4d4"


def svg_start(height: int, width: int = WIDTH) -> str:
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' {STYLE}>"
            f"<rect width='{width}' height='{height}' fill='white'/>")


def text(x: float, y: float, words: str, weight: str = "normal", anchor: str = "start") -> str:
    return f"<text x='{x:.0f}' y='{y:.0f}' font-weight='{weight}' text-anchor='{anchor}'>{escape(words)}</text>"
