"""The bundled site: its generator gives the same bytes again, and the file in the tree is its own."""

import gzip
import json
from pathlib import Path

from samples import build
from tests.command_line import ROOT
from tests.reading import read_record
from zjnews.archives import cdxj
from zjnews.archives import saved as archives
from zjnews.archives.saved import SavedPage
from zjnews.site import addresses

README = (ROOT / "README.md").read_text("utf-8")
BUNDLED = ROOT / "samples" / "zjol.warc.gz"


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert build.build(tmp_path / "one.warc.gz") == build.build(tmp_path / "two.warc.gz") >= 40
    assert (tmp_path / "one.warc.gz").read_bytes() == (tmp_path / "two.warc.gz").read_bytes()


def test_the_bundled_file_is_what_the_generator_writes(tmp_path: Path) -> None:
    build.build(tmp_path / "new.warc.gz")
    # Unpacked, since zlib libraries pack differently.
    assert gzip.decompress((tmp_path / "new.warc.gz").read_bytes()) == gzip.decompress(
        BUNDLED.read_bytes()
    )


def test_the_bundled_index_is_that_of_the_bundled_file() -> None:
    lines = [line + b"\n" for line in cdxj.lines_in(BUNDLED, BUNDLED)]
    assert b"".join(sorted(lines)) == cdxj.path_of(BUNDLED).read_bytes()


def test_the_record_in_the_readme_is_one_of_its_records() -> None:
    shown = json.loads(README.split("```json\n")[1].split("```")[0])
    [page] = [
        p for p in archives.pages_in(BUNDLED) if isinstance(p, SavedPage) and p.url == shown["url"]
    ]
    read = read_record(
        page.body, url=page.url, content_type=page.content_type, fetched_at=page.fetched_at
    )
    assert list(shown.items()) == list(read.items())


def test_every_page_has_an_address_of_the_site() -> None:
    assert all(addresses.is_on_site(sample.address) for sample in build.pages())
