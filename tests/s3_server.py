"""A real S3 server on loopback: rclone, which checks signatures and keeps objects as files."""

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.command_line import wait_until

KEY, SECRET = "KEY00000000000000000", "secret/of/the+test"
BUCKET = "news"


@dataclass
class S3Server:
    """Buckets are the folders of `folder`; the server may be stopped and started again."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        (self.folder / BUCKET).mkdir(parents=True, exist_ok=True)
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        rclone = Path(sys.executable).with_name("rclone")
        keys = ("--auth-key", f"{KEY},{SECRET}", "--config", os.devnull)
        address = ("--addr", f"127.0.0.1:{self.port}", "--dir-cache-time", "0s")
        self.process = subprocess.Popen(
            [str(rclone), "serve", "s3", *keys, *address, str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers)

    def answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # The made-up site is a proxy; the store is asked directly.
            "no_proxy": "127.0.0.1",
        }

    def objects(self) -> list[Path]:
        """What lies in the bucket. A killed server leaves drafts of its own, which are no objects."""
        files = (path for path in (self.folder / BUCKET).rglob("*") if path.is_file())
        return sorted(path for path in files if not _is_draft(path.name))

    def clear(self) -> None:
        shutil.rmtree(self.folder / BUCKET, ignore_errors=True)
        (self.folder / BUCKET).mkdir()


def _is_draft(name: str) -> bool:
    return name.endswith(".partial") or name.startswith(".rclone_temp_put_")
