"""Planted bugs in the contracts: made from the sources by rules, compiled apart, judged by tests.

A mutant is one edit of one source file: a dropped assert, write, call, event or link of the hash
chain; a comparison off by one; ``and`` for ``or``; swapped arguments; a constant one higher; ``+``
for ``-``; a turned condition. They are drawn per contract by a seed, every rule in turn, from its
own file and its modules; what does not compile, or compiles to the same bytes, is no mutant.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "contracts"
REASONS = Path(__file__).with_suffix(".toml")
TIME_LIMIT = 300  # seconds; a mutant that makes the tests hang is caught

_A_ROUND = ("opening", "phases", "settle", "settle_votes", "batches", "payouts")

MORE_TESTS = {
    "Rounds": (*_A_ROUND, "ballots", "medians"),
    "Tasks": _A_ROUND,
    "Appeals": ("settle", "payouts"),
    "Stakes": ("opening", "settle", "payouts", "governance"),
    "Token": ("votes", "governance"),
    "Members": ("governance", "gates_suite", "opening"),
    "Governor": ("governance",),
    "Timelock": ("governance",),
    "Council": ("governance", "gates_suite"),
    "Anchor": ("gates_suite",),
    "Assets": ("gates_suite",),
}
"""Test files that are about a contract without its name."""


@dataclass(frozen=True)
class Mutant:
    """One edit: ``text`` at ``start`` of ``source`` becomes ``instead``."""

    contract: str
    source: str
    function: str
    line: int
    rule: str
    start: int
    text: str
    instead: str
    around: str
    """The line that it stands in."""
    place: int
    """Which of several that would read the same."""

    @property
    def name(self) -> str:
        """What it is called in contract_mutants.toml: no line numbers, so that it stays."""
        text, instead = (" ".join(each.split())[:90] for each in (self.text, self.instead))
        line = "" if self.around == text else f" in `{self.around}`"
        again = f" ({self.place})" if self.place > 1 else ""
        where = f"{self.contract}: {self.source} {self.function}, {self.rule}"
        return f"{where}{again}: {text} -> {instead}{line}"


@dataclass(frozen=True)
class Verdict:
    """What the tests said; ``by`` is the test that failed, empty for a survivor."""

    mutant: Mutant
    status: str
    by: str = ""

    @property
    def survived(self) -> bool:
        """Whether no test noticed."""
        return self.status == "survived"


# Rules: each yields (start node or offsets, rule, text, replacement)

Edit = tuple[int, str, str]
"""Start, text, replacement."""


class Source:
    """One file and its syntax tree."""

    def __init__(self, path: Path) -> None:
        from vyper.ast import parse_to_ast  # noqa: PLC0415 (a slow import)

        self.text = path.read_text()
        self.tree = parse_to_ast(self.text)
        self._lines = [0]
        for line in self.text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def span(self, node: Any) -> tuple[int, int]:
        """Where ``node`` stands in the text."""
        start = self._lines[node.lineno - 1] + node.col_offset
        return start, self._lines[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: Any) -> str:
        """The text of ``node``."""
        start, end = self.span(node)
        return self.text[start:end]

    def between(self, left: Any, right: Any) -> tuple[int, str]:
        """What stands between two nodes."""
        start, end = self.span(left)[1], self.span(right)[0]
        return start, self.text[start:end]

    def functions(self) -> Iterator[Any]:
        """Every function with a body."""
        from vyper.ast import nodes  # noqa: PLC0415

        yield from self.tree.get_children(nodes.FunctionDef)


def _kinds(node: Any, *names: str) -> list[Any]:
    from vyper.ast import nodes  # noqa: PLC0415

    found: list[Any] = []
    for name in names:
        found += node.get_descendants(getattr(nodes, name))
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))


def _whole(source: Source, node: Any) -> Edit:
    return source.span(node)[0], source.of(node), "pass"


def dropped_assert(source: Source, function: Any) -> Iterator[Edit]:
    """A check less."""
    for node in _kinds(function, "Assert"):
        yield _whole(source, node)


def dropped_write(source: Source, function: Any) -> Iterator[Edit]:
    """A state write less."""
    for node in _kinds(function, "Assign", "AugAssign"):
        if source.of(node.target).startswith("self."):
            yield _whole(source, node)


def dropped_call(source: Source, function: Any) -> Iterator[Edit]:
    """A call for its effect less."""
    for node in _kinds(function, "Expr"):
        text = source.of(node)
        if "(" in text and not text.startswith(('"', "hashchain.extend")):
            yield _whole(source, node)


def dropped_event(source: Source, function: Any) -> Iterator[Edit]:
    """An event less, or its link in the hash chain."""
    for node in _kinds(function, "Log"):
        yield _whole(source, node)
    for node in _kinds(function, "Expr"):
        if source.of(node).startswith("hashchain.extend"):
            yield _whole(source, node)


_OFF = {"<=": "<", ">=": ">", "<": "<=", ">": ">="}


def off_by_one(source: Source, function: Any) -> Iterator[Edit]:
    """< for <=, and the like."""
    for node in _kinds(function, "Compare"):
        start, gap = source.between(node.left, node.right)
        match = re.search(r"<=|>=|<|>", gap)
        if match:
            yield start + match.start(), match.group(), _OFF[match.group()]


def turned_logic(source: Source, function: Any) -> Iterator[Edit]:
    """``and`` for ``or``."""
    for node in _kinds(function, "BoolOp"):
        for left, right in zip(node.values, node.values[1:], strict=False):
            start, gap = source.between(left, right)
            match = re.search(r"\b(and|or)\b", gap)
            if match:
                yield (
                    start + match.start(),
                    match.group(),
                    {"and": "or", "or": "and"}[match.group()],
                )


def swapped_arguments(source: Source, function: Any) -> Iterator[Edit]:
    """Two neighbouring arguments in the other's place."""
    for node in _kinds(function, "Call"):
        for left, right in zip(node.args, node.args[1:], strict=False):
            start, end = source.span(left)[0], source.span(right)[1]
            _, gap = source.between(left, right)
            one, other = source.of(left), source.of(right)
            if one != other and "#" not in gap:
                yield start, source.text[start:end], other + gap + one


