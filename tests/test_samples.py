"""The bundled site: its generator gives the same bytes again, and the file in the tree is its own."""

import gzip
import json
from pathlib import Path
from typing import Any

from samples import build
from tests.command_line import ROOT, SCRAPY, run
from zjnews.archives import cdxj
from zjnews.site import addresses

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


def shown_in(readme: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(
        (ROOT / readme).read_text("utf-8").split("```json\n")[1].split("```")[0]
    )
    return record


def test_the_record_in_the_readme_is_one_that_the_first_command_gives(tmp_path: Path) -> None:
    out = tmp_path / "articles.jsonl"
    given = ("-s", f"WARC_REPLAY={BUNDLED}", "-s", "STATE_DB=", "-s", "LOG_LEVEL=WARNING")
    done = run([*SCRAPY, "crawl", "channel", "-a", "channels=zjnews", *given, "-O", str(out)])
    assert done.returncode == 0, done.stderr
    shown, in_part = shown_in("README.md"), shown_in("README.zh.md")
    assert json.dumps(shown, ensure_ascii=False) in out.read_text("utf-8").splitlines()
    assert list(in_part.items()) == [item for item in shown.items() if item[0] in in_part]


def test_every_page_has_an_address_of_the_site() -> None:
    assert all(addresses.is_on_site(sample.address) for sample in build.pages())
