import shutil
from pathlib import Path

import pytest

from tests.cli.calls import Caller
from tests.scenarios.small import Cast, run_small, write_rows

CAST = Cast(("north", "south"), ("audit-one", "audit-two"))
TASK = """\
[task]
name = "small"
rounds = 1
[data]
label = 3
header = false
[aggregation]
rule = "weighted_mean"
f = 0
[[party]]
name = "north"
path = "north.csv"
[[party]]
name = "south"
path = "south.csv"
[[validator]]
name = "audit-one"
path = "audit-one.csv"
[[validator]]
name = "audit-two"
path = "audit-two.csv"
"""


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    """Runs one command in this process."""
    return Caller(capsys)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task that would run, with its rows beside it, in a folder that holds nothing else."""
    folder = tmp_path / "data"
    write_rows(folder)
    path = folder / "task.toml"
    path.write_text(TASK)
    return path


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("finished") / "home"
    run_small(home, rounds=1, cast=CAST)
    return home


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A copy of a home that a small run left."""
    return Path(shutil.copytree(_finished, tmp_path / "home"))
