"""Archives on S3: which there are, and their bytes, by ranges. No connection stays open while pages
are read; one that breaks is made again, and goes on where it broke."""

import io
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO, Any, NamedTuple, cast

from zjnews.feeds.storages import REASONS, reason_of, s3_session
from zjnews.text.cleaning import error_in_words

SCHEME = "s3://"
_RANGE = 8 * 1024 * 1024
"""Bytes of a file that are asked for, and held, at a time."""
_CHUNK = 64 * 1024
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_PAUSES = (1, 2, 4, 8, 16)
"""Seconds before each further try, if nothing came since the one before."""
_CHANGED = "changed while it was read"
_REASONS = {
    **{code: reason for code, reason in REASONS.items() if code != "404"},  # of an object as well
    "NoSuchKey": "there is no such object",
    "PreconditionFailed": _CHANGED,
    "InvalidRange": _CHANGED,
    "412": _CHANGED,
}


class StoreError(Exception):
    """Objects that cannot be read; the message is one line for a person. No OSError, which would be
    taken for damage of an archive."""


class Stat(NamedTuple):
    """What is known of an object, by the names of `os.stat_result`."""

    st_size: int
    st_mtime: float


@dataclass(frozen=True, slots=True)
class S3File:
    """An object, read as a `Path` is."""

    bucket: str
    key: str
    size: int
    changed: float
    """When, in seconds since 1970."""
    etag: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    def exists(self) -> bool:
        return True  # it was listed

    def stat(self) -> Stat:
        return Stat(self.size, self.changed)

    def open(self, mode: str) -> IO[bytes]:
        """Reading it raises StoreError."""
        assert mode == "rb", "only read"
        return cast("IO[bytes]", io.BufferedReader(_Ranges(self), _CHUNK))

    def read_range(self, begin: int, length: int) -> bytes:
        """Bytes from a place on, fewer only at the end. Raises StoreError."""
        end = min(begin + length, self.size)
        got = bytearray()
        failures = 0
        while begin + len(got) < end:
            before = len(got)
            try:
                for chunk in self._chunks(begin + before, end):
                    got += chunk
                broken: Exception | None = None
            except _passing_errors() as error:
                broken = error
            except _botocore_exceptions().BotoCoreError as error:
                raise StoreError(f"{self}: {error_in_words(error)}") from error
            if begin + len(got) < end:
                failures = 0 if len(got) > before else failures + 1
                if failures > len(_PAUSES):
                    why = reason_of(broken, _REASONS) if broken else "its end is missing"
                    raise StoreError(f"{self}: at byte {begin + len(got):,}: {why}")
                time.sleep(_PAUSES[max(failures - 1, 0)])
        return bytes(got)

    def _chunks(self, begin: int, end: int) -> Iterator[bytes]:
        """Raises StoreError where the server refuses."""
        wanted = {"Range": f"bytes={begin}-{end - 1}", "IfMatch": self.etag}
        try:
            found = _client().get_object(Bucket=self.bucket, Key=self.key, **wanted)
        except _botocore_exceptions().ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise OSError(reason_of(error, _REASONS)) from error
            raise StoreError(f"{self}: {reason_of(error, _REASONS)}") from error
        yield from found["Body"].iter_chunks(_CHUNK)


class _Ranges(io.RawIOBase):
    """An object as a raw file. What was read last is held, so that going back a little asks for
    nothing again."""

    def __init__(self, file: S3File) -> None:
        super().__init__()
        self.file = file
        self.at = 0
        self.held = b""
        self.held_from = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.file.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self.at = base + offset
        return self.at

    def readinto(self, buffer: Any) -> int:
        if self.at >= self.file.size:
            return 0
        if not self.held_from <= self.at < self.held_from + len(self.held):
            self.held = self.file.read_range(self.at, _RANGE)
            self.held_from = self.at
        begin = self.at - self.held_from
        found = self.held[begin : begin + len(buffer)]
        buffer[: len(found)] = found
        self.at += len(found)
        return len(found)


def objects_at(address: str, endings: tuple[str, ...]) -> list[S3File]:
    """The objects with some endings that `s3://BUCKET/KEY` or `s3://BUCKET/FOLDER` names, in the
    order of files in folders. Raises StoreError."""
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise StoreError(f"{address}: name a bucket, and an object or folder in it")
    is_object = key.lower().endswith(endings)
    prefix = key if is_object or not key else f"{key.rstrip('/')}/"
    known = _botocore_exceptions()
    try:
        found = [file for file in _listed(bucket, prefix) if file.key.lower().endswith(endings)]
    except known.ClientError as error:
        raise StoreError(f"{address}: {reason_of(error, _REASONS)}") from error
    except known.BotoCoreError as error:
        raise StoreError(f"{address}: {error_in_words(error)}") from error
    if is_object:
        found = [file for file in found if file.key == key]
    if not found:
        raise StoreError(f"{address}: there is no archive ({', '.join(endings)})")
    return sorted(found, key=lambda file: file.key.split("/"))


def _listed(bucket: str, prefix: str) -> Iterator[S3File]:
    pages = _client().get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            changed = one["LastModified"].timestamp()
            yield S3File(bucket, one["Key"], one["Size"], changed, one["ETag"])


@cache
def _client() -> Any:
    from botocore.config import Config  # noqa: PLC0415  an optional install

    seconds = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": _READ_SECONDS}
    return s3_session().client("s3", config=Config(**seconds))


# A process must not share connections with the one that it was forked from.
os.register_at_fork(after_in_child=_client.cache_clear)


def _botocore_exceptions() -> Any:
    try:
        import botocore.exceptions  # noqa: PLC0415  an optional install
    except ImportError as error:
        raise StoreError("S3 needs boto3: pip install 'zjnews[s3]'") from error
    return botocore.exceptions


def _passing_errors() -> tuple[type[Exception], ...]:
    """What a connection that breaks raises."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  comes with boto3

    known = _botocore_exceptions()
    ours = (known.ConnectionError, known.HTTPClientError, known.IncompleteReadError)
    return (*ours, HTTPError, OSError)
