"""The round as a state machine: who may do what, when; nobody is waited for for ever."""

from dataclasses import replace

import pytest

from quorate.learning.round import (
    OPEN_PHASES,
    Act,
    Phase,
    RoundView,
    Suspension,
    TaskView,
    act_of_keeper,
    act_of_participant,
    act_of_validator,
)

P, V = frozenset({"p1", "p2"}), frozenset({"v1", "v2"})


def view(phase, **known) -> TaskView:
    return TaskView(3, False, RoundView(1, phase, 100, P, V, **known))


def test_participant__commits_once__in_its_phase_only():
    assert act_of_participant(view(Phase.COMMIT), "p1") == Act.COMMIT
    assert act_of_participant(view(Phase.COMMIT, committed=frozenset({"p1"})), "p1") is None
    assert act_of_participant(view(Phase.COMMIT), "stranger") is None
    for phase in OPEN_PHASES - {Phase.COMMIT}:
        assert act_of_participant(view(phase), "p1") is None


@pytest.mark.parametrize(
    ("phase", "act"),
    [
        (Phase.INCLUDE_COMMIT, Act.COMMIT_INCLUSION),
        (Phase.VOTE_COMMIT, Act.COMMIT_VOTE),
    ],
)
def test_validator__commit_phases__once(phase, act):
    assert act_of_validator(view(phase), "v1") == act
    done = frozenset({"v1"})
    assert (
        act_of_validator(view(phase, inclusion_committed=done, vote_committed=done), "v1") is None
    )
    assert act_of_validator(view(phase), "p1") is None


def test_validator__reveals_only_what_it_committed():
    assert act_of_validator(view(Phase.INCLUDE_REVEAL), "v1") is None
    committed = view(Phase.INCLUDE_REVEAL, inclusion_committed=frozenset({"v1"}))
    assert act_of_validator(committed, "v1") == Act.REVEAL_INCLUSION
    committed = view(Phase.VOTE_REVEAL, vote_committed=frozenset({"v1"}))
    assert act_of_validator(committed, "v1") == Act.REVEAL_VOTE


@pytest.mark.parametrize("phase", sorted(OPEN_PHASES))
def test_keeper__every_open_phase__ends_after_its_deadline(phase):
    assert act_of_keeper(view(phase, vote_committed=V), 100) is None
    act = act_of_keeper(view(phase, vote_committed=V), 101)
    assert act == (Act.SETTLE if phase == Phase.VOTE_REVEAL else Act.ADVANCE)


def test_keeper__all_revealed__settles_at_once():
    ready = view(Phase.VOTE_REVEAL, vote_committed=V, vote_revealed=V)
    assert act_of_keeper(ready, 0) == Act.SETTLE


def test_keeper__closed_or_unopened__opens_unless_ended():
    for phase in (Phase.SETTLED, Phase.ABORTED):
        assert act_of_keeper(view(phase), 0) == Act.OPEN
        assert act_of_keeper(replace(view(phase), ended=True), 10**9) is None
    assert act_of_keeper(TaskView(3, False, None), 0) == Act.OPEN


def test_keeper__appeal_window_over__resolves_even_after_the_end():
    late = replace(view(Phase.SETTLED), ended=True, suspensions=(Suspension(1, "v1", 50),))
    assert act_of_keeper(late, 50) is None
    assert act_of_keeper(late, 51) == Act.RESOLVE
