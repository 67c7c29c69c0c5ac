"""Pictures and videos: the addresses that the markup gives of them, and which are the article's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from zjnews.site import addresses

_VIDEO_FILE = re.compile(
    r"(?:https?:)?(?:\\?/){2}[\w.-]{1,80}(?:\\?/[\w.-]{1,80}){1,9}\.(?:mp4|m3u8)\b", re.I
)
_PLAYER = re.compile(r"player|video|//v[.-]|\.mp4", re.I)
_WEB = ("http:", "https:")
_IMAGE_SOURCES = ("data-src", "data-original", "data-url", "data-lazy-src", "_src", "src")
_SOURCE_SETS = ("data-srcset", "srcset")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,30}:", re.I)
_MOST_SOURCES = 10
"""How many `source` of a `picture` are looked at, which libxml2 puts into each other."""
_SET_LENGTH = 4000  # characters of a `srcset` that are looked at
_SET_SEPARATOR = re.compile(r",\s+|(?<=\d[wx]),|,$")
_SET_SIZE = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)[wx]")
_AD = re.compile(r"(?:https?:)?//(?:ads?|adv|gg|guanggao)\d{0,2}\.", re.I)
"""Hosts of advertisements: `ad.zjol.com.cn`."""
_ICON_WORDS = ("icon", "logo", "blank", "space", "pixel", "qrcode", "ewm")
_ICON_ENDS = (".gif", ".png", ".svg")
_PIXELS = re.compile(r"\d{1,6}(?!\d|\s*%)")
_ICON_PIXELS = 40  # pictures that the page itself makes smaller than this are ornaments


def join(base: str, address: str) -> str | None:
    """The absolute address that a browser would ask for; None where it is broken, or not of the web
    (`file:`, `data:`)."""
    url = addresses.join(base, address)
    return url if url and url.startswith(_WEB) else None


def is_of_file(base: str, address: str) -> bool:
    """Whether a picture lies beside a page that was saved to a file: no place that anybody else
    has."""
    return not base.startswith(_WEB) and not _SCHEME.match(address)


def picture_address(image: etree._Element) -> str | None:
    """The address of the picture that an `img` shows in the end; None for an ornament."""
    address = next((a for a in _addresses(image) if not _is_icon(a)), None)
    return None if address is None or _is_small(image) else address


def is_advertisement(address: str) -> bool:
    """Whether an address is of a host of advertisements."""
    return bool(_AD.match(address))


def videos_in(script: str) -> Iterator[str]:
    """The addresses of the videos that a script plays."""
    if ".mp4" in script or ".m3u8" in script:
        yield from (found[0].replace("\\/", "/") for found in _VIDEO_FILE.finditer(script))


def is_player(element: etree._Element, address: str) -> bool:
    """Whether an element plays what is at its address; an `iframe` may show anything."""
    return element.tag != "iframe" or bool(_PLAYER.search(address))


def _addresses(image: etree._Element) -> Iterator[str]:
    """The addresses that an `img` gives of its picture, the one to be shown in the end first."""
    yield from filter(None, ((image.get(name) or "").strip() for name in _IMAGE_SOURCES))
    around = islice(image.iterancestors(), _MOST_SOURCES)
    picture = next((element for element in around if element.tag == "picture"), None)
    parts = () if picture is None else islice(picture.iter(), 2 * _MOST_SOURCES)
    for element in (image, *(part for part in parts if part.tag == "source")):
        for name in _SOURCE_SETS:
            yield from _largest_of(element.get(name) or "")


def _is_icon(address: str) -> bool:
    """Whether the file name of a picture is that of an ornament."""
    address = address.lower()
    name = address.rpartition("/")[2]
    has_word = name.endswith(_ICON_ENDS) and any(word in name[:-4] for word in _ICON_WORDS)
    return has_word or "loading" in name or address.startswith("data:")


def _largest_of(source_set: str) -> list[str]:
    """The address of the largest picture in a `srcset`, if there is one."""
    pictures = [part.split() for part in _SET_SEPARATOR.split(source_set[:_SET_LENGTH])]
    sizes = {part[0]: _size_of(part[-1]) for part in pictures if part}
    return [max(sizes, key=lambda address: sizes[address])] if sizes else []


def _size_of(descriptor: str) -> float:
    """`640w`  ->  640, `2x`  ->  2"""
    size = _SET_SIZE.fullmatch(descriptor)
    return float(size[1]) if size else 1.0


def _is_small(element: etree._Element) -> bool:
    """Whether the page draws a picture too small to be one of the article's."""
    for side in ("width", "height"):
        pixels = _PIXELS.match(element.get(side) or "")
        if pixels and int(pixels[0]) < _ICON_PIXELS:
            return True
    return False
