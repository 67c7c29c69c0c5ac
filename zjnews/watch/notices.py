"""Messages to people, by way of apprise: they wait in the state until they are sent.

An address may hold a password or a token anywhere. It is in the settings only: the state has a
digest of it, and whatever is shown names it by its number.
"""

import asyncio
import json
import logging
import os
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

from scrapy.exceptions import UsageError

from zjnews.state import sql
from zjnews.state.database import Database, Lock
from zjnews.state.logs import logger
from zjnews.watch import sending

MISSING = "needs the package apprise: pip install apprise"
_BETWEEN = re.compile(r"[\s,]+(?=[a-z][a-z\d+.-]*://)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z\d+.-]*(?=://)", re.IGNORECASE)
_KEPT_SECONDS = 7 * 24 * 3600
"""What could not be sent for so long is no news any more."""
_AT_ONCE = 10
"""Messages to one address in one run."""
_MOST_SECONDS = 60
"""That the sending of one message may take."""


@dataclass(frozen=True, slots=True)
class Target:
    """One address of somebody who is told."""

    address: str = field(repr=False)
    name: str = field(compare=False)
    """What is shown: `address 2 of NOTIFY (mailto)`."""

    @property
    def digest(self) -> str:
        """What the state has instead of the address."""
        return sha256(self.address.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that waits."""

    key: int
    target: Target
    title: str
    body: str


def targets_of(given: Any, where: str) -> list[Target]:
    """The addresses of a setting, or of a list in a file: text with white space or commas between
    them, or a list of such texts. Raises UsageError, also if apprise is missing or knows no such
    address."""
    texts = [given] if isinstance(given, str) else list(given or ())
    addresses = [
        part for text in texts for part in _BETWEEN.split(str(text).strip(" \t\n,")) if part
    ]
    targets = []
    for number, address in enumerate(addresses, 1):
        scheme = _SCHEME.match(address)
        name = f"address {number} of {where}" + (f" ({scheme[0]})" if scheme else "")
        targets.append(Target(address, name))
        logging.disable()  # an address would be named
        try:
            is_known = sending.service_of(address) is not None
        except ImportError:
            raise UsageError(f"{where} {MISSING}") from None
        finally:
            logging.disable(logging.NOTSET)
        if not is_known:
            raise UsageError(f"{name} is none that apprise can send to")
    return targets


class Notices:
    """Those that wait, in the order in which they were written."""

    def __init__(self, db: Database, targets: Iterable[Target]) -> None:
        self.db = db
        self.targets: dict[str, Target] = {}
        for target in targets:
            self.targets.setdefault(target.digest, target)

    def put(self, target: Target, title: str, body: str, now: int) -> None:
        """Write a message. To be called in a transaction. Raises StateError."""
        self.db.run(sql.PUT_NOTICE, target.digest, title, body, now)

    def waiting(self, now: int) -> list[Notice]:
        """Those whose address is known to this run. Raises StateError."""
        if dropped := self.db.changed(sql.DROP_OLD_NOTICES, now - _KEPT_SECONDS):
            logger.warning("messages that could not be sent for a week are dropped: %d", dropped)
        found = self.db.rows(sql.NOTICES)
        return [
            Notice(key, self.targets[digest], str(title), str(body))
            for key, digest, title, body in found
            if digest in self.targets
        ]

    @contextmanager
    def to_send(self, notice: Notice) -> Iterator[bool]:
        """Whether it still waits, and nobody else sends it meanwhile. Raises StateError."""
        is_ours = self.db.lock(Lock.NOTICE, notice.key)
        try:
            yield is_ours and self.db.one(sql.NOTICE, notice.key) is not None
        finally:
            if is_ours and not self.db.failed:
                self.db.unlock(Lock.NOTICE, notice.key)

    async def send(self) -> AsyncIterator[str]:
        """Send those that wait, and say of each whether it is `sent`, or still `waiting`, of which
        the log has one line for each address. Raises StateError."""
        sender, warned = Sender(), set[Target]()
        try:
            for notice in self.waiting(int(time.time())):
                with self.to_send(notice) as is_ours:
                    why = await asyncio.to_thread(sender.send, notice) if is_ours else ""
                    if is_ours and not why:
                        self.db.run(sql.DROP_NOTICE, notice.key)
                if is_ours:
                    yield "waiting" if why else "sent"
                if why and notice.target not in warned:
                    warned.add(notice.target)
                    name = notice.target.name
                    logger.warning("%s was not told, its message waits: %s", name, why)
        finally:
            await asyncio.to_thread(sender.close)


class Sender:
    """Sends messages by a process of its own, see `sending`. For a thread of its own, since it
    waits for answers."""

    def __init__(self) -> None:
        self.process: Popen[str] | None = None
        self.counts: Counter[str] = Counter()
        self.why: dict[str, str] = {}
        """By address, why it cannot be reached."""

    def send(self, notice: Notice) -> str:
        """Why a message was not sent; empty if it was."""
        address = notice.target.address
        self.counts[address] += 1
        if self.counts[address] > _AT_ONCE:
            return f"{_AT_ONCE} are enough for one run"
        if address in self.why:
            return self.why[address]
        why = self.answer_to(notice)
        if why and not why.startswith(sending.ANSWERED):
            self.why[address] = why
        return why

    def answer_to(self, notice: Notice) -> str:
        if self.process is None:
            command = [sys.executable, "-m", sending.__name__]
            paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self.process = Popen(  # noqa: S603  nothing of it is given by others
                command, env=paths, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, encoding="utf-8"
            )
        process = self.process
        assert process.stdin and process.stdout
        timer = threading.Timer(_MOST_SECONDS, process.kill)
        timer.start()
        try:
            parts = (notice.target.address, notice.title, notice.body)
            process.stdin.write(json.dumps(parts) + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline()))
        except (OSError, ValueError):
            self.close()
            return f"no answer, or none in {_MOST_SECONDS} seconds"
        finally:
            timer.cancel()

    def close(self) -> None:
        if self.process is not None:
            with suppress(OSError):
                self.process.communicate()
            self.process = None
