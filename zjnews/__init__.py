"""zjnews: articles of 浙江在线 (zjol.com.cn) as clean, dated records.

    import zjnews
    article = zjnews.read(body, url="https://zjnews.zjol.com.cn/…/t20260914_31234567.shtml")
    print(article.title, article.published_at, article.record()["text"])

`read` raises `Rejected`, whose `reason` is one of docs/logs.md. Everything else is a Scrapy
project, see README.md.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zjnews.items import Article, Rejected
    from zjnews.loaders.reading import read

__version__ = "0.1.0"
__all__ = ["Article", "Rejected", "__version__", "read"]

_MODULES = {
    "Article": "zjnews.items",
    "Rejected": "zjnews.items",
    "read": "zjnews.loaders.reading",
}


def __getattr__(name: str) -> Any:
    """Imported at first use, since Scrapy imports this package before its own settings are read."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


# Nothing is printed unless the log is set up, as crawls do.
logging.getLogger("zjnews").addHandler(logging.NullHandler())
