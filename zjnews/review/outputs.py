"""The files of `reread`: one, or parts of so many records each; JSON Lines or Parquet."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import IO

from zjnews.feeds.drafts import Draft
from zjnews.feeds.parquet import ParquetExporter
from zjnews.feeds.storages import place
from zjnews.text.cleaning import counted

STDOUT = "-"
PARQUET = ".parquet"
ENDINGS = (".jsonl", ".jl", ".jsonlines", PARQUET)


class Output:
    """Where the records of a run go. Every file is there whole, or not at all."""

    def __init__(self, out: str, most: int | None = None) -> None:
        """`most`: records of each part, which have a number in their names; by default there is one
        file."""
        self.out = out
        self.most = most
        self.parts: list[Path] = []
        """Those that are whole."""

    def write(self, lines: Iterator[bytes]) -> None:
        """Write records, given as lines of JSON. Raises OSError."""
        if self.most is None:
            _write(self.out, lines)
            return
        for number, first in enumerate(lines, 1):
            part = part_of(self.out, number)
            _write(str(part), chain([first], islice(lines, self.most - 1)))
            self.parts.append(part)

    def result(self, why: str) -> str:
        """What was written, in words. `why`: the reason for which it is not all."""
        if not self.parts:
            return f"nothing written to {place(self.out)}: {why}" if why else self._written
        return f"{self._written}, and no more: {why}" if why else self._written

    @property
    def _written(self) -> str:
        if self.most is None:
            return f"written to {place(self.out)}"
        names = f": {place(str(self.parts[0]))} …" if self.parts else ""
        return f"{counted(len(self.parts), 'part')} written{names}"


def part_of(out: str, number: int) -> Path:
    """`news.jsonl`, 3  ->  `news-00003.jsonl`"""
    path = Path(out)
    return path.with_name(f"{path.stem}-{number:05}{path.suffix}")


def parts_before(out: str) -> list[Path]:
    """The parts of an earlier run."""
    path = Path(out)
    return sorted(path.parent.glob(f"{path.stem}-[0-9][0-9][0-9][0-9][0-9]*{path.suffix}"))


def _write(out: str, lines: Iterable[bytes]) -> None:
    with _opened(out) as file:
        if out.endswith(PARQUET):
            exporter = ParquetExporter(file)
            exporter.start_exporting()
            for line in lines:
                exporter.export_item(json.loads(line))
            exporter.finish_exporting()
        else:
            file.writelines(lines)
            file.flush()


def _opened(out: str) -> AbstractContextManager[IO[bytes]]:
    """Standard output, or a file that is written whole or not at all."""
    if out == STDOUT:
        return nullcontext(sys.stdout.buffer)
    is_pipe = Path(out).exists() and not Path(out).is_file()
    return Path(out).open("wb") if is_pipe else Draft(out)
