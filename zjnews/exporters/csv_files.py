"""CSV for spreadsheets and data frames: lists and blocks stand in their cell as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from scrapy.exporters import CsvItemExporter

from zjnews.exporters import is_empty, record_of


class CsvExporter(CsvItemExporter):
    """Scrapy's own, but a list is JSON in its cell, and a file that is appended to keeps its one
    line of headers.

    JSON, since a name or keyword may hold whatever would separate it from the next.
    """

    def __init__(self, file: IO[bytes], include_headers_line: bool = True, **options: Any) -> None:
        headers = include_headers_line and is_empty(file)
        super().__init__(file, include_headers_line=headers, **options)  # type: ignore[arg-type]

    def serialize_field(self, field: Mapping[str, Any], name: str, value: Any) -> Any:
        if isinstance(value, (list, dict)):
            return json.dumps(value, ensure_ascii=False)
        return value

    def export_item(self, item: Any) -> None:
        super().export_item(record_of(item))
