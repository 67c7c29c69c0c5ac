"""Undoes the Content-Encoding of an answer: what its header says, and what it is in spite of that.

One code for what a crawl fetches and what an archive holds, so that both give the same page.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import brotli

from zjnews.items import Rejected

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_LAYERS = 5
_GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_OF_TEXT = bytes({*range(256)} - {*range(9), *range(14, 27), *range(28, 32)})
"""Bytes that a text may hold in some charset that ASCII is a part of."""
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]{0,2000}<")
_SAMPLE = 2_000
_CHUNK = 4_096
_GZIP_TRAILER = 8
_MOST_PARTS = 10_000
"""Gzip members or zstd frames, of which there may be a million in a page without a word."""
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
"""The largest window that HTTP allows (RFC 9659), 8 MB; a frame may ask for 2 GB."""


_ReadPart = Callable[[int, int], tuple[bytes, int]]
"""From the byte where it begins, and the bytes that there is room for: what it gives, its end."""


class _DamagedError(Exception):
    """Bytes that are not of a coding, or end before it does, having given a part of it."""

    def __init__(self, why: str, part: bytes = b"") -> None:
        super().__init__(why)
        self.part = part


def decoded(body: bytes, labels: Iterable[str], most: int) -> bytes:
    """A body without its codings, as a browser reads it.

    `labels` are the values of the Content-Encoding headers, `gzip, br`. A label on a body that is
    plain says nothing; a body that is packed without a label, or once more than labelled, is
    unpacked. Raises Rejected: `unreadable` for a coding that is damaged or ends early, `too-large`
    for one that gives more than `most` bytes.
    """
    named = [name for label in labels for name in re.split(r"[\s,]+", label.lower()) if name]
    wanted = [name.removeprefix("x-") for name in named if name.removeprefix("x-") in _DECODERS]
    if len(wanted) > _MOST_LAYERS:
        raise Rejected("unreadable", f"{len(wanted)} codings one in the other")
    for name in reversed(wanted):
        try:
            body = _DECODERS[name](body, most)
        except _DamagedError as error:
            is_text = error.part and _may_be_text(error.part)
            if is_text or _is_packed(body, name):
                raise Rejected("unreadable", f"its {name} coding {error}") from error
            break
    return _unlabelled(body, most)


def _unlabelled(body: bytes, most: int) -> bytes:
    """A body without the codings that no label names, known by their first bytes or by markup
    inside. Anything else may be meant as it is: an archive, a picture."""
    for _ in range(_MOST_LAYERS):
        if _may_be_text(body):
            break
        for name in _candidates(body):
            try:
                found = _DECODERS[name](body, most)
            except _DamagedError:
                continue
            if _MARKUP.match(found) or found.startswith((_GZIP, ZSTD)):
                body = found
                break
        else:
            break
    return body


def _candidates(body: bytes) -> list[str]:
    if body.startswith(_GZIP):
        return ["gzip"]
    if body.startswith(ZSTD):
        return ["zstd"]
    return ["deflate", "br"] if _ZLIB.match(body) else ["br"]


def _is_packed(body: bytes, name: str) -> bool:
    """Whether bytes that a coding could not undo are of that coding, and damaged."""
    if name == "gzip":
        return body.startswith(_GZIP)
    if name == "zstd":
        return body.startswith(ZSTD)
    return not _may_be_text(body) and not body.startswith((_GZIP, ZSTD))


def _may_be_text(body: bytes) -> bool:
    # A regular expression takes five times as long, for every page.
    return not body[:_SAMPLE].translate(None, _OF_TEXT)


def _by_gzip(body: bytes, most: int) -> bytes:
    """All members put together. As for browsers, checksums and what follows do not count."""

    def member(at: int, room: int) -> tuple[bytes, int]:
        decoder = zlib.decompressobj(-zlib.MAX_WBITS)
        found, end = _streamed(decoder, body, _after_head(body, at), room)
        return found, end + _GZIP_TRAILER

    return _together(body, _GZIP, member, most)


def _by_zstd(body: bytes, most: int) -> bytes:
    """All frames put together."""

    def frame(at: int, room: int) -> tuple[bytes, int]:
        return _streamed(zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), body, at, room)

    return _together(body, ZSTD, frame, most)


def _together(body: bytes, magic: bytes, read: _ReadPart, most: int) -> bytes:
    """What the parts of a body give that begin with the same bytes, one after the other."""
    pieces: list[bytes] = []
    at, room = 0, most
    while body.startswith(magic, at):
        piece, at = read(at, room)
        pieces.append(piece)
        room -= len(piece)
        if len(pieces) > _MOST_PARTS:
            raise _DamagedError(f"has more than {_MOST_PARTS:,} parts")
    if not pieces:
        raise _DamagedError("is damaged")
    return b"".join(pieces)


def _after_head(body: bytes, at: int) -> int:
    """Where the data of a gzip member begin (RFC 1952, 2.3)."""
    flags = int.from_bytes(body[at + 3 : at + 4], "big")
    at += 10
    if flags & 4:
        at += 2 + int.from_bytes(body[at : at + 2], "little")
    for name_or_comment in (8, 16):
        if flags & name_or_comment:
            at = body.find(b"\0", at) + 1 or len(body)
    return at + (2 if flags & 2 else 0)


def _by_deflate(body: bytes, most: int) -> bytes:
    """As the standard says, or without the head that some servers leave out."""
    try:
        return _streamed(zlib.decompressobj(), body, 0, most)[0]
    except _DamagedError:
        return _streamed(zlib.decompressobj(-zlib.MAX_WBITS), body, 0, most)[0]


def _streamed(decoder: Any, body: bytes, at: int, room: int) -> tuple[bytes, int]:
    """What a decoder makes of a body from a byte on, and where it ends. In small pieces, since it
    copies what it does not take."""
    pieces: list[bytes] = []
    size = 0
    while not decoder.eof:
        chunk = body[at : at + _CHUNK]
        if not chunk:
            raise _DamagedError("ends early")
        try:
            pieces.append(decoder.decompress(chunk, room - size + 1))
        except (zlib.error, zstd.ZstdError) as error:
            raise _DamagedError("is damaged") from error
        at += len(chunk)
        size += len(pieces[-1])
        _check_size(size, room)
    return b"".join(pieces), at - len(decoder.unused_data)


def _by_brotli(body: bytes, most: int) -> bytes:
    decoder = brotli.Decompressor()
    try:
        found = bytes(decoder.process(body, output_buffer_limit=most + 1))
    except brotli.error as error:
        raise _DamagedError("is damaged") from error
    _check_size(len(found), most)
    if not decoder.is_finished():
        raise _DamagedError("ends early", found)
    return found


def _check_size(size: int, room: int) -> None:
    if size > room:
        raise Rejected("too-large", "its coding gives more than a page may have")


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _by_gzip,
    "deflate": _by_deflate,
    "br": _by_brotli,
    "zstd": _by_zstd,
}
