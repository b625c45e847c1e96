"""Kills a whole federation with SIGKILL at its durable writes, runs it again, compares.

Run as ``python -m tests.fault.driver CASE SHARD SHARDS FOLDER``: one process imports everything
once and forks a child per run, so that hundreds of kills take a minute. Prints one JSON object.
"""

import contextlib
import gc
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from quorate.core.files import observe_writes
from quorate.core.filesystem import SystemFiles
from quorate.core.hashing import Digest
from quorate.core.sources import SteppedClock
from quorate.ledger.contracts import Contract, Event
from quorate.ledger.evidence import CodeRoot, ReplayedChain, parse_blocks, replay
from quorate.node.federation import Misconduct
from quorate.provenance.bundle import BLOCKS, FINAL_MODEL, unpack
from quorate.provenance.roots import Roots
from tests.scenarios.small import Cast, audit_home, run_small

HONEST = Misconduct()
START_NS = 1_800_000_000 * 10**9
SECOND = 10**9
ROLES = (2, 4)
TOLD = (
    ("Tasks", ("TaskCreated", "Joined", "Seated", "LowScore", "Claimed", "Refunded")),
    ("Rounds", ("RoundOpened", "Included", "SetFixed", "VoteRevealed", "Settled")),
    ("Rounds", ("Aborted", "Faulted", "TaskEnded")),
    ("Appeals", ("Suspended", "Resolved")),
    ("Stakes", ("Deposited", "Slashed", "Withdrawn")),
)
# Every run makes its own keys, and resuming takes time.
KEYED = ("task", "dataset", "deadline", "join_deadline", "root", "terms")


Kills = tuple[int, ...]
Choice = Callable[[list[str], Random], list[Kills]]
"""From what is announced: where each run is killed, once or several times over."""


@dataclass(frozen=True)
class Case:
    """A small federation, and at which announcements its kills come.

    With ``torn`` the kill comes before the k-th ``fsync`` instead: when a file is half written.
    """

    cast: Cast
    choose: Choice
    misconduct: Misconduct = HONEST
    torn: bool = False


def each_write(heard: list[str], dice: Random) -> list[Kills]:
    """After every durable write, and before some of them (before: after the one before it)."""
    after = [at for at, when in enumerate(heard, 1) if when == "after"]
    before = [at for at, when in enumerate(heard, 1) if when == "before"]
    return [(at,) for at in sorted(after + dice.sample(before, 20))]


def some(count: int) -> Choice:
    """A seeded draw of ``count`` single kills."""
    return lambda heard, dice: [(at,) for at in sorted(dice.sample(range(1, len(heard)), count))]


def earliest_and_some(count: int) -> Choice:
    """The first kills of all, where a home is not yet a home, and a seeded draw of the others."""

    def choose(heard: list[str], dice: Random) -> list[Kills]:
        return [(1,), (2,), (3,), *some(count - 3)(heard[3:], dice)]

    return choose


def twice(count: int) -> Choice:
    """Seeded pairs: the run that resumes is killed as well."""

    def choose(heard: list[str], dice: Random) -> list[Kills]:
        firsts = (dice.randint(1, len(heard) - 80) for _ in range(count))
        return [(at, dice.randint(1, 60)) for at in firsts]

    return choose


PAIR = Cast(("north", "south"), ("audit-one", "audit-two"))
COURT = Cast(("north", "south"), ("audit-one", "audit-two", "audit-three"))
CASES = {
    "honest": Case(PAIR, each_write),
    "liar": Case(COURT, some(40), Misconduct(liars={"audit-three": 1})),
    "twice": Case(PAIR, twice(40)),
    "torn": Case(PAIR, earliest_and_some(40), torn=True),
}


def run(home: Path, case: Case, clock_ns: int) -> None:
    """The federation from wherever ``home`` stands to the end."""
    clock = SteppedClock(clock_ns)
    run_small(home, rounds=1, misconduct=case.misconduct, clock=clock, cast=case.cast)


def facts_of(home: Path) -> dict[str, Any]:
    """What must not depend on kills: model, votes, money; read from the evidence alone."""
    bundle = (home / "evidence.zip").read_bytes()
    report = audit_home(home, bundle)
    if report.exit_code:
        raise AssertionError(f"the audit says {report.failure}")
    leftovers = [str(path) for path in home.rglob("*.tmp")]
    if leftovers:
        raise AssertionError(f"a killed writer's leftovers are still there: {leftovers}")
    members = unpack(bundle)
    roots = Roots.from_bytes((home / "auditor" / "trust.json").read_bytes())
    codes = [CodeRoot(n, Digest.parse(d), size) for n, (d, size) in roots.chain.code.items()]
    chain = replay(
        parse_blocks(members[BLOCKS]),
        roots.chain.operator,
        Digest.parse(roots.chain.genesis),
        codes,
    )
    names = {member.identity.account: member.name for member in roots.members}
    faces = {name: Contract(name, address) for name, address in roots.chain.contracts.items()}
    names |= {face.address: face.name for face in faces.values()}
    found = {
        "model": Digest.of(members[FINAL_MODEL]).hex,
        "same model": members[FINAL_MODEL] == (home / "model.safetensors").read_bytes(),
        "money": {name: _money(chain, faces, account) for account, name in names.items()},
    }
    for number, (contract, kinds) in enumerate(TOLD):
        events = [faces[contract].event(each) for each in chain.events(faces[contract].address)]
        told = [_tell(event, names) for event in events if event.name in kinds]
        found[f"{contract} {number}"] = told
    return json.loads(json.dumps(found))


