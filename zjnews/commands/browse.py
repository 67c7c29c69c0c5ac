"""`scrapy browse`: a corpus in a browser."""

import argparse
import socket
from contextlib import suppress

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from zjnews.commands import PROGRAM, print_error, refuse_in_one_line, refuse_options
from zjnews.text.cleaning import error_in_words

_PORTS = range(1, 65_536)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012  as Scrapy has it

    def syntax(self) -> str:
        return "CORPUS.db [options]"

    def short_desc(self) -> str:
        return "Serve a file of `scrapy corpus` to a browser, until Ctrl-C"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        refuse_in_one_line("browse", parser)
        parser.add_argument("--host", default="127.0.0.1", help="address (default %(default)s)")
        parser.add_argument("--port", type=int, default=8001, help="port (default %(default)s)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        refuse_options("browse", args)
        if len(args) != 1 or opts.port not in _PORTS:
            raise UsageError(
                f"give one file, and a port from 1 to 65535: {PROGRAM} browse CORPUS.db"
            )
        try:
            import uvicorn  # noqa: PLC0415  an optional install

            from zjnews.review import browsing, corpus  # noqa: PLC0415
        except ImportError as error:
            raise UsageError("this needs datasette: pip install 'zjnews[browse]'") from error
        try:
            app = browsing.application(args[0]).app()
        except corpus.CorpusError as error:
            raise UsageError(str(error)) from error
        try:
            listening = socket.create_server((opts.host, opts.port))
        except OSError as error:
            raise UsageError(f"{opts.host}:{opts.port}: {error_in_words(error)}") from error
        print_error("browse", f"{args[0]} on http://{opts.host}:{opts.port}/, until Ctrl-C")
        with suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listening])
