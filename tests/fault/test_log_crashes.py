"""A share of the crashes that benchmarks/bench_log_crashes.py plays whole."""

import pytest

from quorate.core import files
from tests.simulators.log_crashes import live
from tests.simulators.log_kills import kill_again_and_again


def test_lives__150_crashes_at_random__nothing_lost_and_no_fork():
    crashes = seed = 0
    while crashes < 150:
        life = live(seed)
        assert life.broken == "", f"seed {seed}"
        crashes, seed = crashes + life.crashes, seed + 1


def test_lives__same_seed__same_life():
    assert live(5) == live(5) != live(6)


def _trusting(folder, *, lasting=None, **rest):
    """Takes a folder that is there for one that lasts."""
    REAL_MAKE_FOLDER(folder, **rest)


REAL_MAKE_FOLDER = files.make_folder
FORGETFUL = {"sync_folder": lambda *_, **__: None, "make_folder": _trusting}


@pytest.mark.parametrize("victim", sorted(FORGETFUL))
def test_lives__a_writer_that_forgets_to_sync__is_found(victim, monkeypatch):
    monkeypatch.setattr(files, victim, FORGETFUL[victim])
    assert any(live(seed).broken for seed in range(120))


def test_appender__killed_under_load_again_and_again__every_acknowledgement_kept(tmp_path):
    found = kill_again_and_again(tmp_path / "log", 10, seed=7)
    assert (found.kills, found.broken) == (10, "")
    assert found.size > found.acknowledged > 0