def other_constant(source: Source, function: Any) -> Iterator[Edit]:
    """A number one higher."""
    for node in _kinds(function, "Int"):
        parent = type(node.get_ancestor()).__name__
        text = source.of(node)
        if parent in {"BinOp", "Compare", "Assign", "AugAssign", "Return"} and text.isdigit():
            yield source.span(node)[0], text, str(int(text) + 1)


_SIGNS = {"+": "-", "-": "+", "*": "//", "//": "*", "|": "^", "&": "|", "<<": ">>", ">>": "<<"}


def other_sign(source: Source, function: Any) -> Iterator[Edit]:
    """+ for -, and the like."""
    for node in _kinds(function, "BinOp"):
        start, gap = source.between(node.left, node.right)
        match = re.search(r"//|<<|>>|[+\-*|&]", gap)
        if match:
            yield start + match.start(), match.group(), _SIGNS[match.group()]


def turned_condition(source: Source, function: Any) -> Iterator[Edit]:
    """``if not``."""
    for node in _kinds(function, "If"):
        text = source.of(node.test)
        yield source.span(node.test)[0], text, f"not ({text})"


RULES: tuple[Callable[[Source, Any], Iterator[Edit]], ...] = (
    dropped_assert,
    off_by_one,
    dropped_write,
    swapped_arguments,
    turned_logic,
    dropped_call,
    other_constant,
    dropped_event,
    other_sign,
    turned_condition,
)


@cache
def _source(name: str) -> Source:
    return Source(CONTRACTS / name)


def modules_of(name: str) -> list[str]:
    """A contract's own modules and theirs, as files below contracts/."""
    found: list[str] = []
    ahead = [CONTRACTS / f"{name}.vy"]
    while ahead:
        path = ahead.pop()
        for match in re.finditer(r"^from (\.+)([\w.]*) import (\w+)", path.read_text(), re.M):
            dots, inner, module = match.groups()
            folder = path.parents[len(dots) - 1].joinpath(*inner.split("."))
            file = folder / f"{module}.vy"
            shown = file.relative_to(CONTRACTS).as_posix() if file.is_file() else ""
            if shown and shown not in found:
                found.append(shown)
                ahead.append(file)
    return found


def candidates(contract: str) -> dict[str, list[Mutant]]:
    """Every edit of a contract and its modules, by rule."""
    found: dict[str, list[Mutant]] = {rule.__name__: [] for rule in RULES}
    places: Counter[tuple[str, ...]] = Counter()
    for file in [f"{contract}.vy", *modules_of(contract)]:
        source = _source(file)
        for function in source.functions():
            for rule in RULES:
                for start, text, instead in rule(source, function):
                    line = source.text.count("\n", 0, start) + 1
                    around = source.text.splitlines()[line - 1].strip()
                    key = (file, function.name, rule.__name__, text, instead, around)
                    places[key] += 1
                    found[rule.__name__].append(
                        Mutant(contract, *key[:2], line, key[2], start, *key[3:], places[key])
                    )
    return found


