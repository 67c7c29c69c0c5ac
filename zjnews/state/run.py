"""What this run holds and no other is told: ids that are taken, near copies, what was left over."""

from __future__ import annotations

from zjnews import sketches
from zjnews.state import sql
from zjnews.state.database import Database

_CANDIDATES = 16
"""Articles of one band that are looked at, oldest first; a band that more share is a form text."""


class Run:
    """Temporary tables, which end with the connection."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.db.run(sql.NOTE_LEFT_OVER)

    def is_left_over(self, id_: str) -> bool:
        """Whether a record of an article waited when this run began: it need not be asked for."""
        return self.db.one(sql.LEFT_OVER, id_) is not None

    def claim(self, id_: str, url: str) -> str | None:
        """Take an id for this run. The address that has taken it before, if any."""
        if self.db.run(sql.CLAIM, id_, url):
            return None
        return str(self.db.row(sql.CLAIMED, id_)[1])

    def first_like(self, id_: str, sketch: bytes) -> str | None:
        """The id of the first article whose text is like this one's. Where there is none, this one
        is the first for those that come after it."""
        numbers = sketches.bands(sketch)
        tables = ((sql.BAND, sql.SKETCH), (sql.CLAIM_BAND, sql.CLAIMED_SKETCH))
        for bands, articles in tables:
            for other, known in self._candidates(bands, articles, numbers):
                if other != id_ and sketches.likeness(sketch, known) >= sketches.ALIKE:
                    return other
        [key, _, _] = self.db.row(sql.CLAIMED, id_)
        self.db.run_all(sql.PUT_CLAIM_BAND, [(number, key) for number in numbers])
        self.db.run(sql.CLAIM_SKETCH, sketch, id_)
        return None

    def _candidates(
        self, bands: str, articles: str, numbers: tuple[int, ...]
    ) -> list[tuple[str, bytes]]:
        """Id and sketch of the articles that share a band, in the order they came."""
        keys = {key for number in numbers for [key] in self.db.rows(bands, number, _CANDIDATES)}
        found = (self.db.one(articles, key) for key in sorted(keys))
        return [article for article in found if article and article[1]]

    def take_sketch(self, id_: str) -> bytes | None:
        """The sketch of an article that is the first of its kind; it is held here no longer."""
        claimed = self.db.one(sql.CLAIMED, id_)
        if claimed is None or claimed[2] is None:
            return None
        bands = sketches.bands(claimed[2])
        self.db.run_all(sql.DROP_CLAIM_BAND, [(number, claimed[0]) for number in bands])
        return bytes(claimed[2])
