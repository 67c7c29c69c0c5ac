"""What only this run needs: ids that are taken, near copies, articles that were left over."""

from collections.abc import Iterator

from zjnews.state import sql
from zjnews.state.database import Database
from zjnews.text import sketches

_CANDIDATES = 16
"""Articles of one band that are looked at, oldest first; a band that more share is a form text."""
_TOGETHER = 500
"""Articles whose bands are written at a time."""
_BANDED = "banded"
"""The fact that holds up to which key articles have their bands."""


class Run:
    """Bands are an index of the sketches in `articles`. As they are random, each is written to a
    page of its own, and they would cost more than all else that is written of an article: they are
    held in memory and written together, those of a run that was killed by the next one."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.db.run(sql.NOTE_LEFT_OVER)
        self.sketches: dict[str, bytes] = {}
        """By id, of the articles that are the first of their kind and have no bands yet."""
        self.bands: dict[int, list[str]] = {}
        """The ids that share a band."""
        self.known: set[str] = set()
        """Those of them that are in `articles`."""
        self.write_bands()

    def is_left_over(self, id_: str) -> bool:
        """Whether a record of an article waited when this run began: it need not be asked for."""
        return self.db.one(sql.LEFT_OVER, id_) is not None

    def claim(self, id_: str, url: str) -> str | None:
        """Take an id for this run. The address that has taken it before, if any."""
        if self.db.run(sql.CLAIM, id_, url):
            return None
        return str(self.db.one(sql.CLAIMED, id_)[0])

    def first_like(self, id_: str, sketch: bytes) -> str | None:
        """The id of the first article whose text is like this one's. Where there is none, this one
        is the first for those that come after it."""
        for other, known in self._candidates(sketches.bands(sketch)):
            if other != id_ and sketches.likeness(sketch, known) >= sketches.ALIKE:
                return other
        self._hold(id_, sketch)
        return None

    def _candidates(self, bands: tuple[int, ...]) -> Iterator[tuple[str, bytes]]:
        """Id and sketch of the articles that share a band, in the order they came."""
        keys = {key for band in bands for [key] in self.db.rows(sql.BAND, band, _CANDIDATES)}
        for key in sorted(keys):
            found = self.db.one(sql.SKETCH, key)
            if found and found[1]:
                yield found
        if held := {id_ for band in bands for id_ in self.bands.get(band, ())[:_CANDIDATES]}:
            yield from (pair for pair in self.sketches.items() if pair[0] in held)

    def _hold(self, id_: str, sketch: bytes) -> None:
        self.sketches[id_] = sketch
        for band in sketches.bands(sketch):
            self.bands.setdefault(band, []).append(id_)

    def sketch_of_known(self, id_: str) -> bytes | None:
        """The sketch of an article that becomes known, if it is the first of its kind."""
        if id_ in self.sketches:
            self.known.add(id_)
        return self.sketches.get(id_)

    def write_bands(self) -> None:
        """Write the bands of all known articles that have none. Raises StateError."""
        with self.db.transaction():
            [newest] = self.db.one(sql.NEWEST_ARTICLE)
            [banded] = self.db.one(sql.FACT, _BANDED) or [newest]
            found = self.db.rows(sql.SKETCHES_SINCE, int(banded))
            rows = [(band, key) for key, sketch in found for band in sketches.bands(sketch)]
            self.db.run_all(sql.PUT_BAND, sorted(rows))  # one page after the other
            self.db.run(sql.PUT_FACT, _BANDED, str(newest))
        waiting = [pair for pair in self.sketches.items() if pair[0] not in self.known]
        for held in (self.sketches, self.bands, self.known):
            held.clear()
        for id_, sketch in waiting:
            self._hold(id_, sketch)

    def write_bands_if_many(self) -> None:
        if len(self.known) >= _TOGETHER:
            self.write_bands()
