"""The last runs as one page: charts, findings, warnings with examples, rejects, slow hosts."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lxml.html import HtmlElement
from lxml.html.builder import CLASS, E

from zjnews.review import web
from zjnews.text.cleaning import counted, printable
from zjnews.text.dates import BEIJING
from zjnews.watch.runs import RunFigures

_MOST_RUNS = 50
"""Runs of one spider and its lists that are drawn, the newest."""
_MOST_LISTS = 5
"""Names of lists in a heading."""
_CHARTS: tuple[tuple[str, Callable[[RunFigures], float]], ...] = (
    ("Articles, new and corrected", lambda run: run.articles),
    ("Read by no known layout, % of what was read", lambda run: _share(run.layouts, run)),
    (
        "With a warning, % of what was read (several count several times)",
        lambda run: _share(run.warnings, run),
    ),
    ("Pages rejected", lambda run: sum(run.rejected.values())),
    ("Requests", lambda run: run.requests),
    ("Minutes", lambda run: run.seconds / 60),
)


def html_of(runs: Sequence[RunFigures], source: str) -> bytes:
    """The page, UTF-8. `runs`: newest first; `source`: where they are from, in words."""
    kinds: dict[tuple[str, tuple[str, ...]], list[RunFigures]] = {}
    for run in runs:
        kinds.setdefault((run.spider, run.lists), []).append(run)
    body = [
        E.p(f"{counted(len(runs), 'run')} in {printable(source)}, Beijing time", CLASS("about"))
    ]
    for (spider, lists), of_kind in kinds.items():
        body.append(E.section(*_section(_heading(spider, lists), of_kind[:_MOST_RUNS])))
    return web.page("Runs of zjnews", *body)


def _heading(spider: str, lists: Sequence[str]) -> str:
    more = f" and {len(lists) - _MOST_LISTS:,} more" if len(lists) > _MOST_LISTS else ""
    return printable(f"{spider} {', '.join(lists[:_MOST_LISTS])}{more}".strip())


def _section(heading: str, runs: list[RunFigures]) -> Iterator[HtmlElement]:
    """The runs of one spider and its lists, newest first."""
    last = runs[0]
    yield E.h2(heading)
    yield E.p(E.b(f"{_at(last)}: "), *_ending(last))
    yield E.p(
        f"{counted(last.articles, 'article')} of {last.read:,} read"
        f" ({last.revisions:,} corrected, {last.copies:,} near copies),"
        f" {counted(last.requests, 'request')} in {_duration(last.seconds)}"
    )
    yield from _findings(runs)
    yield from _charts(runs)
    yield from _tables(last)


def _duration(seconds: float) -> str:
    """`48 seconds`, `3.2 minutes`."""
    return f"{seconds:.0f} seconds" if seconds < 60 else f"{seconds / 60:,.1f} minutes"


def _at(run: RunFigures) -> str:
    return f"{run.started.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _ending(run: RunFigures) -> list[Any]:
    words = printable(f"status {run.status}, {run.verdict}")
    return [E.span(words, CLASS("bad")) if run.status else words]


def _findings(runs: list[RunFigures]) -> Iterator[HtmlElement]:
    rows = [
        (_at(run), E.span(printable(finding.name), CLASS("bad")), finding.words)
        for run in runs
        for finding in run.findings
    ]
    yield E.h3("Findings")
    yield web.table(("run", "about", "what"), rows) if rows else E.p("None in these runs.")


def _charts(runs: list[RunFigures]) -> Iterator[HtmlElement]:
    oldest_first = runs[::-1]
    bad = {number: run.verdict for number, run in enumerate(oldest_first) if run.status}
    for title, value in _CHARTS:
        points = [(_at(run), round(value(run), 2)) for run in oldest_first]
        if any(number for _, number in points):
            yield web.columns(title, points, bad)


def _share(counts: dict[str, int], run: RunFigures) -> float:
    """In percent of what was read; of layouts only the fallback counts."""
    count = counts.get("fallback", 0) if counts is run.layouts else sum(counts.values())
    return 100 * count / run.read if run.read else 0.0


def _tables(run: RunFigures) -> Iterator[HtmlElement]:
    """What one run met."""
    for title, heads, counts in (
        ("Layouts", ("layout", "articles"), run.layouts),
        ("Rejected", ("reason", "pages"), run.rejected),
        ("Skipped", ("reason", "articles"), run.skipped),
        ("Failures", ("what", "times"), run.failed),
    ):
        if counts:
            yield E.h3(title)
            yield web.bars(heads, [*Counter(counts).most_common()])
    if run.warnings:
        yield E.h3("Warnings")
        rows = [
            (code, count, E.div(*(E.p(web.link(url)) for url in run.examples.get(code, ()))))
            for code, count in Counter(run.warnings).most_common()
        ]
        yield web.table(("warning", "articles", "for example"), rows)
    if run.hosts:
        yield E.h3("Slowest hosts")
        slow = sorted(run.hosts.items(), key=lambda pair: -pair[1].seconds)
        times = [
            (host, of.answers, f"{of.seconds / max(of.answers, 1):.2f} s", f"{of.seconds:,.0f} s")
            for host, of in slow
        ]
        yield web.table(("host", "answers", "each", "in all"), times)
    troubles = [*run.unread.items(), *run.given_up.items()]
    troubles += [(host, f"paused {counted(times, 'time')}") for host, times in run.paused.items()]
    if troubles:
        yield E.h3("Lists and hosts in trouble")
        yield web.table(("list or host", "why"), troubles)