def _money(chain: ReplayedChain, faces: dict[str, Contract], account: str) -> dict[str, int]:
    def ask(contract: str, function: str, *arguments: object) -> int:
        face = faces[contract]
        call = face.encode(function, *arguments)
        return int(face.decode(function, chain.call(face.address, call.data))[0])

    bonds = {f"bond {role}": ask("Stakes", "bond", account, role) for role in ROLES}
    return bonds | {"balance": ask("Token", "balanceOf", account)}


def _tell(event: Event, names: dict[str, str]) -> list[Any]:
    values = {key: _plain(value, names) for key, value in event.values.items() if key not in KEYED}
    return [event.name, values]


def _plain(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(each, names) for each in value]
    return names.get(value, value)


# One child per run.


def in_child(work: Callable[[], object], result: Path) -> int:
    """Does ``work`` in a forked process and writes what it returns to ``result``: wait status."""
    result.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            value = work()
            result.write_text(json.dumps(value))
            os._exit(0)
        except BaseException:
            result.write_text(json.dumps({"error": traceback.format_exc()}))
            os._exit(1)
    return os.waitpid(child, 0)[1]


def killed_at(home: Path, case: Case, at: int, clock_ns: int) -> Callable[[], str]:
    """A run that kills itself at announcement ``at``; it returns only if it never got there."""
    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> str:
        with _watched(case, count):
            run(home, case, clock_ns)
        return "not reached"

    return work


@contextlib.contextmanager
def _watched(case: Case, hear: Callable[[str, str], None]) -> Iterator[None]:
    """``hear`` is told of every announcement, or of every ``fsync`` of a torn case."""
    if not case.torn:
        with observe_writes(hear):
            yield
        return
    fsync = SystemFiles.fsync

    def heard(descriptor: int) -> None:
        hear("fsync", str(descriptor))
        fsync(descriptor)

    SystemFiles.fsync = staticmethod(heard)  # this process is a child that ends soon
    yield


def undisturbed(home: Path, case: Case) -> dict[str, Any]:
    """Facts and announcements of a run that nobody kills."""
    heard: list[str] = []
    with _watched(case, lambda when, _name: heard.append(when)):
        run(home, case, START_NS)
    return {"facts": facts_of(home), "announcements": heard}


def trial(folder: Path, case: Case, kills: tuple[int, ...], expected: Any) -> dict[str, Any]:
    """Kills, resumes, compares: what was hit, and what went wrong (empty: nothing)."""
    home, result = folder / "home", folder / "result.json"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    hit = 0
    for turn, at in enumerate(kills):
        status = in_child(killed_at(home, case, at, START_NS + turn * SECOND), result)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            hit += 1
        elif status:
            return {"kills": kills, "hit": hit, "fault": json.loads(result.read_text())["error"]}

    def resume() -> object:
        run(home, case, START_NS + len(kills) * SECOND)
        return facts_of(home)

    in_child(resume, result)
    found = json.loads(result.read_text()) if result.exists() else {"error": "the resumed run died"}
    fault = found.get("error", "") or _difference(expected, found)
    return {"kills": kills, "hit": hit, "fault": fault}


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    for key, value in expected.items():
        if found.get(key) != value:
            return f"{key}: {found.get(key)} instead of {value}"
    return ""


def main(name: str, shard: int, shards: int, folder: Path) -> None:
    """Every ``shards``-th kill of the case, from the ``shard``-th on."""
    case = CASES[name]
    gc.freeze()  # children share what is warm
    first = folder / "undisturbed"
    first.mkdir(parents=True)
    in_child(lambda: undisturbed(first / "home", case), folder / "undisturbed.json")
    baseline = json.loads((folder / "undisturbed.json").read_text())
    if "error" in baseline:
        sys.exit(baseline["error"])
    chosen = case.choose(baseline["announcements"], Random("kills"))
    trials = [
        trial(folder / "trial", case, kills, baseline["facts"]) for kills in chosen[shard::shards]
    ]
    print(
        json.dumps(
            {
                "announcements": baseline["announcements"],
                "chosen": len(chosen),
                "facts": baseline["facts"],
                "trials": trials,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
