"""The plot of a report: bars, drawn by hand, that can be read on a light and on a dark ground."""

import re

from bench.measures import Row

COLOURS = {"chat": "#3b82f6", "node": "#22a06b", "stock": "#b7791f"}
INK = "#808895"
"""For text: a grey about as far from white as from black, since a picture does not know what it stands on."""
PANELS = (
    (
        "Deliveries a second into one room of 1,000, p99 under 100 ms: more is better",
        "deliveries a second, 1,000 clients",
    ),
    (
        "Deliveries a second into one room of 5,000, p99 under 100 ms: more is better",
        "deliveries a second, 5,000 clients",
    ),
    (
        "Microseconds of the server's CPU for one delivery, 50 messages/s to 1,000: less is better",
        "server's CPU a delivery",
    ),
)
"""Each with its title, and what the rows of its bars say after the server's name."""
WIDTH, LEFT, RIGHT, BAR, GAP = 760, 70, 100, 20, 34


def draw(rows: list[Row]) -> str:
    """An SVG of what each server delivers, and what a delivery costs it, from the lowest to the highest run."""
    shapes: list[str] = []
    y = 24
    for title, what in PANELS:
        bars = [(kind, row) for row in rows for kind in COLOURS if re.match(rf"{kind}: {re.escape(what)}", row.what)]
        if not bars:
            continue
        shapes.append(f'<text x="20" y="{y}" font-weight="600">{title}</text>')
        y += 12
        scale = (WIDTH - LEFT - RIGHT) / (max(row.high for _, row in bars) or 1)
        for kind, row in bars:
            end, low, high = (LEFT + each * scale for each in (row.value, row.low, row.high))
            middle = y + BAR / 2
            number = f"{'≥ ' if row.floor else ''}{row.value:,.{0 if row.value >= 100 else 1}f}"
            shapes += [
                f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{kind}</text>',
                f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{COLOURS[kind]}"/>',
                f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{INK}" stroke-width="2"/>',
                f'<text x="{max(end, high) + 8:.1f}" y="{y + 15}">{number}</text>',
            ]
            y += BAR + 6
        y += GAP
    drawn = "\n  ".join(shapes)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y - 24}" viewBox="0 0 {WIDTH} {y - 24}"
  font-family="system-ui, sans-serif" font-size="14" fill="{INK}" role="img">
  <title>Deliveries a second, and what one costs, of the chat and of others</title>
  {drawn}
</svg>
"""
