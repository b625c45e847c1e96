"""``quorate witness serve`` as a real process that can be killed and started again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.note import ED25519_NOTE, ML_DSA_44_COSIGNATURE, NoteKey
from tests.log.parties import IDENTITY

NAME = "quorate.example/erin/witness"
KEYRING = Keyring.generate(NAME, SeededRandomness("erin"))
IDENTITIES = [WitnessIdentity(NAME, each.public_key) for each in KEYRING.witness_signers]
LOG_KEYS = [
    NoteKey(IDENTITY.origin, ED25519_NOTE, IDENTITY.ed25519).vkey,
    NoteKey(IDENTITY.origin, ML_DSA_44_COSIGNATURE, IDENTITY.ml_dsa_44).vkey,
]


def make_state(folder: Path) -> Path:
    """A witness's folder that knows alice's log."""
    folder.mkdir()
    KEYRING.save(folder / "witness.key", SeededRandomness("file"))
    lines = [f"log {vkey}\n" for vkey in LOG_KEYS]
    (folder / "logs").write_text("# whom we witness\n\n" + "".join(lines))
    return folder


class WitnessProcess:
    """A serving process; ``url`` is where it listens."""

    def __init__(self, state: Path, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "quorate", "witness", "serve", "--state", str(state)]
        command += ["--listen", f"127.0.0.1:{port}", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> "WitnessProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    def end(self, how: int) -> tuple[int, str]:
        """Sends a signal; the exit code and what was said on stderr."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        if self.process.stdout.closed:
            return self.process.returncode, ""
        _, words = self.process.communicate(timeout=30)
        return self.process.returncode, words
