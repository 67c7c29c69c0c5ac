"""What all pages of ours share: head, style and charts, without script and without the network.

Values come from web pages: they are written as text, never as markup.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lxml.html import HtmlElement, tostring
from lxml.html.builder import CLASS, E

from zjnews.text.cleaning import printable

_WEB = re.compile(r"https?://", re.IGNORECASE)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_HIGH = 100
"""Units of the height of a chart."""
CHART_STYLE = """
figure { margin: 1rem 0 }
figure svg { display: block; width: 100%; height: 6rem; border-bottom: 1px solid var(--line) }
figure rect { fill: var(--bar) }
figure rect.bad { fill: var(--bad) }
figcaption { font-weight: 600 }
.ends { display: flex; justify-content: space-between; color: var(--dim); font-size: .875rem }
td svg { width: 100%; min-width: 4rem; height: .75rem; display: block; margin-top: .4rem }
td rect { fill: var(--bar) }
"""
LIGHT = """
:root {
  --ins: #c9f2d0; --del: #ffd3d3; --dim: #5c5c5c; --line: #ccc;
  --bar: #3b6ea8; --bad: #b3261e;
}
"""
_DARK = """
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  :root {
    --ins: #14532d; --del: #6b1d24; --dim: #a8a8a8; --line: #4a4a4a;
    --bar: #7fb0e6; --bad: #ff8a80;
  }
}
"""
_STYLE = f"""{LIGHT}{_DARK}
body {{
  font: 1rem/1.6 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem;
  overflow-wrap: anywhere;
}}
h1, h2, h3 {{ line-height: 1.3 }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid var(--line) }}
h3 {{ font-size: 1rem; margin: 1.5rem 0 0 }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse }}
th, td {{
  text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: normal;
}}
th {{ white-space: nowrap }}
td:last-child {{ overflow-wrap: anywhere }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
.bad {{ color: var(--bad); font-weight: 600 }}
p {{ margin: .25rem 0 }}
.about, .cut {{ color: var(--dim); font-size: .875rem }}
.value {{ white-space: pre-wrap; border-left: 3px solid var(--line); padding-left: .75rem }}
ins, del {{ color: inherit; border-radius: 2px }}
ins {{ background: var(--ins); text-decoration: underline }}
del {{ background: var(--del); text-decoration: line-through }}
{CHART_STYLE}"""


def page(title: str, *body: Any) -> bytes:
    """A whole page that loads nothing, UTF-8."""
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        E.meta(name="referrer", content="no-referrer"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.title(title),
        E.style(_STYLE),
    )
    html: bytes = tostring(
        E.html(head, E.body(E.h1(title), *body), lang="en"),
        doctype="<!DOCTYPE html>",
        encoding="utf-8",
    )
    return html


def link(url: str) -> HtmlElement | str:
    """A link to a page of the web; any other address is text."""
    shown = printable(url)
    return E.a(shown, href=shown, rel="noopener noreferrer") if _WEB.match(shown) else shown


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HtmlElement:
    """A table; numbers are set to the right."""
    lines = [E.tr(*(_cell(value) for value in row)) for row in rows]
    return E.div(E.table(E.tr(*(E.th(head) for head in heads)), *lines), CLASS("wide"))


def _cell(value: Any) -> HtmlElement:
    if isinstance(value, int):
        return E.td(f"{value:,}", CLASS("n"))
    return E.td(printable(value) if isinstance(value, str) else value)


def columns(
    title: str, points: Sequence[tuple[str, float]], bad: Mapping[int, str] | None = None
) -> HtmlElement:
    """A chart of columns, the first on the left; `bad`: the numbers of those in the colour of
    trouble, with what to say of them."""
    most = max((value for _, value in points), default=0) or 1
    bars = []
    for number, (name, value) in enumerate(points):
        high = max(value / most * _HIGH, 0.5 if value else 0)
        words = f"{name}: {value:,.6g}"
        if trouble := (bad or {}).get(number):
            words += f", {trouble}"
        rect = E.rect(
            E.title(printable(words)),
            x=f"{number + 0.1:.1f}",
            y=f"{_HIGH - high:.2f}",
            width="0.8",
            height=f"{high:.2f}",
        )
        if trouble:
            rect.set("class", "bad")
        bars.append(rect)
    box = f"0 0 {max(len(points), 1)} {_HIGH}"
    chart = E.svg(*bars, viewBox=box, preserveAspectRatio="none", role="img")
    chart.set("aria-label", title)
    ends = [points[0][0], f"at most {most:,.6g}", points[-1][0]] if points else ["no data"]
    return E.figure(
        E.figcaption(title), chart, E.div(*(E.span(printable(end)) for end in ends), CLASS("ends"))
    )


def bars(heads: Sequence[str], rows: Sequence[tuple[Any, int]]) -> HtmlElement:
    """A table of counts, each with a bar beside it."""
    most = max((count for _, count in rows), default=0) or 1
    return table(
        (*heads, ""),
        [(name, count, E.svg(_bar(count / most), role="presentation")) for name, count in rows],
    )


def _bar(share: float) -> HtmlElement:
    return E.rect(width=f"{share:.1%}", height="100%")
