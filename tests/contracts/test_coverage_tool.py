"""The coverage run and the planted bugs: what their figures rest on."""

import re
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TINY = "Anchor"


def imported(folder: str, name: str):
    """A module of a folder that is no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / folder), *sys.path])
        return import_module(name)


@pytest.fixture(scope="module")
def coverage():
    return imported("scripts", "contract_coverage")


@pytest.fixture(scope="module")
def untouched(coverage):
    return coverage.chart(TINY, {})


@pytest.fixture(scope="module")
def planting():
    return imported("benchmarks", "contract_mutants")


def test_chart__each_assert_of_the_source__is_a_branch_with_two_ways(untouched):
    source = (ROOT / "contracts" / f"{TINY}.vy").read_text().splitlines()
    written = {n for n, line in enumerate(source, 1) if line.strip().startswith("assert ")}
    own = [b for b in untouched.branches.values() if b.source == f"{TINY}.vy"]
    assert written == {b.line for b in own if b.text.startswith("Assert")}
    assert all(set(b.ways) == {"fails", "holds"} for b in own if b.text.startswith("Assert "))


def test_chart__one_way_taken__only_the_other_is_uncovered(coverage, untouched):
    only = {f"{TINY}.vy"}
    before = {(b.where, way) for b, way in coverage.uncovered(untouched, only)}
    code = coverage.artifacts()[TINY].runtime
    jumped = {(pc, True) for pc in range(len(code)) if code[pc] == coverage.JUMPI}
    found = coverage.chart(TINY, {(TINY, False): jumped})
    after = {(b.where, way) for b, way in coverage.uncovered(found, only)}
    assert after < before
    places = {where for where, _ in before - after}
    assert all(len({way for where, way in after if where == each}) < 2 for each in places)


def test_found__two_contracts_of_one_module__taken_by_either(coverage):
    def one(**ways: bool):
        found = coverage.Found()
        branch = coverage.Branch("modules/x.vy", "f", 1, "Assert x", dict(ways))
        found.branches["modules/x.vy", "f", "Assert x"] = branch
        return found

    both = one(holds=True, fails=False)
    both.add(one(holds=False, fails=True))
    assert list(coverage.uncovered(both, {"modules/x.vy"})) == []


def test_judge__reasons__missing_and_stale_both_fail(coverage, untouched, monkeypatch, capsys):
    only = {f"{TINY}.vy"}
    every = [(b.source, b.where, way) for b, way in coverage.uncovered(untouched, only)]
    kinds = dict.fromkeys(untouched.kinds, "why")
    for left_out, more, wrong in ((0, 0, 0), (2, 0, 2), (0, 1, 1)):
        given = dict.fromkeys(every[left_out:], "why")
        given |= dict.fromkeys([(f"{TINY}.vy", "f: If gone", "yes")][:more], "why")
        monkeypatch.setattr(coverage, "reasons", lambda given=given: (given, kinds))
        assert coverage.judge(untouched, only, whole=False, write=False) == wrong
    assert "a reason for nothing" in capsys.readouterr().out


def test_mutants__drawn_twice__same_edits_of_text_that_is_there(planting):
    first, again = (list(planting.drawn(TINY, 4)) for _ in range(2))
    assert first == again
    assert len({mutant.name for mutant in first}) == len(first)
    for mutant in first:
        text = (ROOT / "contracts" / mutant.source).read_text()
        assert text.startswith(mutant.text, mutant.start)
        assert mutant.text != mutant.instead


def test_mutants__each_rule__finds_places_in_the_suite(planting):
    found = [planting.candidates(name) for name in ("Timelock", "Stakes", "Governor")]
    assert all(any(each[rule.__name__] for each in found) for rule in planting.RULES)


def test_mutants__compiled__planted_only_where_the_bytes_change(planting, tmp_path):
    mutant = next(planting.drawn(TINY, 4))
    artifact = planting.planted(mutant, tmp_path / "bug")
    assert re.search(rf'"name":"{TINY}"', artifact)
    same = replace(mutant, instead=mutant.text)
    broken = replace(mutant, instead="no Vyper")
    assert not planting.planted(same, tmp_path / "same")
    assert not planting.planted(broken, tmp_path / "broken")
