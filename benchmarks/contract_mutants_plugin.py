"""For pytest: the contracts whose artifacts lie in $QUORATE_MUTANT stand in for the committed."""

import os
from pathlib import Path

from quorate.ledger import contracts

_parse = contracts.parse_artifact


def _planted(data: bytes) -> contracts.Artifact:
    artifact = _parse(data)
    path = Path(os.environ["QUORATE_MUTANT"]) / f"{artifact.name}.json"
    return _parse(path.read_bytes()) if path.is_file() else artifact


if "QUORATE_MUTANT" in os.environ:
    contracts.parse_artifact = _planted
    contracts.load_artifact.cache_clear()
