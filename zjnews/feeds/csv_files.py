"""CSV for spreadsheets and data frames: lists and blocks are JSON in their cell."""

import json
from collections.abc import Mapping
from typing import IO, Any, Self

from scrapy.crawler import Crawler
from scrapy.exporters import CsvItemExporter

from zjnews.feeds.records import is_empty, record_of

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a formula begins with, in Excel, LibreOffice or their Chinese editions."""


class CsvExporter(CsvItemExporter):
    """Scrapy's own, but a list is JSON in its cell, and a file that is appended to keeps its one
    line of headers.

    JSON, since a name or keyword may hold whatever would separate it from the next.
    """

    def __init__(
        self,
        file: IO[bytes],
        include_headers_line: bool = True,
        for_spreadsheets: bool = False,
        **options: Any,
    ) -> None:
        """`for_spreadsheets`: put an apostrophe before a text that a spreadsheet would calculate;
        the setting CSV_FOR_SPREADSHEETS."""
        headers = include_headers_line and is_empty(file)
        super().__init__(file, include_headers_line=headers, **options)  # type: ignore[arg-type]
        self.for_spreadsheets = for_spreadsheets

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **options: Any) -> Self:
        options.setdefault("for_spreadsheets", crawler.settings.getbool("CSV_FOR_SPREADSHEETS"))
        return cls(*args, **options)

    def serialize_field(self, field: Mapping[str, Any], name: str, value: Any) -> Any:
        if isinstance(value, (list, dict)):
            return json.dumps(value, ensure_ascii=False)
        if self.for_spreadsheets and isinstance(value, str) and value.startswith(_FORMULA):
            return f"'{value}"
        return value

    def export_item(self, item: Any) -> None:
        super().export_item(record_of(item))
