"""``kill -9`` at every durable write of a whole run, then again from there: nothing differs.

The kills are real: a process of its own runs the federation and sends itself SIGKILL at the k-th
announcement of the file layer. What must be equal afterwards: model, votes, settlement, money.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fault.driver import CASES

ROOT = Path(__file__).parents[2]
SHARDS = 4
MEMORY = Path("/dev/shm")  # a kill needs no disk: what was written stays in the kernel's cache


@pytest.fixture
def folder() -> Iterator[Path]:
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name) / "kills"


def drive(case: str, shard: int, shards: int, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fault.driver", case, str(shard), str(shards), str(folder)],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(found: dict[str, Any], shard: int, shards: int) -> None:
    assert len(found["trials"]) == len(range(shard, found["chosen"], shards))
    for trial in found["trials"]:
        assert trial["fault"] == "", f"killed at {trial['kills']}: {trial['fault']}"
        assert trial["hit"] == len(trial["kills"]), f"a kill never came: {trial['kills']}"


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_run__killed_after_every_durable_write__ends_the_same(shard: int, folder: Path) -> None:
    found = drive("honest", shard, SHARDS, folder)
    check(found, shard, SHARDS)
    heard = found["announcements"]
    assert heard == ["before", "after"] * (len(heard) // 2)
    killed = {trial["kills"][0] for trial in found["trials"]}
    assert found["chosen"] >= max(50, len(heard) // 2)
    assert len(killed) == len(found["trials"])


@pytest.mark.slow
@pytest.mark.parametrize("case", [name for name in CASES if name != "honest"])
def test_run__killed_with_a_liar_or_twice_or_in_mid_write__ends_the_same(
    case: str, folder: Path
) -> None:
    found = drive(case, 0, 1, folder)
    check(found, 0, 1)
    assert found["chosen"] == 40
    (stakes,) = (told for key, told in found["facts"].items() if key.startswith("Stakes "))
    slashed = [values for name, values in stakes if name == "Slashed"]
    assert [each["account"] for each in slashed] == (["audit-three"] if case == "liar" else [])
