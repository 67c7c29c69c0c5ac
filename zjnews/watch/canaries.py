"""One article of each layout, as it was read last, to be read again: a canary dies before others
notice that something is wrong."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from zjnews.state import sql
from zjnews.state.database import Database, typed
from zjnews.state.logs import logger

NOT_OF_PAGE = ("duplicate_of", "warnings")
"""Keys of a record that are not read off its page."""


@dataclass(frozen=True, slots=True)
class Canary:
    """What one article was read as."""

    name: str
    """That of its layout; its canonical address, for one of a list of one's own."""
    address: str
    """Canonical."""
    layout: str
    keys: tuple[str, ...]
    """Those of the record that were neither null nor empty."""
    published_at: str = ""

    def lost(self, now: "Canary") -> str:
        """What of it a later reading lacks, in words; empty if nothing."""
        if now.layout != self.layout:
            return f"layout {self.layout} is gone, read as {now.layout}"
        lost = [key for key in self.keys if key not in (*now.keys, *NOT_OF_PAGE)]
        return f"lost: {', '.join(lost)}" if lost else ""


def known(db: Database) -> list[Canary]:
    """All canaries, by name; a damaged one is left out. Raises StateError."""
    found = []
    for name, address, layout, keys, published_at in db.rows(sql.CANARIES):
        try:
            kept = tuple(map(str, typed(list, json.loads(keys))))
            found.append(Canary(name, address, layout, kept, typed(str, published_at)))
        except (RecursionError, TypeError, ValueError) as error:
            logger.warning("what is kept of the canary %s is damaged: %s", name, error)
    return found


def renew(db: Database, canaries: Iterable[Canary]) -> None:
    """Keep canaries in place of older ones of the same layout. To be called in a transaction.
    Raises StateError."""
    for canary in canaries:
        db.run(sql.RENEW_CANARY, *_row(canary))


def put(db: Database, canary: Canary) -> None:
    """Keep a canary in place of another one. Raises StateError."""
    db.run(sql.PUT_CANARY, *_row(canary))


def _row(canary: Canary) -> tuple[str, ...]:
    keys = json.dumps(canary.keys)
    return canary.name, canary.address, canary.layout, keys, canary.published_at
