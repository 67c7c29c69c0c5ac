"""Feed formats beyond Scrapy's own JSON, and what they all need to know of an item and a file."""

from typing import Any

from itemadapter import ItemAdapter
from scrapy.exceptions import NotConfigured
from scrapy.extensions.postprocessing import PostProcessingManager

from zjnews.items import Article


def record_of(item: Any) -> dict[str, Any]:
    """The record of an article; an item of any other kind is taken as it is."""
    return item.record() if isinstance(item, Article) else ItemAdapter(item).asdict()


def is_empty(file: Any) -> bool:
    """Whether a file has no content yet; so it is taken for a pipe, which does not know."""
    if isinstance(file, PostProcessingManager):
        return True  # its first bytes may be the header of a compressor
    try:
        return bool(file.tell() == 0)
    except OSError:
        return True  # a pipe


def refuse_appending(file: Any, name: str) -> None:
    """Raise NotConfigured over a file that already holds something and can hold no second
    document."""
    if not is_empty(file):
        raise NotConfigured(f"nothing can be appended to a {name} file; overwrite it (-O) instead")
