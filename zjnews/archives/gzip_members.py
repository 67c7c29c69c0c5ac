"""WARC records that are a gzip member each, as nearly all are, in half of warcio's time.

What is damaged, large or of another form is left to warcio, which has a word for each.
"""

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from isal.igzip_lib import DECOMP_GZIP, IgzipDecompressor, IsalError
from warcio.statusandheaders import StatusAndHeaders

_CHUNK = 16 * 1024
_HEAD = re.compile(rb"(WARC/(?:1\.[01]|0\.1[78]))\r\n((?:[\w-]+: [!-~][ -~]*\r\n)+)\r\n")
_FIELD = re.compile(r"(.+?): (.*?) *\r\n")
_END = b"\r\n\r\n"


class Member(NamedTuple):
    """A record that is a whole gzip member."""

    headers: StatusAndHeaders
    block: bytes
    offset: int
    """Where the member begins in the file."""
    length: int
    """Of the member, in bytes."""


def gzip_members(stream: IO[bytes], start: int, most: int) -> Iterator[Member]:
    """The members of a file from a byte on, up to the first that is not whole, not in plain form,
    or holds a block of more than so many bytes."""
    read = b""  # beyond the last member
    while True:
        stream.seek(start + len(read))
        packed = read if len(read) > _CHUNK else read + stream.read(_CHUNK)
        unpacker = IgzipDecompressor(flag=DECOMP_GZIP)
        try:
            pieces = [unpacker.decompress(packed, _CHUNK)]
            head = _HEAD.match(pieces[0])
            if head is None or (headers := _plain_headers(head)) is None:
                return
            size = int(headers.get_header("Content-Length"))
            left = head.end() + size + len(_END) - len(pieces[0])
            length = len(packed)
            while not unpacker.eof and left >= 0 and size <= most:
                packed = stream.read(_CHUNK) if unpacker.needs_input else b""
                if not packed and unpacker.needs_input:
                    return
                length += len(packed)
                pieces.append(unpacker.decompress(packed, left + 1))
                left -= len(pieces[-1])
        except IsalError:  # type: ignore[misc]  # its stub makes it an instance
            return
        record = b"".join(pieces)
        if not unpacker.eof or left or not record.endswith(_END):
            return
        read = unpacker.unused_data
        length -= len(read)
        yield Member(headers, record[head.end() : -len(_END)], start, length)
        start += length


def _plain_headers(head: re.Match[bytes]) -> StatusAndHeaders | None:
    """The fields of a record, None where warcio would mend them or finds no length."""
    fields = _FIELD.findall(head[2].decode("ascii"))
    headers = StatusAndHeaders("", fields, head[1].decode("ascii"))
    url = headers.get_header("WARC-Target-URI") or ""
    is_odd = " " in url or url.startswith("<")
    return (
        headers if (headers.get_header("Content-Length") or "").isdigit() and not is_odd else None
    )
