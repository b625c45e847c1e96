"""An inference server in miniature: every answer is recorded before it is released.

    python examples/recorder/serve.py FOLDER

makes a log and a journal in FOLDER, answers a hundred requests and shows what the log holds. The
collector runs in a thread here; behind a real server it is a process of its own,
``quorate log collect``, and this process needs no key.
"""

import sys
from pathlib import Path

from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SystemClock, SystemRandomness
from quorate.log.appender import Appender
from quorate.log.collector import Collector
from quorate.log.recorder import Recorder
from quorate.log.writer import Log
from quorate.provenance.commitments import commit_to_input
from quorate.provenance.recorder import DecisionRecorder

CLOCK, RANDOMNESS = SystemClock(), SystemRandomness()
MODEL = {"digest": str(Digest.of(b"the model")), "name": "triage", "type": "model"}


def answer(decisions: DecisionRecorder, key: bytes, pulse: int) -> bool:
    """Decides, records, and only then returns."""
    begun = decisions.begin()
    urgent = pulse > 100
    commitments = {
        "input": str(commit_to_input(key, f"{begun[0]}/input", [str(pulse)])),
        "output": str(commit_to_input(key, f"{begun[0]}/output", [str(urgent)])),
    }
    decisions.record(begun, outcome={"confidence": 900_000}, commitments=commitments)
    return urgent


def main(folder: Path) -> None:
    """Serves a hundred requests."""
    keys = Keyring.generate("north", RANDOMNESS)
    journals = folder / "journals"
    with (
        Log.create(folder / "log", "example.org/north", *keys.log_signers, CLOCK) as log,
        Appender(log) as appender,
        Collector(appender, journals).running(),
        Recorder.open(journals, "north/serving-1") as recorder,
    ):
        decisions = DecisionRecorder(recorder, CLOCK, RANDOMNESS, object=[MODEL])
        urgent = sum(answer(decisions, keys.derive("decisions"), p) for p in range(60, 160))
        recorder.wait_durable(100)
        print(f"{urgent} of 100 urgent; {log.size} leaves in {folder / 'log'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/recorder/serve.py FOLDER")
    main(Path(sys.argv[1]))
