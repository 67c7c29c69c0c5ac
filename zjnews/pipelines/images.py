"""The pictures of an article, kept as the site sends them; off unless IMAGES_STORE is set."""

import hashlib
import re
import tempfile
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, IgnoreRequest, NotConfigured, UsageError
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.pipelines.files import FilesStoreProtocol, FSFilesStore, S3FilesStore, StatInfo
from scrapy.pipelines.images import ImagesPipeline
from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline
from scrapy.utils.defer import ensure_awaitable
from twisted.python.failure import Failure

from zjnews.feeds.storages import NO_CREDENTIALS, begin_upload, has_credentials, place
from zjnews.items import Article
from zjnews.site import addresses
from zjnews.state import outcomes
from zjnews.state.carried import Carried
from zjnews.state.crawling import stats_of
from zjnews.state.outcomes import logger
from zjnews.text.cleaning import error_in_words

EXTENSIONS = {
    "JPEG": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "BMP": "bmp",
    "AVIF": "avif",
}
"""What is kept, by Pillow's name of the format."""
_OPENED_AS = {"MPO": "JPEG"}
"""Not known to `open`: a JPEG with further pictures after the first, as cameras write them."""
_NAME = re.compile(r"[0-9a-f]{2}/(?P<sha1>[0-9a-f]{40})\.(?:jpg|png|gif|webp|bmp|avif)")
"""A picture's path in the store. Anything else in a note is ignored."""
_LONGEST_NOTE = 100


class Folder(FSFilesStore):
    """A folder. The checksum of a file is its content: only notes are ever looked up."""

    def probe(self) -> None:
        """Try to write, leaving nothing."""
        with tempfile.TemporaryFile(dir=self.basedir):
            pass

    def stat_file(self, path: Any, info: MediaPipeline.SpiderInfo) -> StatInfo:
        file = Path(self.basedir, str(path))
        try:
            with file.open("rb") as opened:
                name = opened.read(_LONGEST_NOTE).decode("latin-1")
            return {"last_modified": file.stat().st_mtime, "checksum": name}
        except OSError:
            return {}


class Bucket(S3FilesStore):
    """A bucket of S3. The checksum of an object is what its metadata name as the file."""

    def __init__(self, uri: str) -> None:
        # Scrapy puts prefix and path together as they are.
        super().__init__(uri if uri.endswith("/") else f"{uri}/")

    def probe(self) -> None:
        begin_upload(self.s3_client, self.bucket, f"{self.prefix}.probe")

    @staticmethod
    def _onsuccess(boto_key: dict[str, Any]) -> StatInfo:
        # Amazon's has lower case, rclone's server has `File`.
        metadata = {key.lower(): value for key, value in boto_key["Metadata"].items()}
        name = metadata.get("file", "")
        return {"last_modified": boto_key["LastModified"].timestamp(), "checksum": name}


