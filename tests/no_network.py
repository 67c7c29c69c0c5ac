"""Cuts a process off the network, and notes what it tried."""

import socket
from pathlib import Path
from typing import Any

METHODS = ("connect", "connect_ex", "sendto")
FUNCTIONS = ("create_connection", "getaddrinfo", "gethostbyname")


def cut(notes: Path) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        with notes.open("a", encoding="utf-8") as file:
            print(arguments[1:] or arguments, file=file)
        raise OSError("the network is cut")

    for name in METHODS:
        setattr(socket.socket, name, refuse)
    for name in FUNCTIONS:
        setattr(socket, name, refuse)
