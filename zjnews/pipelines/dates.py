"""The dates: printed text to Beijing time, checked against the fetch time and the address."""

from datetime import datetime, timedelta

from zjnews.items import Article
from zjnews.pages.guard import bounded_item
from zjnews.site import addresses
from zjnews.text import dates
from zjnews.text.dates import Moment

_FIRST_YEAR = 1999
_LEAD = timedelta(days=1)
"""A page may be dated a little ahead, not more."""
_APART = timedelta(days=7)
"""Printed date and address may differ by so much."""


class DatesPipeline:
    """Fills `published_at`, its precision and `modified_at`."""

    @bounded_item
    def process_item(self, item: Article) -> Article:
        address = addresses.address_of(item.url)
        fetched = datetime.fromisoformat(item.fetched_at)
        in_address = _sane(dates.start_of(address.date) if address.date else None, fetched)
        near = address.date if in_address else None
        printed = dates.moment_of(item.published_raw or "", fetched, near)
        if printed and printed.at - _LEAD > fetched:
            item.warnings.append("future-date")
        printed = _sane(printed, fetched)
        if printed and in_address and not _agree(printed, in_address):
            item.warnings.append("date-differs-from-address")
        if printed is None and in_address and address.kind is not addresses.Kind.PAPER:
            item.warnings.append("date-from-address")
        if printed is None:
            item.published_raw = None
        self.fill(item, printed or in_address)
        modified = _sane(dates.moment_of(item.modified_raw or "", fetched, near), fetched)
        item.modified_at = modified.at.isoformat() if modified else None
        return item

    def fill(self, item: Article, moment: Moment | None) -> None:
        if moment is None:
            item.warnings.append("no-date")
            return
        item.published_at = moment.at.isoformat()
        item.published_precision = moment.precision


def _sane(moment: Moment | None, fetched: datetime) -> Moment | None:
    """The moment, where a page fetched then can have been published at it."""
    if moment is None or moment.at.year < _FIRST_YEAR or moment.at - _LEAD > fetched:
        return None
    return moment


def _agree(printed: Moment, in_address: Moment) -> bool:
    # Days only: an address has no hour.
    return abs(printed.at.date() - in_address.at.date()) <= _APART
