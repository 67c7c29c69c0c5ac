"""`scrapy reread s3://…`: archives are read where they are, from a real server."""

import shutil
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command_line import run
from tests.review.test_reread import SAMPLES, command, damaged, records, uncompressed
from tests.s3_server import BUCKET, SECRET, S3Server
from zjnews.archives import objects, warcs
from zjnews.archives.objects import S3File, StoreError, objects_at

ADDRESS = f"s3://{BUCKET}/warc"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def here(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server for this process too, which makes short pauses."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(objects, "_PAUSES", (0.05,) * 5)
    objects._client.cache_clear()
    yield s3
    objects._client.cache_clear()


def stored(s3: S3Server, *files: Path) -> None:
    """Files in the folder `warc` of the bucket."""
    s3.clear()
    (s3.folder / BUCKET / "warc").mkdir()
    for file in files:
        shutil.copy(file, s3.folder / BUCKET / "warc" / file.name)


def zipped(folder: Path) -> Path:
    path = folder / "a.wacz"
    with zipfile.ZipFile(path, "w") as wacz:
        wacz.write(SAMPLES, "archive/data.warc.gz")
    return path


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_same_bytes_as_from_a_folder(tmp_path: Path, s3: S3Server, processes: str) -> None:
    folder = tmp_path / "warc"
    folder.mkdir()
    for make in (damaged, uncompressed, zipped):
        make(folder)
    stored(s3, *folder.iterdir())
    out = tmp_path / "s3.jsonl"
    done = run(command(ADDRESS, "-j", processes, "-O", str(out)), s3.environment)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == records(tmp_path, folder)


def test_objects_have_the_order_of_files_in_folders(tmp_path: Path, here: S3Server) -> None:
    names = ["a-b.warc.gz", "a/2.warc.gz", "a/10.warc.gz", "a.warc", "notes.txt", "b/c/x.arc"]
    stored(here)
    for name in names:
        for root in (here.folder / BUCKET / "warc", tmp_path):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"")
    in_folders = [str(path.relative_to(tmp_path)) for path in warcs.files(tmp_path)]
    found = [file.key.removeprefix("warc/") for file in objects_at(ADDRESS, warcs.ENDINGS)]
    assert found == in_folders
    assert [file.key for file in objects_at(f"{ADDRESS}/a.warc", warcs.ENDINGS)] == ["warc/a.warc"]


@pytest.mark.parametrize("make", [lambda _: SAMPLES, uncompressed])
def test_no_more_is_asked_for_than_is_read(
    tmp_path: Path,
    here: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Path],
) -> None:
    """In a plain file every record is compared with its end; that asks for nothing again."""
    path = make(tmp_path)
    stored(here, path)
    [file] = objects_at(ADDRESS, warcs.ENDINGS)
    monkeypatch.setattr(objects, "_RANGE", 100_000)
    asked: list[int] = []
    read_range = S3File.read_range

    def counting(self: S3File, begin: int, length: int) -> bytes:
        asked.append(begin)
        return read_range(self, begin, length)

    monkeypatch.setattr(S3File, "read_range", counting)
    assert len(list(warcs.Reader(file))) == len(list(warcs.Reader(path)))
    assert asked == sorted(asked)
    assert len(asked) <= path.stat().st_size / 100_000 + 2


# --- what breaks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "change", "says"),
    [
        ("s3://nosuch/warc", {}, "s3://nosuch/warc: there is no such bucket"),
        (f"s3://{BUCKET}/none", {}, f"s3://{BUCKET}/none: there is no archive (.warc, "),
        ("s3://", {}, "s3://: name a bucket"),
        (ADDRESS, {"AWS_SECRET_ACCESS_KEY": "wrong"}, f"{ADDRESS}: the secret key is wrong"),
        (ADDRESS, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "Could not connect"),
        (f"s3://me:hidden@{BUCKET}/warc", {}, "credentials do not belong into an address"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, s3: S3Server, address: str, change: dict[str, str], says: str
) -> None:
    out = tmp_path / "out.jsonl"
    done = run(command(address, "-O", str(out)), {**s3.environment, **change})
    [line] = done.stderr.splitlines()
    assert done.returncode == 2
    assert says in line
    assert "hidden" not in line
    assert SECRET not in line
    assert not out.exists()


def test_a_connection_that_breaks_goes_on_where_it_broke(
    here: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(here, SAMPLES)
    [file] = objects_at(ADDRESS, warcs.ENDINGS)
    with Cutting(here.port, most=150_000) as cutting:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{cutting.port}")
        objects._client.cache_clear()
        assert file.read_range(0, file.size) == SAMPLES.read_bytes()
    assert cutting.count >= file.size // 150_000
    assert cutting.sent < file.size + 150_000


def test_a_server_that_is_gone_is_told(here: S3Server) -> None:
    stored(here, SAMPLES)
    [file] = objects_at(ADDRESS, warcs.ENDINGS)
    here.stop()
    try:
        with pytest.raises(StoreError, match=r"zjol\.warc\.gz: at byte 0: .*Could not connect"):
            file.read_range(0, 10)
    finally:
        here.start()


def test_an_object_that_changed_is_told(here: S3Server) -> None:
    stored(here, SAMPLES)
    [file] = objects_at(ADDRESS, warcs.ENDINGS)
    (here.folder / BUCKET / "warc" / SAMPLES.name).write_bytes(SAMPLES.read_bytes()[:1000])
    with pytest.raises(StoreError, match="changed while it was read"):
        file.read_range(5000, 10)


class Cutting:
    """Stands before a server, and cuts every connection after so many bytes of answers."""

    def __init__(self, port: int, most: int) -> None:
        self.target = port
        self.most = most
        self.count = self.sent = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def __enter__(self) -> "Cutting":
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            self.count += 1
            self.serve(client)

    def serve(self, client: socket.socket) -> None:
        """One request on a connection."""
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            server.sendall(client.recv(65536))
            left = self.most
            while left > 0 and (data := server.recv(min(left, 65536))):
                client.sendall(data)
                left -= len(data)
                self.sent += len(data)
