"""The four-hospital heart task through the whole ledger path, where its data is present."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "heart"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    if not DATA.is_dir():
        pytest.skip("the UCI heart-disease files (shared/data/heart) are not part of a clone")
    home = tmp_path_factory.mktemp("heart") / "home"
    command = [sys.executable, "-m", "quorate", "train", "examples/heart/task.toml"]
    command += ["--data", str(DATA), "--home", str(home), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_rows__the_flamby_split__exact(outcome):
    # FLamby, fed_heart_disease: training and test rows per centre, 740 complete rows in all.
    rows = {name: (each["train"], each["test"]) for name, each in outcome["rows"].items()}
    assert rows == {
        "cleveland": (199, 104),
        "hungarian": (172, 89),
        "switzerland": (30, 16),
        "va": (85, 45),
    }


def test_accuracy__not_below_the_published_federated_average(outcome):
    reached, published = outcome["accuracy"], outcome["published"]
    fedavg = next(item for item in published if "FedAvg" in item["name"])
    assert reached["average"] >= fedavg["average"]
    assert reached["pooled_test"] >= fedavg["pooled_test"]
    assert set(reached["per_party"]) == set(fedavg["per_party"])


def test_audit__passes_and_nobody_lost_stake(outcome):
    assert outcome["audit"]["passed"]
    assert set(outcome["slashed"].values()) == {0}
    assert outcome["ledger"]["trust_level"] == "SELF"
    assert outcome["separation_exercised"] is False
