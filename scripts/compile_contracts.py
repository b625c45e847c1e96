"""Compiles contracts/*.vy into src/quorate/ledger/artifacts/; ``--check`` only compares.

One compiler (vyper 0.4.3), one rule set (Cancun), one optimisation level, so that the same sources
give the same bytes everywhere. The artifacts are committed: users need no compiler.
"""

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import vyper
from vyper.cli.vyper_compile import compile_files
from vyper.compiler.settings import OptimizationLevel, Settings

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import NAMES

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "quorate" / "ledger" / "artifacts"
EVM_VERSION = "cancun"
OPTIMIZE = "codesize"
FORMATS = ("abi", "bytecode", "bytecode_runtime", "integrity")
CODE_LIMIT = 24_576  # bytes, EIP-170


def compile_contract(name: str) -> bytes:
    """The artifact of contract ``name`` as canonical JSON, ended by a line feed."""
    source = ROOT / "contracts" / f"{name}.vy"
    settings = Settings(evm_version=EVM_VERSION, optimize=OptimizationLevel.from_string(OPTIMIZE))
    output = compile_files([source], FORMATS, settings=settings)
    (found,) = output.values()
    runtime = found["bytecode_runtime"].removeprefix("0x")
    if len(runtime) // 2 > CODE_LIMIT:
        raise SystemExit(f"{name}: {len(runtime) // 2} bytes of code, the EVM allows {CODE_LIMIT}")
    value: dict[str, Any] = {
        "abi": found["abi"],
        "compiler": f"vyper {vyper.__version__}",
        "creation": found["bytecode"].removeprefix("0x"),
        "name": name,
        "runtime": runtime,
        "settings": {"evm_version": EVM_VERSION, "optimize": OPTIMIZE},
        "source": found["integrity"],
        "v": 1,
    }
    return canonical_bytes(value)


def main() -> int:
    """Writes every artifact, or says which are stale; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one is stale")
    check = parser.parse_args().check
    warnings.simplefilter("ignore")  # the size warning is an error of our own above
    stale = []
    TARGET.mkdir(exist_ok=True)
    for name in NAMES:
        path, data = TARGET / f"{name}.json", compile_contract(name)
        if path.exists() and path.read_bytes() == data:
            continue
        stale.append(name)
        if not check:
            path.write_bytes(data)
    verb = "stale" if check else "written"
    print(f"{verb}: {', '.join(stale) or 'none'}", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
