"""What follows from the body: text, images, videos, content hash."""

import hashlib

from zjnews.items import Article, text_of
from zjnews.pages.guard import bounded_item
from zjnews.text.cleaning import normal_form


class DerivedPipeline:
    """Runs after everything that may change title or body."""

    @bounded_item
    def process_item(self, item: Article) -> Article:
        item.text = text_of(item.body)
        item.images = [block.image for block in item.body if block.image]
        item.videos = [block.url for block in item.body if block.url]
        item.content_hash = content_hash(item.title or "", item.text)
        return item


def content_hash(title: str, text: str) -> str:
    """SHA-256 (hex) of title and text after Unicode NFKC and white-space folding."""
    return hashlib.sha256(normal_form(f"{title}\n\n{text}").encode()).hexdigest()
