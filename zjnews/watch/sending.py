"""Sends messages by apprise, in a process of its own: `python -m zjnews.watch.sending`.

Whatever a service or a library does there, such as to log an address with its password, to wait for
ever or to crash, the crawl knows nothing of it. One JSON array a line, address, title and text, is
read from standard input; why it was not sent, or an empty text, is written to standard output.
"""

import json
import logging
import re
import sys
from typing import Any

ANSWERED = "it answers"
"""Begins a reason that may be one of this message only."""
_ANSWER = re.compile(r"\berror=(\d{3})\b")
"""How the services of apprise log the status of an answer."""


class _Said(logging.Handler):
    """Keeps the last status that was logged."""

    code = ""

    def emit(self, record: logging.LogRecord) -> None:
        if found := _ANSWER.search(record.getMessage()):
            self.code = found[1]


def service_of(address: str) -> Any:
    """What sends to an address; None if apprise knows no such. Raises ImportError."""
    import apprise  # noqa: PLC0415  an optional install

    service = apprise.Apprise()
    if (
        "overflow=" not in address
    ):  # a long text becomes several messages, where it would be refused
        address += f"{'&' if '?' in address else '?'}overflow=split"
    return service if service.add(address) else None


def why_not_sent(service: Any, title: str, text: str) -> str:
    """Send a message. The reason if it was not sent, without a word of its address."""
    said = _Said()
    logging.root.addHandler(said)
    try:
        if service.notify(title=title, body=text, body_format="text"):
            return ""
    except Exception as error:  # every service has its own
        return type(error).__name__
    finally:
        logging.root.removeHandler(said)
    return f"{ANSWERED} {said.code}" if said.code else "it cannot be reached, or refuses"


def main() -> None:
    services: dict[str, Any] = {}
    for line in sys.stdin:
        address, title, text = json.loads(line)
        if address not in services:
            services[address] = service_of(address)
        print(json.dumps(why_not_sent(services[address], title, text)), flush=True)


if __name__ == "__main__":
    main()
