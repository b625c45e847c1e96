"""Which branches of the compiled contracts the tests take, both ways; fails on an unexplained one.

Runs the contract tests with every transaction and call of the embedded EVM repeated on py-evm
(contract_tracer.py), notes both outcomes of each conditional jump (JUMPI), and leads them back to
the sources by the compiler's own source map. A branch is a condition that somebody wrote: an
assert, an if, one side of an ``and``; what the compiler adds (overflow, bounds, calldata) is
counted by kind. contracts/coverage.toml holds one reason per branch that is never taken, and one
per kind of compiler check; a missing reason and a reason without a branch both fail the run.

Use::

    python scripts/contract_coverage.py                # the whole suite, minutes
    python scripts/contract_coverage.py Token Stakes   # these contracts and their tests only
    python scripts/contract_coverage.py --write        # new TOML entries to fill in, on stdout
"""

import argparse
import os
import re
import tomllib
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from compile_contracts import EVM_VERSION, OPTIMIZE  # beside this file
from contract_tracer import JUMPI, Taken, artifacts, trace

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "contracts"
REASONS = CONTRACTS / "coverage.toml"
LEFT_OUT = ("test_exhaustive", "test_differential", "test_coverage", "test_mutants")
"""Tests that run probes, or what others ran already."""

ENDS = {
    0x00: "goes on",
    0xF3: "goes on",
    0xFD: "fails",
    0xFE: "fails",
}  # STOP RETURN REVERT INVALID
_KINDS = {
    "safeadd": "overflow",
    "safesub": "overflow",
    "safemul": "overflow",
    "clamp gt 0": "division by zero",
    "clamp sgt": "overflow",  # of a minus sign
    "clamp sge 0": "bounds",
    "range() bounds check": "longest loop",
    "validate address": "bounds",
    "bad calldatasize or callvalue": "calldata and value",
    "nonpayable check": "calldata and value",
    "extcodesize is zero": "answer of a call",
    "returndatasize too small": "answer of a call",
}
"""The compiler's messages, in fewer words."""


# What there is


@dataclass
class Branch:
    """A condition in the sources; ``ways`` counts by what happened, 0 where it never did."""

    source: str
    function: str
    line: int
    text: str
    ways: dict[str, bool] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """What names it in coverage.toml: stable while the function and the text stay."""
        return f"{self.function}: {self.text}"


def _counters() -> dict[str, Counter[str]]:
    return defaultdict(Counter)


@dataclass
class Found:
    """Branches by place, and the compiler's checks by kind: (all, taken both ways)."""

    branches: dict[tuple[str, str, str], Branch] = field(default_factory=dict)
    kinds: dict[str, Counter[str]] = field(default_factory=_counters)
    raw: dict[str, Counter[str]] = field(default_factory=_counters)

    def add(self, other: "Found") -> None:
        """Takes in another contract: branches of modules that both use are taken by either."""
        for key, branch in other.branches.items():
            mine = self.branches.setdefault(key, branch)
            for way, happened in branch.ways.items():
                mine.ways[way] = mine.ways.get(way, False) or happened
        for kind, of in other.kinds.items():
            self.kinds[kind] += of
        for name, of in other.raw.items():
            self.raw[name] += of


@cache
def _compiled(name: str) -> Any:
    from vyper.compiler.input_bundle import FilesystemInputBundle  # noqa: PLC0415
    from vyper.compiler.phases import CompilerData  # noqa: PLC0415
    from vyper.compiler.settings import OptimizationLevel, Settings  # noqa: PLC0415

    bundle = FilesystemInputBundle([CONTRACTS, ROOT])
    settings = Settings(evm_version=EVM_VERSION, optimize=OptimizationLevel.from_string(OPTIMIZE))
    return CompilerData(bundle.load_file(CONTRACTS / f"{name}.vy"), bundle, settings=settings)


def stale(name: str) -> bool:
    """Whether contract ``name`` has changed since it was compiled."""
    integrity: str = _compiled(name).integrity_sum
    return integrity != artifacts()[name].source


def chart(name: str, taken: Taken) -> Found:
    """The branches of contract ``name`` and what happened at each."""
    from vyper.ir import compile_ir  # noqa: PLC0415

    warnings.simplefilter("ignore")
    found = Found()
    data = _compiled(name)
    artifact = artifacts()[name]
    if (data.bytecode_runtime, data.bytecode) != (artifact.runtime, artifact.creation):
        raise SystemExit(f"{name}: the artifact is not that of the source; compile it first")
    for creation, assembly in ((False, data.assembly_runtime), (True, data.assembly)):
        code, maps = compile_ir.assembly_to_evm(assembly, compiler_metadata=None)
        end = code.find(artifact.runtime) if creation else len(code)
        jumps = taken.get((name, creation), set())
        _Chart(found, name, code[:end], maps, jumps).fill()
    return found


