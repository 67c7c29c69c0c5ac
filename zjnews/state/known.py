"""What earlier runs and this one know: articles, addresses that gave none, lists walked over."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from zjnews.items import Article, Precision
from zjnews.pages.guard import logger
from zjnews.site import addresses
from zjnews.site.windows import SPANS
from zjnews.state import sql
from zjnews.state.database import Database, typed
from zjnews.text import sketches
from zjnews.text.dates import Moment

_T = TypeVar("_T")
_LEADS_TO = "leads-to"
_NEAR_COPY = "near-copy"
_DAYS = 3
"""Days on which a doubtful reason must be met to be believed."""
_DAY = 20 * 3600
"""Seconds after which another try counts as one of another day."""
_MOST_LED = 8
"""Addresses that may lead to one article; more of them are a guard that sends all to one page."""
_YEARS = (1990, 9000)
"""Dates outside are no dates; they would break the arithmetic of later runs."""


@dataclass(frozen=True, slots=True)
class Known:
    """An article that is delivered, or waits in the outbox."""

    id: str
    revision: int
    content_hash: bytes
    dated: datetime
    """The latest moment at which it may have been published; when it was scraped, if unknown."""
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Passed:
    """An address that was asked for and gave no record."""

    reason: str
    published: Moment | None
    """The date on its page, if there is one."""
    asked_at: datetime
    """When it was first asked for."""
    is_final: bool
    """Whether the reason is believed: at once, or because it was met on several days."""


class Knowledge:
    """What need not be asked for again."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.opened = now()
        self.refused: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        """By host: addresses that were refused for good, and articles read, in this run."""
        self.pending: dict[str, list[tuple[str, str]]] = {}
        """By the id of an article that is not known yet: addresses that belong to it, and how."""
        self.damaged: set[str] = set()
        """Of what the rows are that could not be read."""

    # --- articles ----------------------------------------------------------------------------

    def find(self, id_: str, address: str | None = None) -> Known | None:
        """The article with an id, or the one that a canonical address led to."""
        address = id_ if address is None else address
        found = (self._parsed(r[1], r[1:], _known) for r in self.db.rows(sql.FIND, id_, address))
        return next(filter(None, found), None)

    def article(self, id_: str) -> Known | None:
        """The article with an id."""
        return self._parsed(id_, self.db.one(sql.ARTICLE, id_), _known)

    def add(self, article: Article, sketch: bytes | None) -> None:
        """Know an article from now on. `sketch`: None for a near copy, which has no copies."""
        if known := self.db.one(sql.ARTICLE_KEY, article.id):
            [key, old] = known
            self._change_bands(key, old, sketch)
        self.db.run(
            sql.PUT_ARTICLE,
            article.id,
            article.revision,
            digest(article),
            *_published(article),
            now(),
            article.etag,
            article.last_modified,
            sketch,
        )
        if article.asked and not _is_of(article.asked, article.id):
            self._note(article.id, article.asked, _LEADS_TO)
        for address, how in self.pending.pop(article.id, ()):
            self._note(article.id, address, how)

    def _change_bands(self, key: int, old: bytes | None, new: bytes | None) -> None:
        """Of an article that is known already; `Run` writes those of new ones."""
        for statement, sketch in ((sql.DROP_BAND, old), (sql.PUT_BAND, new)):
            if sketch and old != new:
                self.db.run_all(statement, [(band, key) for band in sketches.bands(sketch)])

    def renew(self, id_: str, etag: str | None, last_modified: str | None) -> None:
        """Note the validators of an article that has not changed."""
        self.db.run(sql.RENEW, etag, last_modified, id_)

    # --- addresses ---------------------------------------------------------------------------

    def passed(self, address: str) -> Passed | None:
        """What a canonical address gave that was asked for and led to no record."""
        return self._parsed(address, self.db.one(sql.PASSED, address), _passed)

    def note_passed(
        self,
        address: str,
        reason: str,
        article: Article | None = None,
        is_certain: bool = True,
    ) -> None:
        """Remember that an address gave no record, and why; when it was first asked stays. A reason
        that is not certain is believed when it was met on several days."""
        if article is None and is_certain:
            self.count_refused(address)
        published = _published(article) if article else (None, None)
        days = _DAYS if is_certain else 1
        self.db.run(sql.PUT_PASSED, address, reason, *published, now(), now(), days, _DAY, _DAY)

    def note_led(self, address: str, article: str) -> None:
        """Remember that a canonical address led to an article with another id, as soon as that is
        known."""
        self._note_with(article, address, _LEADS_TO)

    def note_copy(self, address: str, article: str) -> None:
        """Remember that an address has a near copy of an article that is left out, as soon as that
        article is known."""
        self._note_with(article, address, _NEAR_COPY)

    def _note_with(self, article: str, address: str, how: str) -> None:
        if _is_of(address, article):
            return
        if self.article(article):
            self._note(article, address, how)
        else:
            self.pending.setdefault(article, []).append((address, how))

    def _note(self, article: str, address: str, how: str) -> None:
        if how == _NEAR_COPY:
            self.note_passed(address, how)
        elif self.db.one(sql.COUNT_LED_TO, article)[0] < _MOST_LED:
            self.db.run(sql.PUT_LED_TO, address, how, article, now(), now(), _DAYS)

    def count_refused(self, address: str) -> None:
        """An address gave no article, and its host may be to blame."""
        self.refused[host_of(address)] += 1

    def count_given(self, url: str) -> None:
        self.given[host_of(url)] += 1

    def doubt_guards(self) -> list[str]:
        """Hosts that refused more articles than they gave, a guard against robots perhaps: what
        this run has noted of them must be met on other days, too, to be believed."""
        hosts = [
            host
            for host, count in self.refused.items()
            if count >= _MOST_LED and count > self.given[host]
        ]
        for host in hosts:
            self.db.run(sql.DOUBT_HOST, self.opened, f"https://{host}/%")
        return hosts

    # --- how far lists have been walked ------------------------------------------------------

    def walked(self, name: str) -> tuple[datetime, datetime] | None:
        """The stretch of time for which everything that a list has is known."""
        return self._parsed(name, self.db.one(sql.WALK, name), lambda r: (_time(r[0]), _time(r[1])))

    def _parsed(self, key: str, row: Any | None, make: Callable[[Any], _T]) -> _T | None:
        """What a row holds. A damaged one is reported once and counts as missing: its article is
        fetched again, which mends it."""
        if row is None:
            return None
        try:
            return make(row)
        except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
            if key not in self.damaged:
                self.damaged.add(key)
                logger.warning("%s: what is known of %s is damaged: %s", self.db.path, key, error)
            return None

    def forget_walk(self, name: str) -> None:
        """To be called before a walk: the run may crash and leave a gap."""
        self.db.run(sql.FORGET_WALK, name)

    def note_walk(self, name: str, since: datetime, until: datetime) -> None:
        begin, end = math.ceil(since.timestamp()), math.floor(until.timestamp())
        self.db.run(sql.PUT_WALK, name, begin, end)


