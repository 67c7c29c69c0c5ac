"""Content-Encoding undone: what is labelled, what is not, what only says so, what is damaged."""

import gzip
import sys
import zlib
from functools import partial

import brotli
import pytest

from zjnews.items import Rejected
from zjnews.pages.codings import decoded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAGE = "<html><p>渡口的早班船又开了。</p></html>".encode() * 20
MOST = 10_000

gzipped = partial(gzip.compress, mtime=0)  # the same each time, as names of tests must be


def raw_deflate(body: bytes, level: int = 6) -> bytes:
    coder = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return coder.compress(body) + coder.flush()


def member(flags: int, fields: bytes, body: bytes = PAGE) -> bytes:
    """A gzip member with fields in its head (RFC 1952, 2.3)."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
    return head + fields + raw_deflate(body) + bytes(8)


GZIP, BROTLI, ZSTD = gzipped(PAGE), brotli.compress(PAGE), zstd.compress(PAGE)
HALF = len(PAGE) // 2
CODED = {
    "gzip": GZIP,
    "gzip of two members": gzipped(PAGE[:HALF]) + gzipped(PAGE[HALF:]),
    "gzip with what is none after it": GZIP + b"\n<!-- cached -->",
    "gzip with a wrong checksum": GZIP[:-8] + bytes(8),
    "gzip with a field": member(4, b"\x03\x00abc"),
    "gzip with a long field": member(4, b"\x2c\x01" + b"\1" * 300),
    "gzip with a name": member(8, b"a.html\0"),
    "gzip with a comment": member(16, b"\xe6\x97\xa9\0"),
    "gzip with name and comment": member(24, b"a\0b\0"),
    "gzip with a checksum of its head": member(2, b"\xab\xcd"),
    "gzip with all of them": member(30, b"\x01\x00\x07a\0b\0\0\0"),
    "deflate": zlib.compress(PAGE),
    "deflate, fast": zlib.compress(PAGE, 1),
    "deflate, small": zlib.compress(PAGE, 9),
    "br": BROTLI,
    "zstd": ZSTD,
    "zstd of two frames": zstd.compress(PAGE[:HALF]) + zstd.compress(PAGE[HALF:]),
}


@pytest.mark.parametrize("body", CODED.values(), ids=CODED)
@pytest.mark.parametrize("is_labelled", [True, False])
def test_a_coding_is_undone_with_and_without_its_label(
    request: pytest.FixtureRequest, body: bytes, is_labelled: bool
) -> None:
    name = request.node.callspec.id.removeprefix(f"{is_labelled}-").split()[0].rstrip(",")
    assert decoded(body, [name] if is_labelled else [], MOST) == PAGE


@pytest.mark.parametrize(
    ("labels", "body"),
    [
        (["GZIP"], GZIP),
        (["x-gzip"], GZIP),
        (["deflate"], raw_deflate(PAGE)),
        ([" gzip ,"], GZIP),
        (["identity", "gzip"], GZIP),
        (["no-such"], PAGE),
        (["br, gzip"], gzipped(BROTLI)),
        (["br", "gzip"], gzipped(BROTLI)),
        (["zstd\tgzip"], gzipped(ZSTD)),
        (["gzip"], gzipped(GZIP)),  # once more than labelled
        (["gzip"], gzipped(ZSTD)),
        ([], gzipped(gzipped(ZSTD))),
        ([], zstd.compress(GZIP)),
    ],
)
def test_labels_are_read_as_browsers_do(labels: list[str], body: bytes) -> None:
    assert decoded(body, labels, MOST) == PAGE


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize(
    "body", [b"", b"plain", "早班船".encode(), "早班船".encode("gb18030"), PAGE[:9], PAGE]
)
def test_a_label_on_a_plain_body_says_nothing(label: str, body: bytes) -> None:
    assert decoded(body, [label], MOST) == body
    assert decoded(body, [label, label], MOST) == body


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("body", [GZIP, ZSTD])
def test_what_is_packed_in_another_way_than_labelled_is_unpacked(label: str, body: bytes) -> None:
    assert decoded(body, [label], MOST) == PAGE


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\n\0 " * 600, b""])
def test_what_is_packed_without_a_label_is_known_by_the_markup_in_it(start: bytes) -> None:
    body = start + b"<p>1</p>"
    assert decoded(gzipped(body), [], MOST) == body


@pytest.mark.parametrize("inside", [b"no markup", b"PK\3\4", b"x<p>", b" " * 2001 + b"<p>"])
@pytest.mark.parametrize("pack", [gzipped, zlib.compress, zstd.compress, brotli.compress])
def test_what_holds_no_markup_is_meant_as_it_is(inside: bytes, pack: object) -> None:
    assert callable(pack)
    packed = pack(inside)
    assert decoded(packed, [], MOST) == packed


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n\0\0", b"\1" * 99, GZIP[:40], ZSTD[:20]])
def test_bytes_of_another_kind_without_a_label_are_left_alone(body: bytes) -> None:
    assert decoded(body, [], MOST) == body


NOISE = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("label", "body", "says"),
    [
        ("gzip", GZIP[:40], "its gzip coding ends early"),
        ("gzip", GZIP[:9], "its gzip coding ends early"),
        ("gzip", GZIP[:3] + b"\x08" + GZIP[4:10] + b"no end", "its gzip coding ends early"),
        ("gzip", GZIP[:10] + b"\xff" * 40, "its gzip coding is damaged"),
        ("gzip", GZIP + GZIP[:40], "its gzip coding ends early"),
        ("deflate", zlib.compress(NOISE)[:60], "its deflate coding"),
        ("deflate", b"\7\1\2", "its deflate coding is damaged"),
        ("br", BROTLI[:-9], "its br coding ends early"),
        ("br", b"\x20\x20\x1b" + PAGE, "its br coding ends early"),  # a stored block, cut off
        ("br", b"\0\1\2\3" * 9, "its br coding"),
        ("zstd", ZSTD[:-5], "its zstd coding ends early"),
        ("zstd", ZSTD[:4] + b"\xff" * 30, "its zstd coding is damaged"),
        ("gzip", gzipped(b"") * 10_001, "its gzip coding has more than 10,000 parts"),
    ],
)
def test_a_damaged_coding_is_unreadable(label: str, body: bytes, says: str) -> None:
    with pytest.raises(Rejected, match=f"^unreadable: {says}"):
        decoded(body, [label], MOST)


def test_as_many_parts_as_there_may_be_are_put_together() -> None:
    body = gzipped(b"") * 9_999 + GZIP
    assert decoded(body, ["gzip"], MOST) == PAGE


@pytest.mark.parametrize("label", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [1, 4_096, 4_097, 9_999, 10_000])
def test_as_much_as_a_page_may_have_is_unpacked(label: str, size: int) -> None:
    packs = {"gzip": gzipped, "deflate": zlib.compress, "br": brotli.compress}
    pack = packs.get(label, zstd.compress)
    body = b"a" * size
    assert decoded(pack(body), [label], MOST) == body
    with pytest.raises(Rejected, match=r"^too-large"):
        decoded(pack(body), [label], size - 1)


def test_members_together_may_have_no_more_than_a_page() -> None:
    body = gzipped(b"a" * 600) * 2
    assert decoded(body, ["gzip"], 1_200) == b"a" * 1_200
    with pytest.raises(Rejected, match=r"^too-large"):
        decoded(body, ["gzip"], 1_199)


def test_codings_in_one_another_have_an_end() -> None:
    bodies = [PAGE]
    for _ in range(6):
        bodies.append(gzipped(bodies[-1]))
    five, six = bodies[5:]
    assert decoded(five, ["gzip"] * 5, MOST) == decoded(five, [], MOST) == PAGE
    assert decoded(six, [], MOST) == bodies[1]
    with pytest.raises(Rejected, match=r"^unreadable: 6 codings"):
        decoded(six, ["gzip"] * 6, MOST)


def test_a_frame_that_asks_for_more_memory_than_http_allows_is_damaged() -> None:
    def packed(window: int) -> bytes:
        coder = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window})
        return coder.compress(PAGE) + coder.flush()

    assert decoded(packed(23), ["zstd"], MOST) == PAGE
    with pytest.raises(Rejected, match=r"^unreadable: its zstd coding is damaged"):
        decoded(packed(24), ["zstd"], MOST)