def drawn(contract: str, seed: int) -> Iterator[Mutant]:
    """All of a contract's mutants, in an order that ``seed`` draws; every rule in turn."""
    by_rule = candidates(contract)
    draw = random.Random(f"{seed} {contract}")
    for mutants in by_rule.values():
        draw.shuffle(mutants)
    names = [name for name, mutants in by_rule.items() if mutants]
    start = draw.randrange(len(names))
    while any(by_rule.values()):
        for name in names[start:] + names[:start]:
            if by_rule[name]:
                yield by_rule[name].pop()


# Running


def committed(name: str) -> dict[str, Any]:
    """The artifact without any bug."""
    path = ROOT / "src" / "quorate" / "ledger" / "artifacts" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def compiled(folder: Path, name: str) -> dict[str, Any]:
    """What the artifact says that the tests load."""
    from vyper.cli.vyper_compile import compile_files  # noqa: PLC0415
    from vyper.compiler.settings import OptimizationLevel, Settings  # noqa: PLC0415

    warnings.simplefilter("ignore")
    artifact = committed(name)
    made = artifact["settings"]
    level = OptimizationLevel.from_string(made["optimize"])
    settings = Settings(evm_version=made["evm_version"], optimize=level)
    formats = ("abi", "bytecode", "bytecode_runtime")
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        (found,) = compile_files([folder / f"{name}.vy"], formats, settings=settings).values()
    return artifact | {
        "abi": found["abi"],
        "creation": found["bytecode"].removeprefix("0x"),
        "runtime": found["bytecode_runtime"].removeprefix("0x"),
    }


def planted(mutant: Mutant, folder: Path) -> str:
    """The artifact with ``mutant`` in it, compiled in ``folder``; empty when it is none."""
    from vyper.exceptions import VyperException, VyperInternalException  # noqa: PLC0415

    copy = folder / "contracts"
    shutil.copytree(CONTRACTS, copy)
    path = copy / mutant.source
    text = path.read_text()
    end = mutant.start + len(mutant.text)
    assert text[mutant.start : end] == mutant.text, f"the source has changed: {mutant.name}"
    path.write_text(text[: mutant.start] + mutant.instead + text[end:])
    kept = Path.cwd()
    os.chdir(folder)
    try:
        artifact = compiled(Path("contracts"), mutant.contract)
    except (VyperException, VyperInternalException, AssertionError):
        return ""
    finally:
        os.chdir(kept)
    if committed(mutant.contract)["creation"] == artifact["creation"]:
        return ""
    return json.dumps(artifact, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_files(contract: str) -> list[str]:
    """The tests of a contract, the quick and pointed ones first."""
    name = contract.lower()
    folder = ROOT / "tests" / "contracts"
    files = [folder / f"test_{name}.py", *sorted(folder.glob(f"test_{name}_*.py"))]
    files += [folder / f"test_{each}.py" for each in MORE_TESTS.get(contract, ())]
    stateful = ROOT / "tests" / "stateful"
    files += [folder / "test_powers.py"]
    files += [stateful / f"test_{name}.py", *sorted(stateful.glob(f"test_{name}_*.py"))]
    return [str(file) for file in dict.fromkeys(files) if file.is_file()]


def tested(contract: str, artifacts: Path) -> tuple[int, str]:
    """Exit status of the tests with the artifacts in ``artifacts``, and what failed first."""
    environment = os.environ | {
        "QUORATE_MUTANT": str(artifacts),
        "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    options = ["-x", "-q", "-p", "no:xdist", "-p", "contract_mutants_plugin", "-m", "not slow"]
    command = [sys.executable, "-m", "pytest", *options, "--hypothesis-seed=4", "--tb=no"]
    try:
        run = subprocess.run(
            [*command, *test_files(contract)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "a time limit"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.M)
    if run.returncode > 1:
        raise SystemExit(f"the tests of {contract} did not run:\n{run.stdout[-2000:]}{run.stderr}")
    return run.returncode, failed.group(1) if failed else ""


def judge(mutant: Mutant, artifact: str) -> Verdict:
    """Runs the tests on a planted bug."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / f"{mutant.contract}.json").write_text(artifact)
        status, by = tested(mutant.contract, Path(name))
    return Verdict(mutant, "killed" if status else "survived", by)


def first_planted(contract: str, count: int, seed: int) -> list[tuple[Mutant, str]]:
    """The first ``count`` mutants that compile to other bytes, and their artifacts."""
    found: list[tuple[Mutant, str]] = []
    for mutant in drawn(contract, seed):
        if len(found) == count:
            break
        with tempfile.TemporaryDirectory() as name:
            artifact = planted(mutant, Path(name))
        if artifact:
            found.append((mutant, artifact))
    return found


def reasons() -> dict[str, str]:
    """Why a survivor is none of our bugs, by its name."""
    value = tomllib.loads(REASONS.read_text()) if REASONS.exists() else {}
    return {each["mutant"]: each["reason"] for each in value.get("survivor", [])}
