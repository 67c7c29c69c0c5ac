"""What people are told of a run: one message each, plain text, to be read on a phone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from zjnews.state.verdict import Status
from zjnews.text.dates import BEIJING
from zjnews.watch.alerts import Match
from zjnews.watch.runs import RunFigures

_MOST = 30
"""Articles of one alert that are shown."""
_NAMES = 3
"""Channels, and alerts, that a title shows."""
_BAD = (Status.NOT_SHIPPED, Status.ENDED_EARLY, Status.ERRORS, Status.LIST_UNREAD, Status.CHANGED)
"""Exit statuses that are told, when they are new; a run that finds nothing may have nothing to
find."""


def is_news(run: RunFigures, before: Sequence[RunFigures]) -> bool:
    """Whether a run ended worse than the last one of its kind, or is well again."""
    last = before[0] if before else None
    known = {finding.name for finding in last.findings} if last else set()
    is_new = any(finding.name not in known for finding in run.findings)
    was_bad = last is not None and last.status in _BAD
    is_bad = run.status in _BAD
    is_worse = is_bad and (last is None or last.status != run.status)
    return is_new or is_worse or (was_bad and not is_bad)


def message(run: RunFigures | None, matches: Sequence[Match]) -> tuple[str, str]:
    """Title and text. `run`: if it is told how it ended."""
    by_alert: dict[str, list[Match]] = defaultdict(list)
    for match in matches:
        by_alert[match.alert].append(match)
    titles = [of_run(run)] if run else []
    titles += [f"{name}: {_counted(found)}" for name, found in by_alert.items()][:_NAMES]
    parts = ["\n".join(_lines_of_run(run))] if run else []
    parts += ["\n".join(_lines_of_alert(name, found)) for name, found in by_alert.items()]
    return "zjnews: " + "; ".join(titles), "\n\n".join(parts)


def of_run(run: RunFigures) -> str:
    """`channel zjxc, gnxw: the site may have changed`."""
    names = ", ".join(run.lists[:_NAMES])
    more = f" and {len(run.lists) - _NAMES} more" if len(run.lists) > _NAMES else ""
    how = {
        Status.CHANGED: "the site may have changed",
        Status.LIST_UNREAD: "a list could not be read",
        Status.WELL: "well again",
        Status.NOTHING_FOUND: "nothing found, else well again",
    }.get(Status(run.status), f"exit status {run.status}")
    return f"{run.spider} {names}{more}".strip() + f": {how}"


def _lines_of_run(run: RunFigures) -> Iterator[str]:
    at = f"{run.ended.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    yield f"{run.spider} {', '.join(run.lists)}".strip()
    yield f"{at} Beijing, exit status {run.status}: {run.verdict}"
    for finding in run.findings:
        yield f"- {finding.name}: {finding.words}"


def _lines_of_alert(name: str, matches: list[Match]) -> Iterator[str]:
    yield f"{name}: {_counted(matches)}"
    for match in matches[:_MOST]:
        corrected = "(corrected) " if match.revision > 1 else ""
        yield f"\n- {corrected}{match.title}"
        yield f"  {', '.join(filter(None, (match.source, _short(match.published_at))))}"
        yield f"  {match.url}"
    if len(matches) > _MOST:
        yield f"\nand {len(matches) - _MOST:,} more"


def _counted(matches: list[Match]) -> str:
    return f"{len(matches):,} article{'s' if len(matches) > 1 else ''}"


def _short(time: str) -> str:
    """`2026-09-14 08:30`."""
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M}" if time else ""
