"""`scrapy shell`, Scrapy's own: a page that cannot be fetched is one line."""

import argparse

from scrapy import exceptions
from scrapy.commands import shell
from scrapy.exceptions import UsageError

from zjnews.commands import refuse_in_one_line
from zjnews.text.cleaning import error_in_words

_NO_ANSWER = (
    exceptions.CannotResolveHostError,
    exceptions.DownloadConnectionRefusedError,
    exceptions.DownloadFailedError,
    exceptions.DownloadTimeoutError,
    exceptions.DropItem,  # of which Rejected is one
    exceptions.IgnoreRequest,
    exceptions.ResponseDataLossError,
    exceptions.UnsupportedURLSchemeError,
)


class Command(shell.Command):
    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("shell", parser)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            super().run(args, opts)
        except _NO_ANSWER as error:
            raise UsageError(f"{args[0]}: {error_in_words(error)}") from error
