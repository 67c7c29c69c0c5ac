"""Where feeds go: files that are whole or not there, and S3; and whether they can go there."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.extensions.feedexport import FileFeedStorage, S3FeedStorage
from scrapy.utils.misc import build_from_crawler, load_object
from twisted.internet.defer import Deferred

from zjnews.feeds.drafts import Draft
from zjnews.state.outbox import Appended
from zjnews.text.cleaning import error_in_words, without_credentials, without_user

_CHUNK = 1024 * 1024
_S3_TRIES = 3
_S3_CONNECT_SECONDS = 10
_S3_READ_SECONDS = 60
REASONS = {
    "NoSuchBucket": "there is no such bucket",
    "404": "there is no such bucket",
    "InvalidAccessKeyId": "the access key is not known",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "AccessDenied": "access is denied",
    "403": "access is denied",
}


NO_CREDENTIALS = "credentials do not belong into an address; see docs/feeds.md"


class FeedError(Exception):
    """A feed cannot go where it should; the message is one line for a person, without secrets."""


class WholeFileStorage(FileFeedStorage):
    """A local file that appears under its name when it is whole. Appending makes a new whole file
    of the old one and what is new."""

    draft: Draft | None = None
    begins = 0
    """Bytes of the old file that were taken over."""

    @property
    def appends(self) -> bool:
        return self.write_mode == "ab"

    def open(self, spider: Spider | None) -> IO[bytes]:
        target = Path(os.path.realpath(self.path))
        if target.exists() and not target.is_file():
            return super().open(cast("Spider", spider))  # a pipe, a device
        target.parent.mkdir(parents=True, exist_ok=True)
        self.draft = Draft(target)
        if self.appends and target.exists():
            try:
                with target.open("rb") as old:
                    shutil.copyfileobj(old, self.draft.file, _CHUNK)
            except OSError:
                self.draft.discard()
                raise
        self.begins = self.draft.file.tell()
        return self.draft.file

    def previous(self) -> bytes:
        """What the file holds now."""
        try:
            return Path(self.path).read_bytes()
        except FileNotFoundError:
            return b""

    def appended(self, file: IO[bytes]) -> Appended:
        """What a file that is about to be stored adds to the old one."""
        file.flush()
        end = file.seek(0, os.SEEK_END) if file.seekable() else self.begins
        return Appended(self.begins, end - self.begins, _digest(file, self.begins))

    def has(self, appended: Appended) -> bool:
        """Whether the file holds what an earlier run has appended."""
        try:
            with Path(self.path).open("rb") as file:
                return _digest(file, appended.begins, appended.length) == appended.digest
        except OSError:
            return False

    def store(self, file: IO[bytes]) -> Deferred[None] | None:
        if self.draft is None:
            return super().store(file)
        self.draft.keep()
        return None

    def discard(self, file: IO[bytes]) -> None:
        """Leave everything as it was before."""
        if self.draft is not None:
            self.draft.discard()


class S3Storage(S3FeedStorage):
    """Scrapy's own, with credentials from the environment or the usual files only, and tries that
    end in reasonable time. boto3 sends large files in parts."""

    def __init__(self, uri: str, *args: Any, **options: Any) -> None:
        if has_credentials(uri):
            raise NotConfigured(NO_CREDENTIALS)
        super().__init__(uri, *args, **options)
        from botocore.config import Config  # noqa: PLC0415  an optional install

        self.s3_client = s3_session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region_name,
            config=Config(
                connect_timeout=_S3_CONNECT_SECONDS,
                read_timeout=_S3_READ_SECONDS,
                retries={"total_max_attempts": _S3_TRIES},
            ),
        )

    def previous(self) -> bytes:
        """What the object holds now."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  an optional install

        try:
            found = self.s3_client.get_object(Bucket=self.bucketname, Key=self.keyname)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
                return b""
            raise
        return bytes(found["Body"].read())


