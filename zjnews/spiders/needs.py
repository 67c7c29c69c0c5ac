"""The settings that the spiders need: added in any process that runs them; what is missing or
mistyped is refused at the start."""

from difflib import get_close_matches
from typing import Any

from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings, default_settings
from scrapy.utils.misc import load_object

OWN = "zjnews.settings"
_COMPONENTS = ("EXTENSIONS", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")
"""What a user adds to these is merged with ours."""
_BY_NAME = ("FEED_EXPORTERS", "FEED_STORAGES", "DOWNLOAD_HANDLERS")
_OPTIONAL = ("zjnews.pipelines.images.ArticleImagesPipeline",)
_REQUIRED_EXTENSION = "zjnews.extensions.delivery.Delivery"


def own_settings() -> BaseSettings:
    own = BaseSettings()
    own.setmodule(OWN)
    return own


def complete(settings: BaseSettings, needs_pipelines: bool = True) -> None:
    """Set what a process has not set, with the priority of an add-on: a project's settings and the
    command line override it. Raises UsageError."""
    own = own_settings()
    check_names(settings, own)
    for name in own:
        settings.set(name, own[name], priority="addon")
    for name in (*_COMPONENTS, *_BY_NAME):
        given = settings.getdict(name)
        known = {_loaded(name, key) for key in given}
        ours = own.getdict(name).items()
        missing = {key: value for key, value in ours if _loaded(name, key) not in known}
        if missing:
            # One higher, since `CrawlerProcess` sets its settings once more.
            above = (settings.getpriority(name) or 0) + 1
            settings.set(name, {**given, **missing}, above)
    if needs_pipelines:
        check_pipelines(settings, own)
    check_extensions(settings)
    check_values(settings, own)


def _loaded(name: str, key: Any) -> Any:
    """A component, given by its path or itself; any other key as it is."""
    return load_object(key) if name in _COMPONENTS else key


def check_names(settings: BaseSettings, own: BaseSettings) -> None:
    """Raises UsageError for an unknown setting whose name is like one of ours."""
    ours = [name for name in own if not hasattr(default_settings, name)]
    for name in settings:
        if name in own or hasattr(default_settings, name):
            continue
        if near := get_close_matches(name.upper(), ours, 1, 0.8):
            raise UsageError(f"no setting {name}; did you mean {near[0]}?")


def check_pipelines(settings: BaseSettings, own: BaseSettings) -> None:
    """Raises UsageError if records would be left unfinished."""
    required = [path for path in own.getdict("ITEM_PIPELINES") if path not in _OPTIONAL]
    given = {load_object(path): order for path, order in settings.getdict("ITEM_PIPELINES").items()}
    orders = [given.get(load_object(path)) for path in required]
    missing = [path for path, order in zip(required, orders, strict=True) if order is None]
    if missing:
        raise UsageError(
            f"ITEM_PIPELINES lacks {', '.join(missing)}; add yours to those of {OWN}:"
            " ITEM_PIPELINES = {**zjnews.settings.ITEM_PIPELINES, 'my.Pipeline': 950}"
        )
    if orders != sorted(orders, key=lambda order: order or 0):
        raise UsageError(f"ITEM_PIPELINES: the order of those of zjnews must stay as in {OWN}")


def check_extensions(settings: BaseSettings) -> None:
    """Raises UsageError if failures would not be counted."""
    extensions = {load_object(path): n for path, n in settings.getdict("EXTENSIONS").items()}
    if extensions.get(load_object(_REQUIRED_EXTENSION)) is None:
        raise UsageError(f"EXTENSIONS lacks {_REQUIRED_EXTENSION}")


def check_values(settings: BaseSettings, own: BaseSettings) -> None:
    """See that numbers of our own, and all switches that we set, can be read. Raises UsageError."""
    for name, value in own.items():
        if isinstance(value, bool):
            try:
                settings.getbool(name)
            except ValueError as error:
                raise UsageError(f"{name}={settings[name]} is neither 1 nor 0") from error
        elif isinstance(value, (int, float)) and not hasattr(default_settings, name):
            try:
                is_good = 0 <= settings.getfloat(name) < float("inf")
            except (TypeError, ValueError):
                is_good = False
            if not is_good:
                raise UsageError(f"{name}={settings[name]} is no number of 0 or more")
    if settings["JOBDIR"]:
        raise UsageError(
            "JOBDIR is of no use here: STATE_DB remembers what was found, so that a crawl which was"
            " stopped goes on when it is run again"
        )
