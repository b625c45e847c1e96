"""The compiled probe contract, made once per test process."""

import json
import warnings
from functools import cache
from pathlib import Path

from eth_abi.abi import encode

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import Artifact, parse_artifact


@cache
def probe_artifact() -> Artifact:
    """The artifact of probe.vy, compiled now."""
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = compile_files(
            [Path(__file__).with_name("probe.vy")],
            ("abi", "bytecode", "bytecode_runtime"),
            settings=Settings(evm_version="cancun"),
        ).values()
    value = {
        "abi": json.loads(json.dumps(found["abi"])),
        "compiler": "vyper",
        "creation": found["bytecode"].removeprefix("0x"),
        "name": "Probe",
        "runtime": found["bytecode_runtime"].removeprefix("0x"),
        "source": "",
    }
    return parse_artifact(canonical_bytes(value))


def probe_data(function: str, *arguments: object) -> bytes:
    """The bytes that call ``function`` of the probe."""
    shape = probe_artifact().functions[function]
    return shape.selector + encode(shape.inputs, arguments)
