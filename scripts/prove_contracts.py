"""Proves contract_properties.vy for all arguments, on the compiled bytecode, with halmos.

Halmos (a symbolic executor of the EVM) knows Foundry's artifacts only, so this writes the one file
that it reads from Vyper's output and lets an empty ``forge`` stand in. It lives in a virtual
environment of its own, because it pins what we do not::

    python -m venv /tmp/halmos && /tmp/halmos/bin/pip install halmos==0.3.3
    python scripts/prove_contracts.py /tmp/halmos

A property that is false on purpose must be refuted, else the tool proves nothing.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vyper.cli.vyper_compile import compile_files
from vyper.compiler.settings import OptimizationLevel, Settings

ROOT = Path(__file__).parents[1]
SOURCE = Path(__file__).with_name("contract_properties.vy")
NAME = "Properties"
BROKEN = "check_broken__must_fail"
_RESULT = re.compile(r"\[(PASS|FAIL|TIMEOUT|ERROR)\]")


def artifact() -> dict[str, object]:
    """What halmos reads of a Foundry artifact."""
    warnings.simplefilter("ignore")
    level = OptimizationLevel.from_string("codesize")
    settings = Settings(evm_version="cancun", optimize=level)
    formats = ("abi", "bytecode", "bytecode_runtime", "method_identifiers")
    (found,) = compile_files([SOURCE], formats, settings=settings, paths=[ROOT]).values()
    place = {"src": "0:0:0", "nodeType": "ContractDefinition", "contractKind": "contract"}
    contract = {**place, "name": NAME, "id": 1, "nodes": []}
    return {
        "abi": found["abi"],
        "ast": {"nodeType": "SourceUnit", "absolutePath": f"{NAME}.sol", "nodes": [contract]}
        | {"id": 0, "src": "0:0:0"},
        "bytecode": {"object": found["bytecode"], "linkReferences": {}},
        "deployedBytecode": {"object": found["bytecode_runtime"], "linkReferences": {}},
        "id": 0,
        "metadata": {"compiler": {"version": "vyper"}, "output": {}},
        "methodIdentifiers": {
            name: selector.removeprefix("0x").rjust(8, "0")
            for name, selector in found["method_identifiers"].items()
        },
    }


def prove(home: Path, read: str, which: str, seconds: int) -> tuple[str, str, str]:
    """A property's name, what halmos in the environment ``home`` found, and all that it said."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "out" / f"{NAME}.sol").mkdir(parents=True)
        (folder / "out" / f"{NAME}.sol" / f"{NAME}.json").write_text(read)
        forge = folder / "forge"
        forge.write_text("#!/bin/sh\nexit 0\n")
        forge.chmod(0o755)
        command = [home / "bin" / "halmos", "--root", folder, "--storage-layout", "generic"]
        command += ["--solver-command", home / "bin" / "yices-smt2", "--loop", "70"]
        command += ["--solver-timeout-assertion", f"{seconds}s", "--no-status", "--function", which]
        path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        process = subprocess.Popen(
            [str(part) for part in command],
            env=os.environ | {"PATH": path, "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # its solvers end with it
        )
        try:
            text = process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return which, "TIMEOUT", ""
        found = _RESULT.search(text)
        return which, found.group(1) if found else "ERROR", text


def main() -> int:
    """Proves, prints a line per property; 1 unless all hold and the broken one does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="the virtual environment with halmos")
    parser.add_argument("--only", default="check_", help="only properties that start so")
    parser.add_argument("--seconds", type=int, default=900, help="per property")
    options = parser.parse_args()
    names = re.findall(rf"^def ({options.only}\w*)\(", SOURCE.read_text(), re.M)
    read = json.dumps(artifact())  # once: the compiler knows no threads
    wrong = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = [pool.submit(prove, options.home, read, name, options.seconds) for name in names]
        for future in done:
            name, result, text = future.result()
            fine = result == ("FAIL" if name == BROKEN else "PASS")
            wrong += not fine
            said = {"PASS": "proven", "FAIL": "refuted"}.get(result, "undecided")
            print(f"{'  ' if fine else '! '}{said:10} {name}", flush=True)
            if not fine:
                print(text)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
