"""`scrapy check`, Scrapy's own, on the bundled site, whose pages the contracts name."""

import argparse
from pathlib import Path

from scrapy.commands import check
from scrapy.exceptions import UsageError

from zjnews.commands import refuse_in_one_line

BUNDLED = Path("samples") / "zjol.warc.gz"


class Command(check.Command):
    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("check", parser)

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        self.settings.set("STATE_DB", "", priority="cmdline")
        self.settings.set("SUMMARY_ENABLED", False, priority="cmdline")
        if not self.settings["WARC_REPLAY"]:
            if not BUNDLED.exists():
                raise UsageError(
                    f"contracts are checked on the bundled site: run it where {BUNDLED} is,"
                    " or name another archive: -s WARC_REPLAY=FOLDER"
                )
            self.settings.set("WARC_REPLAY", str(BUNDLED), priority="cmdline")