class _Chart:
    """One code: its conditional jumps, led back to what was written."""

    def __init__(self, found: Found, name: str, code: bytes, maps: Any, jumps: Any) -> None:
        self.found, self.name, self.code, self.jumps = found, name, code, jumps
        self.nodes, self.errors = maps["pc_raw_ast_map"], maps["error_map"]
        self.places = [
            pc for pc in sorted(maps["pc_jump_map"]) if pc < len(code) and code[pc] == JUMPI
        ]

    def fill(self) -> None:
        """Every jump of this code."""
        seen: Counter[int] = Counter()
        for pc in self.places:
            ways = {jumped: (pc, jumped) in self.jumps for jumped in (False, True)}
            node = self.nodes.get(pc)
            kind = self._kind(pc, node)
            self.found.raw[self.name]["all"] += 1
            self.found.raw[self.name]["both"] += all(ways.values())
            if kind:
                self.found.kinds[kind]["all"] += 1
                self.found.kinds[kind]["both"] += all(ways.values())
                continue
            seen[id(node)] += 1
            branch = self._branch(node, seen[id(node)])
            for jumped, happened in ways.items():
                way = self._way(pc, node, jumped)
                branch.ways[way] = branch.ways.get(way, False) or happened

    def _kind(self, pc: int, node: Any) -> str:
        """Which check of the compiler this is; empty for what somebody wrote."""
        error = self.errors.get(pc, "")
        written = type(node).__name__ in {"Assert", "If", "IfExp", "BoolOp"}
        if written and (not error or error.startswith("user ")):
            return ""
        if error and not error.startswith("user "):
            error = re.sub(r"^(clamp \w+) -?\d{9,}$", r"\1", error)
            return _KINDS.get(error) or ("bounds" if error.endswith("bounds check") else error)
        return "loops, copies, dispatch"

    def _branch(self, node: Any, place: int) -> Branch:
        whole = node
        function = node
        while type(function).__name__ != "FunctionDef" and function.get_ancestor() is not None:
            function = function.get_ancestor()
        written = whole.test if type(whole).__name__ in {"Assert", "If", "IfExp"} else whole
        text = " ".join(written.node_source_code.split()) + (f" ({place})" if place > 1 else "")
        path = Path(node.module_node.resolved_path).relative_to(CONTRACTS)
        source = str(path)
        key = (source, getattr(function, "name", "?"), f"{type(whole).__name__} {text}")
        branch = Branch(source, key[1], whole.lineno, key[2])
        return self.found.branches.setdefault(key, branch)

    def _way(self, pc: int, node: Any, jumped: bool) -> str:
        """What it means in the source that the jump is taken, or not."""
        here, there = self._side(pc, jumped), self._side(pc, not jumped)
        if type(node).__name__ == "Assert":
            mine, other = self._ends(here), self._ends(there)
            return {("fails", "goes on"): "fails", ("goes on", "fails"): "holds"}.get(
                (mine, other), f"jump {jumped}"
            )
        body = node.values[1:] if type(node).__name__ == "BoolOp" else node.body
        body = body if isinstance(body, list) else [body]
        yes, no = ("asks on", "decided") if type(node).__name__ == "BoolOp" else ("yes", "no")
        mine, other = self._within(here, body), self._within(there, body)
        if mine == other:
            return f"jump {jumped}"
        return yes if mine else no

    def _side(self, pc: int, jumped: bool) -> int:
        """Where the code goes on after the jump at ``pc``."""
        if not jumped:
            return pc + 1
        return int.from_bytes(self.code[pc - 2 : pc], "big")  # PUSH2 target JUMPI

    def _ends(self, pc: int) -> str:
        """How straight code from ``pc`` ends: "fails" when it can only revert."""
        pc += self.code[pc] == 0x5B
        while pc < len(self.code):
            operation = self.code[pc]
            if operation in ENDS:
                return ENDS[operation]
            if operation in {0x56, JUMPI, 0x5B}:
                return "goes on"
            pc += 1 + (operation - 0x5F if 0x60 <= operation <= 0x7F else 0)
        return "goes on"

    def _within(self, pc: int, body: list[Any]) -> bool:
        """Whether the first written thing from ``pc`` on stands in ``body``."""
        for at in range(pc, min(pc + 200, len(self.code))):
            node = self.nodes.get(at)
            if node is not None:
                start, end = (body[0].lineno, body[0].col_offset), body[-1]
                last = (end.end_lineno, end.end_col_offset)
                same = node.module_node is body[0].module_node
                return same and start <= (node.lineno, node.col_offset) < last
        return False


# What is said


def reasons() -> tuple[dict[tuple[str, str, str], str], dict[str, str]]:
    """coverage.toml: by (source, where, never), and by kind."""
    value = tomllib.loads(REASONS.read_text()) if REASONS.exists() else {}
    each = {(r["source"], r["where"], r["never"]): r["reason"] for r in value.get("never", [])}
    return each, value.get("kinds", {})


def uncovered(found: Found, only: set[str]) -> Iterator[tuple[Branch, str]]:
    """Every branch with the way that it never went, in the order of the sources."""
    for branch in sorted(found.branches.values(), key=lambda b: (b.source, b.line, b.text)):
        if branch.source in only:
            for way, happened in sorted(branch.ways.items()):
                if not happened:
                    yield branch, way


