"""What every `scrapy` command of ours loads; imported once, by the process that forks them."""

import gc
from importlib import import_module

from scrapy.utils.misc import walk_modules_iter

MODULES = (
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.downloader.tls",
    "scrapy.crawler",
    "scrapy.extensions.memusage",
    "scrapy.extensions.throttle",
    "scrapy.squeues",
    "trafilatura.core",
)
PACKAGES = (
    "scrapy.commands",
    "scrapy.downloadermiddlewares",
    "scrapy.spidermiddlewares",
    "zjnews",
)

for name in MODULES:
    import_module(name)
for name in PACKAGES:
    list(walk_modules_iter(name))
gc.collect()
gc.freeze()  # the collector of a fork need not touch it, which would copy its memory
