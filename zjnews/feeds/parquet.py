"""Parquet: the columns of the record with their types, written in row groups."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import IO, Any

from scrapy.exceptions import NotConfigured
from scrapy.exporters import BaseItemExporter

from zjnews.feeds.records import record_of, refuse_appending
from zjnews.items import RECORD_KEYS, RECORD_VERSION, Image

_LISTS_OF_NAMES = (
    "authors",
    "editors",
    "translators",
    "photographers",
    "sections",
    "keywords",
    "warnings",
)
_COMPRESSION = "zstd"


def _pyarrow() -> tuple[Any, Any]:
    """The modules `pyarrow` and `pyarrow.parquet`. Raises NotConfigured."""
    try:
        import pyarrow  # noqa: PLC0415  an optional install
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise NotConfigured("Parquet needs pyarrow: pip install pyarrow") from error
    return pyarrow, pyarrow.parquet


def _types(pa: Any) -> dict[str, Any]:
    """The type of every key of the record."""
    text, count = pa.string(), pa.int32()
    # One instant in a file however it is read; a reader that knows zones shows the day and hour
    # that the page printed, which UTC would move to the day before.
    beijing = pa.timestamp("us", "Asia/Shanghai")
    image = {field.name: text for field in fields(Image)}
    block = {"type": text, "text": text, **image, "rows": pa.list_(pa.list_(text))}
    others = {
        "published_at": beijing,
        "modified_at": beijing,
        "fetched_at": pa.timestamp("us", "UTC"),
        "body": pa.list_(pa.struct(block)),
        "images": pa.list_(pa.struct(image)),
        "videos": pa.list_(pa.struct({"url": text})),
        "page_count": count,
        "revision": count,
        **dict.fromkeys(_LISTS_OF_NAMES, pa.list_(text)),
    }
    return {key: others.get(key, text) for key in RECORD_KEYS}


def _column_names(chosen: Mapping[str, str] | Iterable[str] | None) -> dict[str, str]:
    """The name of the column by the key of the record. Raises NotConfigured."""
    named = dict(chosen) if isinstance(chosen, Mapping) else {key: key for key in chosen or ()}
    if unknown := [key for key in named if key not in RECORD_KEYS]:
        raise NotConfigured(f"the record has no {', '.join(unknown)}")
    return named or {key: key for key in RECORD_KEYS}


class ParquetExporter(BaseItemExporter):
    """Holds at most one row group in memory.

    `fields` chooses and names the columns; `encoding` and `indent` mean nothing here.
    """

    def __init__(self, file: IO[bytes], row_group_size: int = 1000, **options: Any) -> None:
        super().__init__(**options)
        refuse_appending(file, "Parquet")
        self.pa, self.parquet = _pyarrow()
        self.file = file
        self.row_group_size = row_group_size
        self.columns = _column_names(self.fields_to_export)
        types = _types(self.pa)
        self.schema = self.pa.schema(
            [(name, types[key]) for key, name in self.columns.items()],
            metadata={"record_version": str(RECORD_VERSION)},
        )
        self.rows: list[dict[str, Any]] = []

    def start_exporting(self) -> None:
        self.writer = self.parquet.ParquetWriter(self.file, self.schema, compression=_COMPRESSION)

    def export_item(self, item: Any) -> None:
        self.rows.append(record_of(item))
        if len(self.rows) >= self.row_group_size:
            self.write_rows()

    def finish_exporting(self) -> None:
        if self.rows:
            self.write_rows()
        self.writer.close()

    def write_rows(self) -> None:
        rows, self.rows = self.rows, []
        arrays = [
            self.array([row.get(key) for row in rows], kind)
            for key, kind in zip(self.columns, self.schema.types, strict=True)
        ]
        self.writer.write_batch(self.pa.record_batch(arrays, schema=self.schema))

    def array(self, values: list[Any], kind: Any) -> Any:
        if self.pa.types.is_timestamp(kind):
            return self.pa.array(values, self.pa.string()).cast(kind)
        return self.pa.array(values, kind)