def _is_of(address: str, article: str) -> bool:
    """Whether an address tells the id of an article by itself."""
    return article in (address, addresses.address_of(address).id)


def digest(article: Article) -> bytes:
    """What is stored of a `content_hash`: half of it is enough to notice a correction."""
    return bytes.fromhex(article.content_hash)[:16]


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def _known(row: Any) -> Known:
    published = _moment(row[3], row[4])
    dated = published.at + SPANS[published.precision] if published else _time(row[5])
    etag, last_modified = (value and typed(str, value) for value in row[6:8])
    return Known(row[0], typed(int, row[1]), typed(bytes, row[2]), dated, etag, last_modified)


def _passed(row: Any) -> Passed:
    return Passed(row[0], _moment(row[1], row[2]), _time(row[3]), typed(int, row[4]) >= _DAYS)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment(seconds: int | None, precision: Precision | None) -> Moment | None:
    if seconds is None or precision is None:
        return None
    if precision not in SPANS:
        raise ValueError(f"{precision!r:.40} is no precision")
    return Moment(_time(seconds), precision)


def _published(article: Article) -> tuple[int | None, Precision | None]:
    at = datetime.fromisoformat(article.published_at) if article.published_at else None
    if at is None or not _YEARS[0] <= at.year < _YEARS[1]:
        return None, None
    return int(at.timestamp()), article.published_precision