class ArticleImagesPipeline(ImagesPipeline):
    """Scrapy's own, but bytes and format of a picture stay as they are, its path is the SHA-1 of
    its bytes, and what cannot be had is a warning of the article (`image-missing`).

    For each address that was fetched a note, `addresses/…` which file it gave; the age of the
    note is compared with IMAGES_EXPIRES.
    """

    STORE_SCHEMES: ClassVar[dict[str, type[FilesStoreProtocol]]] = {
        **ImagesPipeline.STORE_SCHEMES,
        "": Folder,
        "file": Folder,
        "s3": Bucket,
    }

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not is_wanted(crawler):
            raise NotConfigured  # without a message: pictures are off by default
        cls.check(crawler)
        return super().from_crawler(crawler)

    @classmethod
    def check(cls, crawler: Crawler) -> None:
        """Raises UsageError, one line for a person, where pictures are wanted but cannot be kept.
        A crawl that went on without them would not come back for them."""
        if not is_wanted(crawler):
            return
        uri = str(crawler.settings["IMAGES_STORE"])
        try:
            import PIL.Image  # noqa: F401, PLC0415  an optional install
        except ImportError:
            raise UsageError("IMAGES_STORE needs the package pillow: pip install pillow") from None
        if has_credentials(uri):
            raise UsageError(f"IMAGES_STORE={place(uri)}: {NO_CREDENTIALS}")
        try:
            cls._update_stores(crawler.settings)
            scheme = "file" if Path(uri).is_absolute() else urlsplit(uri).scheme
            store = cls.STORE_SCHEMES[scheme](uri)
            if isinstance(store, (Folder, Bucket)):
                store.probe()
        except KeyError:
            raise UsageError(f"IMAGES_STORE={uri}: a folder or s3://BUCKET/FOLDER") from None
        except Exception as error:  # each kind of store has its own
            raise UsageError(f"IMAGES_STORE={uri}: {error_in_words(error)}") from error

    def get_media_requests(self, item: Article, info: MediaPipeline.SpiderInfo) -> list[Request]:
        return list(wanted(item).values())

    async def media_to_download(  # type: ignore[override]  # Scrapy awaits either
        self, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> FileInfo | None:
        """What the store has of an address, unless that is too old."""
        found = super().media_to_download(request, info, item=item)
        note: FileInfo | None = await ensure_awaitable(found)
        name = _NAME.fullmatch(note["checksum"] or "") if note else None
        if note is None or name is None or not await self.holds(name[0], info):
            return None
        return {**note, "path": name[0], "checksum": name["sha1"]}

    async def holds(self, path: str, info: MediaPipeline.SpiderInfo) -> bool:
        try:
            return bool(await ensure_awaitable(self.store.stat_file(path, info)))
        except Exception:  # botocore makes its exceptions as it goes
            return False

    async def media_downloaded(
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,
        *,
        item: Any = None,
    ) -> FileInfo:
        """Keep a picture. Raises IgnoreRequest."""
        if response.status != 200:
            raise IgnoreRequest(f"status {response.status}")
        extension = self.extension(response.body)
        sha1 = hashlib.sha1(response.body).hexdigest()
        path = f"{sha1[:2]}/{sha1}.{extension}"
        try:
            await self.persist(
                path, response.body, f"image/{'jpeg' if extension == 'jpg' else extension}"
            )
            # After the picture: a note that leads nowhere is never written.
            await self.persist(self.file_path(request), path.encode(), "text/plain", path)
        except Exception as error:  # each kind of store has its own
            line = f"the image {request.url} could not be stored as {path}: {error}"
            outcomes.fail(self.crawler, "images", line)
            raise IgnoreRequest("could not be stored") from error
        self.inc_stats("downloaded")
        return {"url": request.url, "path": path, "checksum": sha1, "status": "downloaded"}

    def extension(self, body: bytes) -> str:
        """The extension that the bytes call for, not the address. Raises IgnoreRequest."""
        try:
            with warnings.catch_warnings():
                # Very many pixels are no harm where none is unpacked.
                warnings.simplefilter("ignore", self._Image.DecompressionBombWarning)
                image = self._Image.open(BytesIO(body), formats=list(EXTENSIONS))
            width, height = image.size
            name = image.format or ""
            extension = EXTENSIONS[_OPENED_AS.get(name, name)]
            image.verify()
        except Exception as error:  # Pillow raises anything over broken files
            raise IgnoreRequest("not a picture") from error
        if width < self.min_width or height < self.min_height:
            raise IgnoreRequest(f"too small, {width} by {height}")
        return extension

    async def persist(self, path: str, body: bytes, content_type: str, file: str = "") -> None:
        meta, headers = {"file": file} if file else None, {"Content-Type": content_type}
        kept = self.store.persist_file(path, BytesIO(body), self.spiderinfo, meta, headers)
        await ensure_awaitable(kept)

    def media_failed(
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> NoReturn:
        error = failure.value
        is_ours = isinstance(error, (DropItem, IgnoreRequest))
        why = str(error) if is_ours else f"{type(error).__name__}: {failure.getErrorMessage()}"
        # Scrapy adds a traceback to whatever is not this.
        ignored = Failure(IgnoreRequest(why[:200]))  # type: ignore[no-untyped-call]
        super().media_failed(ignored, request, info)

    def item_completed(
        self, results: list[FileInfoOrError], item: Article, info: MediaPipeline.SpiderInfo
    ) -> Article:
        found: dict[str, FileInfo] = {}
        for url, (_, result) in zip(wanted(item), results, strict=True):
            if isinstance(result, Failure):
                logger.warning("image missing %s of %s (%s)", url, item.url, result.value)
            else:
                found[url] = result
        stats_of(self.crawler).inc_value("zjnews/images", len(found))
        stats_of(self.crawler).inc_value("zjnews/images-failed", len(results) - len(found))
        if len(found) < len(results):
            item.warnings.append("image-missing")
            item.warnings.sort()
        for image in item.images:
            if image.url in found:
                image.file, image.sha1 = found[image.url]["path"], found[image.url]["checksum"]
        return item

    def file_path(
        self,
        request: Request,
        response: Response | None = None,
        info: MediaPipeline.SpiderInfo | None = None,
        *,
        item: Any = None,
    ) -> str:
        """The path of the note about an address."""
        sha1 = hashlib.sha1(request.url.encode()).hexdigest()
        return f"addresses/{sha1[:2]}/{sha1}.txt"


def is_wanted(crawler: Crawler) -> bool:
    """Whether pictures are to be fetched: never by a spider that leaves the network alone."""
    is_set = bool(crawler.settings["IMAGES_STORE"])
    return is_set and getattr(crawler.spidercls, "uses_network", True)


def wanted(article: Article) -> dict[str, Request]:
    """The requests for the pictures on hosts of the site, by the address in the record."""
    urls = dict.fromkeys(image.url for image in article.images if image.url)
    requests = {url: _request(url) for url in urls if addresses.may_hold_images(url)}
    return {url: request for url, request in requests.items() if request is not None}


def _request(url: str) -> Request | None:
    """None where an address is so broken that nobody could be asked for it."""
    try:
        return Request(
            url,
            callback=NO_CALLBACK,
            headers={"Accept": "image/*,*/*;q=0.5"},
            meta=Carried(is_image=True).meta,  # hosts of pictures answer nothing else
        )
    except ValueError:
        return None
