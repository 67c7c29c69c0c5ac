"""`scrapy channels`: the channels and newspapers that can be named, as a table."""

import argparse

from scrapy.commands import ScrapyCommand

from zjnews.commands import PROGRAM, print_error, print_lines
from zjnews.site import channels
from zjnews.state.verdict import Status


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def short_desc(self) -> str:
        return "List the channels and newspapers that can be crawled by name"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            table = [(c.name, c.list, c.title, c.english) for c in channels.channels()]
            papers = [(p.name, p.address, p.title, p.english) for p in channels.papers()]
        except ValueError as error:
            print_error("channels", str(error))
            self.exitcode = Status.BAD_ARGUMENTS
            return
        crawl = f"{PROGRAM} crawl"
        print_lines(
            [
                f"{len(table)} channels, for {crawl} channel -a channels=NAME[,NAME…]|all\n",
                *_lines(table),
                f"\n{len(papers)} newspapers, for {crawl} paper -a papers=NAME[,NAME…]|all\n",
                *_lines(papers),
            ]
        )


def _lines(rows: list[tuple[str, str, str, str]]) -> list[str]:
    # The Chinese title is last: its characters are two columns wide.
    widths = [max(len(row[column]) for row in rows) for column in (0, 1, 3)]
    return [
        f"{name:{widths[0]}}  {address:{widths[1]}}  {english:{widths[2]}}  {title}"
        for name, address, title, english in rows
    ]
