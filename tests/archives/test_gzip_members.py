"""Gzip members that are read without warcio: they give what warcio gives, or are left to it."""

import gzip
import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from tests import fuzz
from zjnews.archives import warcs
from zjnews.archives.gzip_members import gzip_members

MOST = 1024 * 1024
HEAD = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://zjol.com.cn/1\r\n"


def member(
    head: bytes = HEAD, block: bytes = b"HTTP/1.1 200 OK\r\n\r\n<p>", more: int = 0
) -> bytes:
    length = b"Content-Length: %d\r\n\r\n" % (len(block) + more)
    return gzip.compress(head + length + block + b"\r\n\r\n", mtime=0)


def blocks(data: bytes, start: int = 0) -> list[bytes]:
    return [found.block for found in gzip_members(BytesIO(data), start, MOST)]


def test_members_follow_one_another_from_any_of_them() -> None:
    data = member(block=b"one") + member(block=b"two" * 50_000) + member(block=b"")
    first, second, third = gzip_members(BytesIO(data), 0, MOST)
    assert [first.block, second.block, third.block] == [b"one", b"two" * 50_000, b""]
    assert third.offset + third.length == len(data)
    assert blocks(data, second.offset) == [second.block, b""]
    assert second.headers.get_header("warc-type") == "response"


@pytest.mark.parametrize(
    "left",
    [
        member()[:-9],
        member()[:-6] + b"\0\0" + member()[-4:],  # the checksum
        member(more=1),
        member(more=-1),
        gzip.compress(gzip.decompress(member()) * 2),
        member(HEAD.replace(b"http://zjol.com.cn/1", b"<http://zjol.com.cn/1>")),
        member(HEAD.replace(b"cn/1", b"cn/1 2")),
        member(HEAD + b"X: one\r\n two\r\n"),
        member(HEAD + "X: 浙江\r\n".encode()),
        member(HEAD.replace(b"WARC/1.1", b"WARC/2.0")),
        member(block=b"0" * (MOST + 1)),
        gzip.decompress(member()),
    ],
)
def test_what_is_not_plain_or_whole_is_left(left: bytes) -> None:
    assert blocks(member() + left + member()) == blocks(member())


def test_a_member_that_unpacks_to_much_more_is_given_up_early() -> None:
    bomb = gzip.compress(HEAD + b"0" * 200 * MOST)
    stream = BytesIO(bomb)
    assert list(gzip_members(stream, 0, MOST)) == []
    assert stream.tell() < len(bomb) / 2


def seen(path: Path) -> list[object]:
    return [
        (
            one.kind,
            one.headers.headers,
            one.block,
            one.offset,
            one.is_packed or one.length,
            one.is_cut,
        )
        if isinstance(one, warcs.Record)
        else one.at  # why is not always put in the same words
        for one in warcs.Reader(path)
    ]


def archives() -> Iterator[bytes]:
    chance = random.Random(20260915)  # noqa: S311  the same ones each time
    packed = fuzz.archive_seeds()[".warc.gz"]
    yield packed
    for _ in range(300):
        yield fuzz.mutated(chance, packed, packed)
    for _ in range(100):  # inside of the members
        plain = [gzip.decompress(packed[found.offset :][: found.length]) for found in
                 gzip_members(BytesIO(packed), 0, MOST)]  # fmt: skip
        turn = chance.randrange(len(plain))
        plain[turn] = fuzz.mutated(chance, plain[turn], plain[0])
        yield b"".join(map(gzip.compress, plain))


def test_warcio_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.warc.gz"
    for number, data in enumerate(archives()):
        path.write_bytes(data)
        with_members = seen(path)
        with monkeypatch.context() as patch:
            patch.setattr(warcs, "gzip_members", lambda *_: ())
            assert seen(path) == with_members, number
