"""Settlement as a pure function; tests/stateful/test_rounds.py proves it equal to the contract."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.learning.lanes import to_lanes
from quorate.learning.settlement import (
    FactsReader,
    Penalty,
    Poll,
    RoundFacts,
    SettlementTerms,
    Vote,
    included_set,
    medians_of,
    settle,
    share_rewards,
    two_thirds,
    weighted_median,
    winners_of,
)

TERMS = SettlementTerms(
    min_participants=2,
    participant_reward=900,
    validator_reward=403,
    score_floor=-20,
    low_score_penalty=300,
    absence_penalty=100,
    fault_penalty=200,
)
PEOPLE = ("p0", "p1", "p2")
JUDGES = ("v0", "v1", "v2", "v3")
NO_CONFLICTS = dict.fromkeys(PEOPLE, frozenset())
TRUE, FALSE = b"t" * 32, b"f" * 32


def vote(*scores, aggregate=TRUE, accept=True):
    return Vote(aggregate, scores, accept)


def everybody(what):
    return Poll(frozenset(JUDGES), dict.fromkeys(JUDGES, what))


FACTS = RoundFacts(
    PEOPLE,
    0b111,
    dict.fromkeys(JUDGES, 10),
    NO_CONFLICTS,
    everybody(0b111),
    everybody(vote(1, 2, -21)),
)

pairs = st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 20)), max_size=16)


# --- medians ------------------------------------------------------------------------------------


@given(pairs)
def test_median__definition__greatest_with_half_of_the_stake(scores):
    whole = sum(stake for _, stake in scores)
    fit = [w for w, _ in scores if 2 * sum(s for v, s in scores if v >= w) >= whole]
    assert weighted_median(scores) == max(fit, default=0)


@given(pairs, st.randoms())
def test_median__order__does_not_matter(scores, random):
    shuffled = list(scores)
    random.shuffle(shuffled)
    assert weighted_median(shuffled) == weighted_median(scores)


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 20)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 20)), max_size=8),
)
def test_median__liars_below_half__stay_in_the_honest_range(honest, liars):
    if sum(s for _, s in liars) < sum(s for _, s in honest):
        found = weighted_median([*honest, *liars])
        assert min(w for w, _ in honest) <= found <= max(w for w, _ in honest)


@given(st.integers(0, 10**30), st.integers(1, 10**30))
def test_two_thirds__exact(part, whole):
    assert two_thirds(part, whole) == (Fraction(part, whole) >= Fraction(2, 3))


# --- rewards ------------------------------------------------------------------------------------


@given(
    st.dictionaries(st.text(max_size=3), st.integers(-(10**9), 10**9), max_size=32),
    st.integers(0, 2**128),
)
def test_share_rewards__never_more_than_the_pool__nor_much_less(scores, pool):
    rewards = share_rewards(scores, pool)
    positive = [who for who, score in scores.items() if score > 0]
    assert all(reward >= 0 for reward in rewards.values())
    assert all(rewards[who] == 0 for who in scores if who not in positive)
    spent = sum(rewards.values())
    assert spent <= pool
    if positive:
        assert pool - spent < len(positive)


# --- whole rounds -------------------------------------------------------------------------------


def test_settle__unanimous__pays_and_punishes():
    found = settle(FACTS, TERMS)
    assert found.aborted == ""
    assert (found.included, found.aggregate, found.accepted) == (0b111, TRUE, True)
    assert found.scores == {"p0": 1, "p1": 2, "p2": -21}
    assert found.rewards == {"p0": 300, "p1": 600, "p2": 0}
    assert found.validator_rewards == dict.fromkeys(JUDGES, 100)
    assert found.penalties == (Penalty("p2", 300, "low score"),)
    assert found.suspended == ()


def test_settle__not_accepted__no_rewards_but_penalties():
    facts = replace(FACTS, votes=everybody(vote(1, 2, -21, accept=False)))
    found = settle(facts, TERMS)
    assert found.rewards == dict.fromkeys(PEOPLE, 0)
    assert found.penalties == (Penalty("p2", 300, "low score"),)


def test_settle__liar__suspended_unpaid_unheard():
    votes = dict.fromkeys(JUDGES, vote(1, 2, 3)) | {"v2": vote(9, 9, 9, aggregate=FALSE)}
    found = settle(replace(FACTS, votes=Poll(frozenset(JUDGES), votes)), TERMS)
    assert found.suspended == ("v2",)
    assert set(found.validator_rewards) == {"v0", "v1", "v3"}
    assert found.scores == {"p0": 1, "p1": 2, "p2": 3}


def test_settle__own_house__score_ignored():
    votes = {who: vote(10 * i, 0, 0) for i, who in enumerate(JUDGES)}
    houses = NO_CONFLICTS | {"p0": frozenset({"v3"})}
    facts = replace(FACTS, conflicts=houses, votes=Poll(frozenset(JUDGES), votes))
    assert settle(facts, TERMS).scores["p0"] == 10  # of 0, 10, 20
    everyone = replace(facts, conflicts=dict.fromkeys(PEOPLE, frozenset(JUDGES)))
    assert settle(everyone, TERMS).scores["p0"] == 0


def test_settle__gap_in_the_set__scores_by_place_among_the_included():
    facts = replace(FACTS, inclusion=everybody(0b101), votes=everybody(vote(4, 5)))
    found = settle(facts, TERMS)
    assert found.scores == {"p0": 4, "p2": 5}
    assert Penalty("p1", 100, "absent") in found.penalties


@pytest.mark.parametrize(
    ("change", "reason", "reasons"),
    [
        ({"committed": 0b100}, "too few commitments", []),
        (
            {"inclusion": Poll(frozenset({"v0", "v1"}))},
            "too few validators",
            [],
        ),
        (
            {"inclusion": Poll(frozenset(JUDGES), {"v0": 0b111, "v1": 0b111}, frozenset({"v2"}))},
            "too few validators",
            ["no reveal", "reveal does not match"],
        ),
        ({"inclusion": everybody(0b001)}, "too few included", ["absent", "absent"]),
        ({"votes": Poll(frozenset({"v0", "v1"}))}, "too few validators", []),
        (
            {"votes": Poll(frozenset(JUDGES), {"v0": vote(1, 2, 3)})},
            "no agreement",
            ["no reveal"] * 3,
        ),
        (
            {
                "votes": Poll(
                    frozenset(JUDGES),
                    dict.fromkeys(JUDGES, vote(1, 2, 3))
                    | dict.fromkeys(("v0", "v1"), vote(1, 2, 3, aggregate=FALSE)),
                )
            },
            "no agreement",
            [],
        ),
    ],
)
def test_settle__aborts__with_the_faults_that_happened(change, reason, reasons):
    found = settle(replace(FACTS, **change), TERMS)
    assert found.aborted == reason
    assert sorted(penalty.reason for penalty in found.penalties) == reasons
    assert not found.rewards
    assert not found.suspended


def test_settle__unseated__neither_counted_nor_at_fault():
    polled = Poll(frozenset(JUDGES), dict.fromkeys(JUDGES[:3], 0b111), unseated=frozenset({"v3"}))
    found = settle(replace(FACTS, inclusion=polled), TERMS)
    assert found.aborted == ""
    assert found.penalties == (Penalty("p2", 300, "low score"),)
    lost = replace(polled, unseated=frozenset({"v2", "v3"}))
    assert settle(replace(FACTS, inclusion=lost), TERMS).aborted == "too few validators"


@pytest.mark.parametrize(("stake", "agrees"), [(20, True), (21, False)])
def test_winners__exactly_two_thirds__or_one_unit_less(stake, agrees):
    stakes = {"v0": 20, "v1": 20, "v2": stake}
    votes = {"v0": vote(1), "v1": vote(1), "v2": vote(1, aggregate=FALSE)}
    facts = replace(FACTS, stakes=stakes, votes=Poll(frozenset(stakes), votes))
    assert winners_of(facts) == (("v0", "v1") if agrees else ())


def test_included_set__by_stake_not_by_heads():
    facts = replace(
        FACTS,
        stakes={"v0": 60, "v1": 10, "v2": 10, "v3": 10},
        inclusion=Poll(frozenset(JUDGES), {"v0": 0b001, "v1": 0b110, "v2": 0b110, "v3": 0b110}),
    )
    assert included_set(facts) == 0b001


def test_settle__concurred__set_as_signed__absent_pay__nobody_owes_an_inclusion():
    facts = replace(FACTS, inclusion=Poll(), concurred=0b011, votes=everybody(vote(4, -5)))
    found = settle(facts, TERMS)
    assert (found.aborted, found.included, found.scores) == ("", 0b011, {"p0": 4, "p1": -5})
    assert found.penalties == (Penalty("p2", 100, "absent"),)
    assert settle(replace(facts, committed=0b001), TERMS).aborted == "too few commitments"


def test_settle__spent__all_that_is_paid():
    found = settle(FACTS, TERMS)
    assert found.spent == 300 + 600 + 4 * 100
    assert settle(replace(FACTS, committed=0), TERMS).spent == 0


def test_medians_of__lanes_of_the_included__in_join_order():
    facts = replace(FACTS, inclusion=everybody(0b101), votes=everybody(vote(4, -5)))
    assert medians_of(facts, settle(facts, TERMS)) == to_lanes((4, -5))


# --- reading facts from events ------------------------------------------------------------------


def told(*events):
    reader = FactsReader()
    reader.take("TaskCreated", {"validators": JUDGES})
    for i, who in enumerate(PEOPLE):
        reader.take("Joined", {"participant": who, "index": i, "conflicts": 1 << i})
    for name, values in events:
        reader.take(name, values)
    return reader.facts()


def seated(who, stake):
    return ("Seated", {"validator": who, "stake": stake})


SEATED = [seated(who, 10 * (who != "v1")) for who in JUDGES]
FIXED = ("SetFixed", {"included": 0b011})
OPENED = ("RoundOpened", {"eligible": 0b111, "seats": 0b1101, "stake": 30})
COMMITTED = [("Committed", {"participant": who}) for who in PEOPLE]


def by(name, *validators, **values):
    return [(name, {"validator": who, **values}) for who in validators]


def phase(number):
    return ("PhaseStarted", {"phase": number})


def test_reader__whole_round__facts_in_their_places():
    facts = told(
        *SEATED,
        OPENED,
        *COMMITTED[:2],
        *by("IncludeCommitted", "v0", "v2", "v3"),
        phase(3),
        *by("Included", "v0", "v2", bitmap=0b011),
        *by("Faulted", "v3", reason="reveal does not match"),
        FIXED,
        phase(4),
        *by("VoteCommitted", "v0", "v2"),
        phase(5),
        *by("VoteRevealed", "v0", aggregate=TRUE, lanes=to_lanes((1, 2)), accept=True),
        *by("Faulted", "v2", reason="no reveal"),
        ("Settled", {}),
    )
    assert facts.stakes == {"v0": 10, "v2": 10, "v3": 10}
    assert facts.conflicts["p1"] == {"v1"}
    assert facts.committed == 0b011
    assert facts.concurred is None
    assert facts.inclusion.held == {"v0": 0b011, "v2": 0b011}
    assert facts.inclusion.mismatched == {"v3"}
    assert facts.votes.held == {"v0": vote(1, 2)}
    assert facts.votes.silent == {"v2"}


def test_reader__next_round__starts_afresh():
    facts = told(
        *SEATED,
        OPENED,
        *COMMITTED,
        *by("IncludeCommitted", "v0"),
        ("Aborted", {}),
        seated("v0", 7),
        seated("v3", 0),
        ("RoundOpened", {"eligible": 0b111, "seats": 0b0101, "stake": 17}),
    )
    assert facts.stakes == {"v0": 7, "v2": 10}
    assert facts.committed == 0
    assert facts.inclusion == facts.votes == Poll()


def test_reader__batched_commitments_and_concurrence__all_at_once():
    facts = told(
        *SEATED,
        OPENED,
        ("CommittedMany", {"bits": 0b101, "commitments": (b"a", b"b")}),
        COMMITTED[1],
        phase(2),
        ("SetFixed", {"included": 0b101}),
        ("Concurred", {"seats": 0b1101, "commitments": ()}),
        phase(5),
        *by("VoteRevealed", "v0", aggregate=TRUE, lanes=to_lanes((1, 2)), accept=True),
    )
    assert (facts.committed, facts.concurred) == (0b111, 0b101)
    assert facts.inclusion == Poll()
    assert facts.votes.committed == {"v0", "v2", "v3"}
    assert facts.votes.held == {"v0": vote(1, 2)}


@pytest.mark.parametrize(
    ("before", "committed", "unseated"),
    [
        ([], set(), ({"v0"}, {"v0"})),
        (by("IncludeCommitted", "v0"), set(), ({"v0"}, {"v0"})),
        ([*by("IncludeCommitted", "v0"), phase(3)], {"v0"}, ({"v0"}, {"v0"})),
        ([*by("IncludeCommitted", "v0"), phase(3), FIXED], {"v0"}, (set(), {"v0"})),
        ([*by("IncludeCommitted", "v0"), phase(3), FIXED, ("Settled", {})],
         {"v0"}, (set(), set())),
    ],
)  # fmt: skip
def test_reader__equivocation__takes_away_what_was_not_yet_counted(before, committed, unseated):
    facts = told(*SEATED, OPENED, *COMMITTED, *before, *by("Equivocated", "v0"))
    assert facts.inclusion.committed == committed
    assert (set(facts.inclusion.unseated), set(facts.votes.unseated)) == unseated