def table(found: Found, only: set[str]) -> Iterator[str]:
    """By source file, then by contract, then by kind."""
    yield f"{'source':28} {'branches':>9} {'outcomes':>9} {'taken':>7} {'share':>8}"
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for branch in found.branches.values():
        for name in (branch.source, "~ all"):
            totals[name]["branches"] += branch.source in only
            totals[name]["ways"] += (branch.source in only) * len(branch.ways)
            totals[name]["taken"] += (branch.source in only) * sum(branch.ways.values())
    for name, of in sorted(totals.items()):
        if of["ways"]:
            share = f"{of['taken'] / of['ways']:.2%}"
            yield f"{name:28} {of['branches']:9} {of['ways']:9} {of['taken']:7} {share:>8}"
    yield ""
    yield f"{'contract, compiled':28} {'jumps':>9} {'both ways':>9}"
    for name, of in found.raw.items():
        yield f"{name:28} {of['all']:9} {of['both']:9}"
    yield ""
    yield f"{'check by the compiler':28} {'jumps':>9} {'both ways':>9}"
    for kind, of in sorted(found.kinds.items()):
        yield f"{kind:28} {of['all']:9} {of['both']:9}"


def judge(found: Found, only: set[str], *, whole: bool, write: bool) -> int:
    """Prints what was never taken and what is wrong with the reasons; how much is wrong."""
    each, kinds = reasons()
    missing = 0
    shown: set[tuple[str, str, str]] = set()
    for branch, way in uncovered(found, only):
        key = (branch.source, branch.where, way)
        shown.add(key)
        reason = each.get(key)
        missing += not reason
        place = f"contracts/{branch.source}:{branch.line}"
        print(f"{place}  never {way!r}: {branch.where}\n    {reason or 'NO REASON'}")
        if write and not reason:
            print(_entry(*key), end="")
    stale = [k for k in each if k not in shown and k[0] in only]
    for key in stale:
        print(f"a reason for nothing: {' | '.join(key)}")
    bare = [k for k, of in sorted(found.kinds.items()) if of["all"] > of["both"] and k not in kinds]
    for kind in bare:
        print(f"no reason for the compiler's checks of kind {kind!r}")
    gone = [kind for kind in kinds if kind not in found.kinds] if whole else []
    for kind in gone:
        print(f"a reason for nothing: compiler's checks of kind {kind!r}")
    print(f"\n{len(shown)} outcomes never seen, {missing} without a reason, {len(stale)} stale")
    return missing + len(stale) + len(bare) + len(gone)


def _entry(source: str, where: str, never: str) -> str:
    quoted = where.replace("\\", "\\\\").replace('"', '\\"')
    lines = (f'source = "{source}"', f'where = "{quoted}"', f'never = "{never}"', 'reason = ""')
    return "\n[[never]]\n" + "\n".join(lines) + "\n"


def test_files(names: Iterable[str]) -> list[str]:
    """The tests of these contracts; all contract tests without any."""
    folders = (ROOT / "tests" / "stateful", ROOT / "tests" / "contracts")  # the slow ones first
    files = [file for folder in folders for file in sorted(folder.glob("test_*.py"))]
    files = [file for file in files if not file.stem.startswith(LEFT_OUT)]
    wanted = [name.lower() for name in names]
    return [
        str(f)
        for f in files
        if not wanted or any(re.match(rf"test_{name}(_|$)", f.stem) for name in wanted)
    ]


def main() -> int:
    """Runs the tests, prints the tables; 1 when an uncovered branch has no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="print TOML for what has no reason")
    parser.add_argument("names", nargs="*", help="contracts; all of the suite without any")
    options = parser.parse_args()
    names = options.names or list(artifacts())
    taken: Taken = defaultdict(set)
    failed, runs = [], 0
    with ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn")) as pool:
        old = [name for name, is_old in zip(names, pool.map(stale, names), strict=True) if is_old]
        if old:
            raise SystemExit(f"compile first: {', '.join(old)}")
        for file, status, words, count, jumps in pool.map(trace, test_files(options.names)):
            if status not in {0, 5}:  # 5: all of its tests are slow
                failed.append(file)
                print(words)
            runs += count
            for code, seen in jumps.items():
                taken[code] |= seen
        found = Found()
        mine = [{code: at for code, at in taken.items() if code[0] == name} for name in names]
        for each in pool.map(chart, names, mine):
            found.add(each)
    own = {f"{name}.vy" for name in names}
    only = {b.source for b in found.branches.values() if not options.names or b.source in own}
    print("\n".join(table(found, only)), end="\n\n")
    wrong = judge(found, only, whole=not options.names, write=options.write)
    for file in failed:
        print(f"its tests fail, so its coverage says nothing: {Path(file).relative_to(ROOT)}")
    print(f"{runs:,} transactions and calls traced in {len(test_files(options.names))} test files")
    return 1 if wrong or failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