@cache
def s3_session() -> Any:
    """One for all batches: a client of a new one takes ten times as long to make."""
    import boto3.session  # noqa: PLC0415  an optional install

    return boto3.session.Session()


def _digest(file: IO[bytes], begins: int, length: int = -1) -> str:
    """SHA-256 (hex) of a stretch of a file, by default to its end; empty for one of another
    length."""
    file.seek(begins)
    hashed, rest = hashlib.sha256(), length
    while rest and (chunk := file.read(min(_CHUNK, rest) if rest > 0 else _CHUNK)):
        hashed.update(chunk)
        rest -= len(chunk) if rest > 0 else 0
    return hashed.hexdigest() if rest <= 0 else ""


def place(uri: str) -> str:
    """A local path in full, so that it can be found; any other address without its credentials."""
    if "://" not in uri:
        return str(Path(uri).absolute()) if uri != "stdout:" else uri
    return without_credentials(uri)


def has_credentials(uri: str) -> bool:
    """Whether an address contains a key or password, which process lists and logs would show."""
    return without_user(uri) != uri


def probe(crawler: Crawler, uri: str, options: dict[str, Any]) -> None:
    """Try whether a feed could be stored at an address, leaving nothing there. Raises FeedError."""
    _probe_format(crawler, uri, options)
    scheme = urlsplit(uri).scheme
    if scheme == "s3":
        _probe_s3(crawler, uri, options)
    elif scheme in ("", "file"):
        _probe_file(FileFeedStorage(uri).path)


def _probe_format(crawler: Crawler, uri: str, options: dict[str, Any]) -> None:
    """Make the exporter once: what it needs may not be installed."""
    exporters = crawler.settings.getwithbase("FEED_EXPORTERS")
    kwargs = options.get("item_export_kwargs") or {}
    try:
        cls = load_object(exporters[options["format"]])
        build_from_crawler(
            cls, crawler, BytesIO(), fields_to_export=options.get("fields"), **kwargs
        )
    except (NotConfigured, TypeError) as error:
        raise FeedError(f"feed {place(uri)}: {error}") from error


def _probe_file(path: str) -> None:
    # A name may still hold the time and number of a batch: the folder above those counts.
    folder = Path(os.path.realpath(path.split("%(", 1)[0] + "x")).parent
    if Path(path).exists() and not Path(path).is_file():
        return
    probe_folder(folder, f"feed {place(path)}")


def probe_folder(folder: Path, what: str) -> None:
    """Try whether files can be made in a folder, and make it. Raises FeedError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise FeedError(f"{what}: {error_in_words(error)}") from error


def _probe_s3(crawler: Crawler, uri: str, options: dict[str, Any]) -> None:
    cls = load_object(crawler.settings.getwithbase("FEED_STORAGES")["s3"])
    try:
        storage = build_from_crawler(cls, crawler, uri, feed_options=options)
        key = f"{storage.keyname.split('%(', 1)[0]}.probe"
        begin_upload(storage.s3_client, storage.bucketname, key)
    except NotConfigured as error:
        raise FeedError(f"feed {place(uri)}: {error}") from error
    except Exception as error:  # botocore makes its exceptions as it goes
        raise FeedError(f"feed {place(uri)}: {reason_of(error)}") from error


def begin_upload(client: Any, bucket: str, key: str) -> None:
    """Begin an upload and give it up, which asks for the same rights as storing a file."""
    begun = client.create_multipart_upload(Bucket=bucket, Key=key)
    client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=begun["UploadId"])


def reason_of(error: Exception, reasons: Mapping[str, str] = REASONS) -> str:
    """What S3 says against a request, in words. `reasons`: by its code, for a person."""
    answer = getattr(error, "response", {}).get("Error", {})
    code = str(answer.get("Code", ""))
    return reasons.get(code) or " ".join(f"{code} {answer.get('Message', error)}".split())
