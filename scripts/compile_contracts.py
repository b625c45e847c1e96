"""Compiles contracts/*.vy into artifacts and typed faces; ``--check`` only compares.

They go to src/quorate/ledger/artifacts/*.json and src/quorate/ledger/faces/*.py.
One compiler (vyper 0.4.3), one rule set (Cancun), one optimisation level, so that the same sources
give the same bytes everywhere. The artifacts are committed: users need no compiler.
"""

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import vyper
from bindings_writer import Comments, write_face  # beside this file
from vyper.cli.vyper_compile import compile_files
from vyper.compiler.settings import OptimizationLevel, Settings

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import NAMES

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "src" / "quorate" / "ledger"
EVM_VERSION = "cancun"
OPTIMIZE = "codesize"
FORMATS = ("abi", "bytecode", "bytecode_runtime", "integrity", "layout", "userdoc")
CODE_LIMIT = 24_576  # bytes, EIP-170


def compile_contract(name: str) -> dict[Path, bytes]:
    """What is written for contract ``name``: its artifact and its typed face, by path."""
    source = ROOT / "contracts" / f"{name}.vy"
    settings = Settings(evm_version=EVM_VERSION, optimize=OptimizationLevel.from_string(OPTIMIZE))
    (found,) = compile_files([source], FORMATS, settings=settings).values()
    runtime = found["bytecode_runtime"].removeprefix("0x")
    size = len(runtime) // 2 + immutable_bytes(found["layout"].get("code_layout", {}))
    if size > CODE_LIMIT:
        raise SystemExit(f"{name}: {size} bytes of code, the EVM allows {CODE_LIMIT}")
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
    faces = write_face(name, found["abi"], found["userdoc"], Comments(source))
    written = {LEDGER / "faces" / file: text.encode() for file, text in faces.items()}
    return {LEDGER / "artifacts" / f"{name}.json": canonical_bytes(value), **written}


def immutable_bytes(layout: dict[str, Any]) -> int:
    """What the constructor appends to the code: immutables, those of modules too."""
    return sum(
        entry["length"] if "length" in entry else immutable_bytes(entry)
        for entry in layout.values()
    )


def main() -> int:
    """Writes every artifact, or says which are stale; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if one is stale")
    parser.add_argument("names", nargs="*", help="contracts; all of the suite without any")
    arguments = parser.parse_args()
    check = arguments.check
    warnings.simplefilter("ignore")  # the size warning is an error of our own above
    stale = []
    for name in arguments.names or NAMES:
        for path, data in compile_contract(name).items():
            if path.exists() and path.read_bytes() == data:
                continue
            stale.append(path.name)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(data)
    verb = "stale" if check else "written"
    print(f"{verb}: {', '.join(stale) or 'none'}", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
