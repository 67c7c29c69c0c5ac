"""What a run says of the site: where it deviates from the runs before."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from scrapy.settings import BaseSettings

from zjnews.watch.canaries import NOT_OF_PAGE
from zjnews.watch.runs import FALLBACK, Finding, RunFigures

_LEAST = 3
"""Articles, or entries of a list, that must deviate: one odd page is nothing."""
_FEW = 10
"""A run with fewer articles is judged together with those before it, too."""
_MOST = 200
"""Articles that one run may count for in the norm, so that a long first run does not decide."""
_ALIKE = 0.02
"""How much alike the articles of a run are at least."""
_MEDIAN = 0.4549
"""The median of the squares of normally distributed numbers."""
_ENOUGH = 5
"""Runs that show by how much shares vary, and articles that each of them has."""
_TINY = 1e-9
LOOKED_AT = 200
"""Runs that are looked at: those that read nothing are passed over."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds, each a setting."""

    runs: int
    after: int
    share: float
    chance: float
    listed: float

    @classmethod
    def of(cls, settings: BaseSettings) -> Self:
        return cls(
            int(settings.getfloat("WATCH_RUNS")),
            int(settings.getfloat("WATCH_AFTER")),
            settings.getfloat("WATCH_SHARE"),
            settings.getfloat("WATCH_CHANCE"),
            settings.getfloat("WATCH_LIST"),
        )


@dataclass(frozen=True, slots=True)
class Share:
    """A kind of count that is watched, as a share of articles."""

    prefix: str
    counts: Callable[[RunFigures], Mapping[str, int]]
    total: Callable[[RunFigures], int]
    of: str
    """What the total counts."""
    falls: bool = False
    """Whether it is a fall that says something, not a rise."""
    may_repeat: bool = False
    """Whether the next run counts the same addresses again, so that the number must rise, too."""


def _asked(run: RunFigures) -> int:
    """Addresses that were asked for."""
    unread = max(0, run.skipped.get("unchanged", 0) + run.articles - run.read)
    return run.read + unread + run.skipped.get("gone", 0) + sum(run.rejected.values())


_SHARES = (
    Share(
        "layout",
        lambda run: {FALLBACK: run.layouts.get(FALLBACK, 0)},
        lambda run: run.read,
        "articles",
    ),
    Share("warning", lambda run: run.warnings, lambda run: run.read, "articles"),
    Share(
        "key",
        lambda run: {name: n for name, n in run.keys.items() if name not in NOT_OF_PAGE},
        lambda run: run.read,
        "articles",
        falls=True,
    ),
    Share("rejected", lambda run: run.rejected, _asked, "addresses", may_repeat=True),
)


def findings_of(run: RunFigures, before: Sequence[RunFigures], limits: Limits) -> list[Finding]:
    """What deviates in a run. `before`: the runs of the same kind, newest first; those that did not
    end by themselves, or failed, are passed over."""
    sound = [other for other in before if other.reason == "finished" and not other.failed]
    found = [
        Finding(name=f"list/{name}", words=f"could not be read: {why}")
        for name, why in run.unread.items()
    ]
    if len(sound) >= limits.after:
        found += _lists(run, sound, limits)
        for share in _SHARES:
            found += _shares(share, run, sound, limits)
    return found


# --- lists ----------------------------------------------------------------------------------------


def _lists(run: RunFigures, before: Sequence[RunFigures], limits: Limits) -> Iterator[Finding]:
    """The lists whose pages name far fewer articles than usual."""
    for name, now in run.listed.items():
        norm = _norm(f"list/{name}", before, limits)
        then = [of for other in norm if (of := other.listed.get(name)) and of.pages]
        if name in run.unread or len(then) < limits.after or not now.pages:
            continue
        usual = median(of.entries / of.pages for of in then[: limits.runs])
        mean = now.entries / now.pages
        if mean < limits.listed * usual and usual - mean >= _LEAST:
            words = f"{mean:.3g} articles a page, usually {usual:.3g}"
            yield Finding(name=f"list/{name}", words=words)


def _norm(name: str, before: Sequence[RunFigures], limits: Limits) -> list[RunFigures]:
    """The runs that say what is usual: without those that had the same finding, until these are
    the most of the last ones."""
    had = [any(found.name == name for found in run.findings) for run in before]
    if 2 * sum(had[: limits.runs]) > limits.runs:
        return list(before)
    return [run for run, has in zip(before, had, strict=True) if not has]


# --- shares ---------------------------------------------------------------------------------------


