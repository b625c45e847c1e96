"""``quorate log serve`` and other commands as real processes."""

import os
import signal
import subprocess
import sys

import urllib3


def start(*arguments: object) -> subprocess.Popen[str]:
    """A command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "quorate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Waits for its end: exit code, standard output, standard error."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def run(*arguments: object) -> tuple[int, str, str]:
    """Runs a command to its end."""
    return finish(start(*arguments))


class LogProcess:
    """A serving process; ``url`` is where it listens."""

    def __init__(self, folder, *options: object, port: int = 0) -> None:
        self.process = start("log", "serve", folder, "--listen", f"127.0.0.1:{port}", *options)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2] or 0)

    def __enter__(self) -> "LogProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> tuple[int, str]:
        """Interrupts it: its exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        code, _, err = finish(self.process)
        return code, err


def request(
    method: str, url: str, token: str, body: bytes | None = None, kind: str = ""
) -> tuple[int, bytes]:
    """One request by a key holder; ``kind`` is the type of its body."""
    headers = {"authorization": f"Bearer {token}"} | ({"content-type": kind} if kind else {})
    with urllib3.PoolManager(retries=False, timeout=30) as pool:
        answer = pool.request(method, url, body=body, headers=headers)
        return answer.status, answer.data
