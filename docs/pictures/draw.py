"""Takes charts out of a run's report.html as pictures that stand alone.

    python3 docs/pictures/draw.py RUN/report.html OUT.svg 'section/title' ['section/title' …]

A section is an id of the page (`proposer`, `solver`, `held-out`, `rejected`, `rates`, `shape`, …), a title
the bold words above a chart; `rates/*` takes all of a section. Two charts stand side by side.
"""

import html
import re
import sys

WIDTH, GAP, HEAD, ROW = 380, 28, 40, 18
STYLE = """
text { font: 11px system-ui, sans-serif; fill: #626977 }
.title { font-size: 14px; font-weight: 600; fill: #1d2129 } .name { font-size: 12px; fill: #1d2129 }
.y { text-anchor: end } .x { text-anchor: middle } .back { fill: #fff }
.grid { stroke: #e4e7ec } .zero, .tick { stroke: #d5d9e0 }
.line { fill: none; stroke: var(--c); stroke-width: 1.9; stroke-linejoin: round }
.faint { stroke-width: 1; opacity: .32 } .dot, .bar, .key { fill: var(--c) }
.band { fill: var(--c); opacity: .15 } .cell { fill: #2563c9 }
"""
COLOURS = {
    "": "2563c9 d0600a 12876a a8439a 977000 1787a8 c43c4a 7a808c",
    "dark": "6ea8ff ff9a4d 3fc79a e08bd6 e3b93c 5cc8e6 ff7d86 9aa1ae",
}
DARK = """
text { fill: #9aa1ae } .title, .name { fill: #e6e8ec } .back { fill: #14161a }
.grid { stroke: #2b2f38 } .zero, .tick { stroke: #363b46 } .cell { fill: #6ea8ff }
"""


def style():
    def colours(which):
        names = COLOURS[which].split()
        lines = [f".c{i} {{ --c: #{c} }}" for i, c in enumerate(names)]
        return " ".join(lines + [f".h0 {{ --c: #{names[7]} }} .h1 {{ --c: #{names[0]} }}"])

    dark = f"@media (prefers-color-scheme: dark) {{ {DARK} {colours('dark')} }}"
    return f"<style>{STYLE}{colours('')}\n{dark}</style>"


def figures(page, section, title):
    part = re.search(rf'<section id="{section}">(.*?)</section>', page, re.S)
    if not part:
        sys.exit(f"the page has no section {section}")
    found = []
    for figure in re.findall(r"<figure.*?</figure>", part[1], re.S):
        words = re.search(r"<figcaption>(.*?)(?: <small>(.*?)</small>)?</figcaption>", figure, re.S)
        if title in ("*", html.unescape(words[1])):
            svg = re.search(r'<svg viewBox="0 0 \S+ (\S+?)".*?>(.*)</svg>', figure, re.S)
            keys = re.findall(r"<li><i class=\"(\w+)\"></i>(.*?)</li>", figure, re.S)
            keys = [(key, re.sub("<.*?>", "", name).strip()) for key, name in keys]
            found.append((words[1], words[2] or "", float(svg[1]), svg[2], keys))
    return found or sys.exit(f"section {section} has no chart {title}")


def placed(keys):
    """The legend, in rows: (x, y, class, words)."""
    x, y, out = 0, 0, []
    for key, words in keys:
        width = 22 + 6.4 * len(html.unescape(words))
        if x and x + width > WIDTH:
            x, y = 0, y + ROW
        out.append((x, y, key, words))
        x += width
    return out, y + ROW if keys else 0


def main(page, out, *wanted):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    charts = [chart for name in wanted for chart in figures(text, *name.split("/", 1))]
    columns, parts, top = min(2, len(charts)), [], GAP / 2
    for first in range(0, len(charts), columns):
        row = charts[first : first + columns]
        for column, (title, hint, height, svg, keys) in enumerate(row):
            left = GAP / 2 + column * (WIDTH + GAP)
            legend, _ = placed(keys)
            below = HEAD + height + 14
            names = "".join(
                f'<circle class="key {key}" cx="{x + 5}" cy="{y + below - 4}" r="4"/>'
                f'<text class="name" x="{x + 14}" y="{y + below}">{words}</text>'
                for x, y, key, words in legend
            )
            parts.append(
                f'<g transform="translate({left} {top})"><text class="title" y="14">{title}</text>'
                f'<text y="30">{hint}</text><g transform="translate(0 {HEAD})">{svg}</g>{names}</g>'
            )
        top += max(HEAD + chart[2] + 14 + placed(chart[4])[1] for chart in row) + GAP / 2
    width = columns * (WIDTH + GAP)
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top:.0f}">{style()}'
        f'<rect class="back" width="100%" height="100%"/>{"".join(parts)}</svg>\n'
    )
    with open(out, "w", encoding="utf-8") as file:
        file.write(picture)


main(*sys.argv[1:])