def _shares(
    share: Share, run: RunFigures, before: Sequence[RunFigures], limits: Limits
) -> Iterator[Finding]:
    """The shares that deviate in a run, or in the last ones together where it is a small one."""
    then = [other for other in before if share.total(other)]
    groups = [([run], then)] if share.total(run) else []
    recent = [run, *_to_be_added(share, run, then)]
    if len(recent) > 1:
        groups.append((recent, then[len(recent) - 1 :]))
    names = {name for other in (run, *then) for name in share.counts(other)}
    for name in sorted(names):
        for now, norm in groups:
            usual = _norm(f"{share.prefix}/{name}", norm, limits)[: limits.runs]
            if found := _deviation(share, name, now, usual, limits):
                yield found
                break


def _to_be_added(
    share: Share, run: RunFigures, before: Sequence[RunFigures]
) -> Iterator[RunFigures]:
    """The runs before that are judged together with a small one."""
    total = share.total(run)
    for other in before:
        if total >= _FEW:
            return
        total += share.total(other)
        yield other


def _deviation(
    share: Share,
    name: str,
    now: Sequence[RunFigures],
    norm: Sequence[RunFigures],
    limits: Limits,
) -> Finding | None:
    count = sum(share.counts(run).get(name, 0) for run in now)
    total = sum(map(share.total, now))
    usual = _usual(share, name, norm)
    deviates = total - count if share.falls else count
    expected = 1 - usual if share.falls else usual
    if deviates < _LEAST or deviates / total - expected < limits.share:
        return None
    if share.may_repeat and deviates < 2 * _usual_count(share, name, norm) + _LEAST:
        return None
    # As many articles as there would be of each by itself.
    whole = round(total / (1 + (total - 1) * _likeness(share, name, norm)))
    if chance_of(math.floor(deviates / total * whole), whole, expected) >= limits.chance:
        return None
    words = f"{count:,} of {total:,} {share.of} ({count / total:.0%}), usually {usual:.0%}"
    if len(now) > 1:
        words += f", in the last {len(now)} runs"
    return Finding(name=f"{share.prefix}/{name}", words=words)


def _usual(share: Share, name: str, norm: Sequence[RunFigures]) -> float:
    """The share that was usual: the median of the runs, or what they have together, whichever is
    nearer to a deviation. The median of many small runs is coarse; a sum alone would follow one
    large run."""
    parts = [(share.counts(run).get(name, 0), share.total(run)) for run in norm]
    weights = [min(total, _MOST) / total for _, total in parts]
    count = sum(weight * part for weight, (part, _) in zip(weights, parts, strict=True))
    total = sum(weight * whole for weight, (_, whole) in zip(weights, parts, strict=True))
    together = (count + 1) / (total + 2)  # never 0 or 1: what was never seen may be met
    middle = median(part / whole for part, whole in parts) if parts else together
    return min(middle, together) if share.falls else max(middle, together)


def _likeness(share: Share, name: str, norm: Sequence[RunFigures]) -> float:
    """How much alike the articles of one run are (intraclass correlation), by how much the shares
    of runs vary. By their median, so that it hardly sees the runs that deviate."""
    parts = [(share.counts(run).get(name, 0), share.total(run)) for run in norm]
    parts = [(part, whole) for part, whole in parts if whole >= _ENOUGH]
    if len(parts) < _ENOUGH:
        return _ALIKE
    usual = _usual(share, name, norm)
    variance = max(usual * (1 - usual), _TINY)
    middle = median(part / whole for part, whole in parts)
    spread = [(part - whole * middle) ** 2 / (whole * variance) for part, whole in parts]
    size = median(whole for _, whole in parts)
    return min(1.0, max(_ALIKE, (median(spread) / _MEDIAN - 1) / max(1.0, size - 1)))


def _usual_count(share: Share, name: str, norm: Sequence[RunFigures]) -> float:
    return median(share.counts(run).get(name, 0) for run in norm) if norm else 0


def chance_of(count: int, total: int, share: float) -> float:
    """The probability that of `total` articles `count` or more have what each has with a
    probability of `share` (binomial distribution)."""
    if share <= 0:
        return float(count <= 0)
    if share >= 1:
        return 1.0
    odds, each = math.log(share), math.log1p(-share)
    ways = math.lgamma(total + 1)
    return min(
        1.0,
        math.fsum(
            math.exp(
                ways
                - math.lgamma(k + 1)
                - math.lgamma(total - k + 1)
                + k * odds
                + (total - k) * each
            )
            for k in range(count, total + 1)
        ),
    )
