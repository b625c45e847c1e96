"""How many changed bundles pass the audit: none, but those that contradict nobody, by name.

Half of the changes are blind: one byte of the file, or of one member with the manifest signed anew.
Half are repaired: a meaning is edited and everything above it rebuilt with all keys of one party.
``mutations_free`` are repaired changes that no other party's key contradicts (docs/trust.md).
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count as count_from
from pathlib import Path

from report import Metric, arguments, report

from quorate.audit.auditor import audit
from quorate.core.keyring import Keyring
from tests.scenarios.small import audit_home, run_small
from tests.simulators.blind import blind_changes, resealed_changes
from tests.simulators.everything import KINDS, all_forgeries, forge
from tests.simulators.forger import Evidence

QUICK, WHOLE = 120, 3_000
"""Blind changes, and as many repaired ones."""

Outcome = tuple[str, int]
"""Which change, and the auditor's exit code."""


def _check_unchanged(home: Path) -> None:
    """The true bundle passes; else every refusal below would say nothing."""
    found = audit_home(home)
    if found.exit_code:
        raise SystemExit(f"the unchanged bundle does not pass: {found.failure}")


def blind(home: Path, count: int, seed: int) -> list[Outcome]:
    """``count`` blind changes: half of the file as it is, half with the manifest mended."""
    evidence = Evidence.of(home)
    opener = Keyring.load(home / "auditor" / "auditor.key").sealing
    data = (home / "evidence.zip").read_bytes()
    changes = [
        *blind_changes(data, count - count // 2, seed),
        *resealed_changes(evidence, count // 2, seed),
    ]
    return [(each.name, audit(each.bundle, evidence.roots, opener).exit_code) for each in changes]


def repaired(home: Path, count: int, seed: int) -> list[Outcome]:
    """``count`` forgeries, every kind in turn, each time round by another party."""
    evidence = Evidence.of(home)
    opener = Keyring.load(home / "auditor" / "auditor.key").sealing
    found: list[Outcome] = []
    for draw, name, party in _choices(evidence, seed):
        forgery = forge(evidence, name, party, draw)
        if forgery is not None:  # a participant, say, has no vote to forge
            found.append((forgery.name, audit(forgery.bundle, evidence.roots, opener).exit_code))
        if len(found) == count:
            break
    return found


def _choices(evidence: Evidence, seed: int) -> Iterator[tuple[int, str, str]]:
    """Draw, kind and party without end."""
    names = sorted(name for name in KINDS if not KINDS[name].free)
    parties = evidence.names()
    for turn in count_from(0):
        for place, name in enumerate(names):
            yield seed * 1_000_000 + turn, name, parties[(seed + turn + place) % len(parties)]


def free(home: Path) -> list[Outcome]:
    """Every free kind by every party that can."""
    evidence = Evidence.of(home)
    opener = Keyring.load(home / "auditor" / "auditor.key").sealing
    return [
        (forgery.name, audit(forgery.bundle, evidence.roots, opener).exit_code)
        for forgery in all_forgeries(evidence, seed=0, free=True)
    ]


def measure(count: int) -> dict[str, Metric]:
    """The metrics over ``count`` blind and as many repaired changes of one small bundle."""
    workers = os.cpu_count() or 1
    share = -(-count // workers)
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        home = Path(folder) / "home"
        run_small(home)
        _check_unchanged(home)
        start = time.perf_counter()
        first = [pool.submit(blind, home, share, seed) for seed in range(workers)]
        second = [pool.submit(repaired, home, share, seed) for seed in range(workers)]
        third = pool.submit(free, home)
        blinded = [each for future in first for each in future.result()][:count]
        mended = [each for future in second for each in future.result()][:count]
        freed = third.result()
        seconds = time.perf_counter() - start
    passed = [name for name, code in (*blinded, *mended) if code == 0]
    withheld = [name for name, code in mended if code == 2]
    harmless = Counter(name.split(" by ")[0] for name, code in freed if code == 0)
    return {
        "mutations_blind": Metric(len(blinded), "bundles", count),
        "mutations_repaired": Metric(len(mended), "bundles", count),
        "kinds_repaired": Metric(sum(not kind.free for kind in KINDS.values()), "kinds"),
        "undetected": Metric(len(passed), "bundles", 0, most=True, names=tuple(passed)),
        "undecided": Metric(len(withheld), "bundles", names=tuple(sorted(set(withheld)))),
        "mutations_free": Metric(
            harmless.total(), "bundles", names=tuple(f"{n}: {c}" for n, c in harmless.items())
        ),
        "audits_s": Metric((len(blinded) + len(mended)) / seconds, "1/s"),
    }


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "", count="blind changes, and as many repaired ones")
    metrics = measure(options.count or (QUICK if options.quick else WHOLE))
    return report(metrics, ("cryptography", "pyrevm"), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
