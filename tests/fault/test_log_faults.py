"""The fault table of the log: no promise broken in any cell, and a judge who would see one."""

import subprocess
import sys
from pathlib import Path

import pytest

from quorate.log import folder
from tests.simulators.disk import SimulatedDisk
from tests.simulators.log_faults import OUTCOMES, Stage, cell, stages
from tests.simulators.platter import Folder

ROOT = Path(__file__).parents[2]


def stage_named(name: str, *, shared: bool = False) -> Stage:
    return next(stage for stage in stages(shared) if stage.step.name == name)


@pytest.mark.slow
def test_fault_table__every_call_and_outcome__no_promise_broken_and_the_page_is_as_played():
    command = [sys.executable, str(ROOT / "scripts" / "fault_table.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_append__a_share_of_its_calls__no_promise_broken(name):
    stage, recovered = stage_named("append 1"), set()
    for call in range(1, len(stage.calls) + 1, 3):
        if OUTCOMES[name].applies(stage.calls[call - 1]):
            assert cell(stage, call, name, recovered) == ""


def said(stage: Stage, outcome: str) -> set[str]:
    """What the judge says of every call of a step going wrong so."""
    return {cell(stage, call, outcome, set()) for call in range(1, len(stage.calls) + 1)}


@pytest.mark.parametrize("shared", [False, True])
def test_judge__folders_are_not_synced__sees_what_is_lost(shared, monkeypatch):
    monkeypatch.setattr(Folder, "sync", lambda self: None)
    mark = ", shared" if shared else ""
    stage = stage_named(f"append 1{mark}", shared=shared)
    assert said(stage, "power cut after it: nothing kept") - {""}


def test_judge__files_are_not_synced__sees_what_is_torn(monkeypatch):
    monkeypatch.setattr(SimulatedDisk, "fsync", lambda self, descriptor: self.fstat(descriptor))
    stage = stage_named("append 1")
    assert said(stage, "power cut after it: names with zeros") - {""}


def test_judge__head_before_its_tiles__sees_the_gap(monkeypatch):
    stage = stage_named("append 1")
    monkeypatch.setattr(folder, "write_all_durable", lambda *_, **__: None)
    assert said(stage, "the process is killed after it") - {""}
