"""`scrapy parse`, which calls a spider's method on an address: of no use with spiders that remember
what they have found, so it says what is."""

import argparse

from scrapy.commands import ScrapyCommand

from zjnews.commands import PROGRAM, print_error
from zjnews.state.verdict import Status


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "URL"

    def short_desc(self) -> str:
        return f"Not for this project: use `{PROGRAM} crawl article`"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        url = args[0] if args else "ADDRESS"
        line = f"read an address with {PROGRAM} crawl article -a url={url} -O -:jsonl"
        print_error("parse", line)
        self.exitcode = Status.BAD_ARGUMENTS
