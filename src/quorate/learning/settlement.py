"""What a round's facts lead to: the integer function that the Rounds contract computes, once more.

The contract decides; an auditor runs `settle` over the same facts and demands the same result. All
thresholds are ``3 * part >= 2 * whole`` over stakes as they stood when the round opened.

1. Fewer commitments than ``min_participants``: aborted.
2. Inclusion: two thirds of the stake must commit, then reveal, else aborted. Included is each
   update that validators with two thirds of the stake hold; a committed one that two thirds lack
   costs ``absence_penalty``; any other is left out. Too few included: aborted.
3. Vote: two thirds of the stake must commit, else aborted. The aggregate with two thirds of the
   stake wins, else aborted; accepted if two thirds of the stake revealed it with a yes.
4. A participant's score is the stake-weighted median (`weighted_median`) over the winners that did
   not share its controller when it joined. Below ``score_floor`` it costs ``low_score_penalty``; if
   the candidate was accepted, ``participant_reward * score // sum of the positive scores`` is
   earned.
5. Each winner earns ``validator_reward // seated``; who revealed another aggregate is suspended.
6. A commitment that was not opened, or not as committed, costs ``fault_penalty``, whatever the
   round comes to; only where a round aborts before its reveals does nobody owe one.

Where all seated validators agreed on the set by signatures (`concur`), they did step 2 themselves:
the set is what they signed, absences cost the same, and nobody owes an inclusion.

Penalties are what the terms ask for; the chain burns less where a bond holds less. The median
clips liars below half of the stake after the Yuma consensus (Bittensor, docs/consensus.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from quorate.learning.lanes import from_lanes, to_lanes

SCORE_LIMIT = 10**9
"""Largest absolute score, millionths."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SettlementTerms:
    """The part of a task's terms that settling needs; amounts in token units."""

    min_participants: int
    participant_reward: int
    validator_reward: int
    score_floor: int
    low_score_penalty: int
    absence_penalty: int
    fault_penalty: int


@dataclass(frozen=True, slots=True)
class Vote:
    """A revealed vote: aggregate (32 bytes), one score per included participant, verdict."""

    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool


@dataclass(frozen=True, slots=True)
class Poll(Generic[T]):
    """One commit-and-reveal among validators; ``unseated`` were expelled before it was counted."""

    committed: frozenset[str] = frozenset()
    revealed: Mapping[str, T] = field(default_factory=dict)
    mismatched: frozenset[str] = frozenset()
    unseated: frozenset[str] = frozenset()

    @property
    def held(self) -> dict[str, T]:
        """The reveals that count."""
        return {who: what for who, what in self.revealed.items() if who not in self.unseated}

    @property
    def silent(self) -> frozenset[str]:
        """Who committed and never revealed."""
        return self.committed - self.revealed.keys() - self.mismatched - self.unseated


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """One round as its events tell it.

    ``participants`` are all that joined, in join order (the place is the bit in bitmaps);
    ``committed`` is a bitmap; ``stakes`` maps every seated validator, in list order, to its stake;
    ``conflicts`` names per participant the validators whose scores of it are ignored;
    ``concurred`` is the set that all seated validators signed, ``None`` where they voted on it.
    """

    participants: tuple[str, ...]
    committed: int
    stakes: Mapping[str, int]
    conflicts: Mapping[str, frozenset[str]]
    inclusion: Poll[int]
    votes: Poll[Vote]
    concurred: int | None = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """What an account owes for what: amount due in token units, reason as on the chain."""

    account: str
    amount: int
    reason: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows; ``aborted`` is the reason as on the chain, empty for a settled round.

    ``penalties`` stand in no particular order: compare them as a multiset with ``Slashed`` (its
    ``due``), leaving out ``lie`` and ``equivocation``, which no round's facts decide.
    """

    aborted: str = ""
    included: int = 0
    aggregate: bytes = b""
    accepted: bool = False
    scores: Mapping[str, int] = field(default_factory=dict)
    rewards: Mapping[str, int] = field(default_factory=dict)
    validator_rewards: Mapping[str, int] = field(default_factory=dict)
    penalties: tuple[Penalty, ...] = ()
    suspended: tuple[str, ...] = ()

    @property
    def spent(self) -> int:
        """All that the round paid, token units."""
        return sum(self.rewards.values()) + sum(self.validator_rewards.values())


def two_thirds(part: int, whole: int) -> bool:
    """The one threshold: ``3 * part >= 2 * whole``."""
    return 3 * part >= 2 * whole


def weighted_median(scores: Sequence[tuple[int, int]]) -> int:
    """The greatest score ``w`` such that half of the stake scored ``w`` or more; 0 for none.

    ``scores`` are pairs of score and stake, in any order.
    """
    whole = sum(stake for _, stake in scores)
    above = 0
    for score, stake in sorted(scores, reverse=True):
        above += stake
        if 2 * above >= whole:
            return score
    return 0


def included_set(facts: RoundFacts) -> int:
    """The bitmap of the updates that validators with two thirds of the stake hold."""
    whole = sum(facts.stakes.values())
    included = 0
    for place in range(len(facts.participants)):
        holders = [who for who, bitmap in facts.inclusion.held.items() if bitmap >> place & 1]
        if two_thirds(_stake(facts, holders), whole):
            included |= 1 << place
    return included


def absent_set(facts: RoundFacts) -> int:
    """The bitmap of the updates that validators with two thirds of the stake say they lack.

    A committed update that is neither held nor lacked by two thirds is left out unpunished.
    """
    whole = sum(facts.stakes.values())
    absent = 0
    for place in range(len(facts.participants)):
        lack = [who for who, bitmap in facts.inclusion.held.items() if not bitmap >> place & 1]
        if facts.committed >> place & 1 and two_thirds(_stake(facts, lack), whole):
            absent |= 1 << place
    return absent


def winners_of(facts: RoundFacts) -> tuple[str, ...]:
    """The validators behind the aggregate with two thirds of the stake, in list order."""
    whole = sum(facts.stakes.values())
    votes = facts.votes.held
    for aggregate in {vote.aggregate for vote in votes.values()}:
        same = tuple(
            who for who in facts.stakes if who in votes and votes[who].aggregate == aggregate
        )
        if two_thirds(_stake(facts, same), whole):
            return same
    return ()


def settle(facts: RoundFacts, terms: SettlementTerms) -> Settlement:
    """All that follows from ``facts`` under ``terms``."""
    whole = sum(facts.stakes.values())
    if facts.committed.bit_count() < terms.min_participants:
        return Settlement(aborted="too few commitments")
    if facts.concurred is not None:
        absences = _absences(facts, facts.committed & ~facts.concurred, terms)
        return _counted(facts, terms, facts.concurred, absences)
    if not two_thirds(_stake(facts, facts.inclusion.committed), whole):
        return Settlement(aborted="too few validators")
    penalties = _faults(facts, facts.inclusion, terms)
    if not two_thirds(_stake(facts, facts.inclusion.held), whole):
        return Settlement(aborted="too few validators", penalties=penalties)
    included = included_set(facts)
    penalties += _absences(facts, absent_set(facts), terms)
    if included.bit_count() < terms.min_participants:
        return Settlement("too few included", included, penalties=penalties)
    return _counted(facts, terms, included, penalties)


def medians_of(facts: RoundFacts, result: Settlement) -> bytes:
    """The medians as whoever settles shows them: a lane per included participant, in join order."""
    return to_lanes(result.scores[who] for who in facts.participants if who in result.scores)


def _counted(
    facts: RoundFacts, terms: SettlementTerms, included: int, penalties: tuple[Penalty, ...]
) -> Settlement:
    whole = sum(facts.stakes.values())
    if not two_thirds(_stake(facts, facts.votes.committed), whole):
        return Settlement("too few validators", included, penalties=penalties)
    penalties += _faults(facts, facts.votes, terms)
    winners = winners_of(facts)
    if not winners:
        return Settlement("no agreement", included, penalties=penalties)
    return _settled(facts, terms, included, winners, penalties)


def _settled(
    facts: RoundFacts,
    terms: SettlementTerms,
    included: int,
    winners: tuple[str, ...],
    penalties: tuple[Penalty, ...],
) -> Settlement:
    votes = facts.votes.held
    accepting = [who for who in winners if votes[who].accept]
    accepted = two_thirds(_stake(facts, accepting), sum(facts.stakes.values()))
    scores = _scores(facts, included, winners)
    low = [
        Penalty(who, terms.low_score_penalty, "low score")
        for who, score in scores.items()
        if score < terms.score_floor
    ]
    share = terms.validator_reward // len(facts.stakes)
    return Settlement(
        included=included,
        aggregate=votes[winners[0]].aggregate,
        accepted=accepted,
        scores=scores,
        rewards=share_rewards(scores, terms.participant_reward if accepted else 0),
        validator_rewards=dict.fromkeys(winners, share),
        penalties=(*penalties, *low),
        suspended=tuple(who for who in facts.stakes if who in votes and who not in winners),
    )


def share_rewards(scores: Mapping[str, int], pool: int) -> dict[str, int]:
    """``pool`` in proportion to positive scores, each share rounded down; the rest is not spent."""
    positive = sum(max(score, 0) for score in scores.values())
    return {who: pool * max(score, 0) // max(positive, 1) for who, score in scores.items()}


def _scores(facts: RoundFacts, included: int, winners: tuple[str, ...]) -> dict[str, int]:
    medians: dict[str, int] = {}
    for place, participant in enumerate(facts.participants):
        if not included >> place & 1:
            continue
        judged = [
            (facts.votes.revealed[who].scores[len(medians)], facts.stakes[who])
            for who in winners
            if who not in facts.conflicts.get(participant, frozenset())
        ]
        medians[participant] = weighted_median(judged)
    return medians


def _faults(facts: RoundFacts, poll: Poll[Any], terms: SettlementTerms) -> tuple[Penalty, ...]:
    broken = dict.fromkeys(poll.mismatched, "reveal does not match")
    broken |= dict.fromkeys(poll.silent, "no reveal")
    return tuple(
        Penalty(who, terms.fault_penalty, broken[who]) for who in facts.stakes if who in broken
    )


def _absences(facts: RoundFacts, absent: int, terms: SettlementTerms) -> tuple[Penalty, ...]:
    return tuple(
        Penalty(who, terms.absence_penalty, "absent")
        for place, who in enumerate(facts.participants)
        if absent >> place & 1
    )


def _stake(facts: RoundFacts, who: Iterable[str]) -> int:
    return sum(facts.stakes[each] for each in who)


class FactsReader:
    """Collects `RoundFacts` from the events of one task, in their order.

    ``take`` every event of Tasks, Rounds and Appeals about it as (name, values by parameter name);
    ``facts`` then holds the newest round's facts, complete once it is closed.
    """

    def __init__(self) -> None:
        self.validators: tuple[str, ...] = ()
        self.participants: list[str] = []
        self._conflicts: dict[str, frozenset[str]] = {}
        self._bonds: dict[str, int] = {}
        self._stakes: dict[str, int] = {}
        self._committed = 0
        self._concurred: int | None = None
        self._included = 0
        self._polls: list[_Polling] = [_Polling(), _Polling()]
        self._counted = 0

    def take(self, name: str, values: Mapping[str, Any]) -> None:
        """One event; those that say nothing about the facts of a round are passed over."""
        poll = self._polls[min(self._counted, 1)]
        if name in ("TaskCreated", "Joined", "Seated", "RoundOpened"):
            self._prepare(name, values)
        elif name == "Committed":
            self._committed |= 1 << self.participants.index(values["participant"])
        elif name == "CommittedMany":
            self._committed |= values["bits"]
        elif name in ("IncludeCommitted", "VoteCommitted"):
            poll.committed.add(values["validator"])
        elif name == "Concurred":
            self._concurred = self._included
            self._polls[1].committed |= self._at(values["seats"])
        elif name == "Included":
            poll.revealed[values["validator"]] = values["bitmap"]
        elif name == "VoteRevealed":
            vote = Vote(values["aggregate"], from_lanes(values["lanes"]), values["accept"])
            poll.revealed[values["validator"]] = vote
        elif name == "Faulted" and values["reason"] == "reveal does not match":
            poll.mismatched.add(values["validator"])
        elif name == "PhaseStarted" and values["phase"] in (3, 5):
            poll.revealing = True
        elif name == "Equivocated" and self._counted < 2:
            self._unseat(values["validator"])
        elif name in ("SetFixed", "Settled", "Aborted"):
            self._counted = 1 if name == "SetFixed" else 2
            self._included = values["included"] if name == "SetFixed" else self._included

    def facts(self) -> RoundFacts:
        """The newest round."""
        return RoundFacts(
            tuple(self.participants),
            self._committed,
            dict(self._stakes),
            dict(self._conflicts),
            self._polls[0].poll(),
            self._polls[1].poll(),
            self._concurred,
        )

    def _prepare(self, name: str, values: Mapping[str, Any]) -> None:
        if name == "TaskCreated":
            self.validators = tuple(values["validators"])
        elif name == "Joined":
            self.participants.append(values["participant"])
            self._conflicts[values["participant"]] = self._at(values["conflicts"])
        elif name == "Seated":
            self._bonds[values["validator"]] = values["stake"]
        else:
            seated = self._at(values["seats"])
            self._stakes = {who: self._bonds[who] for who in self.validators if who in seated}
            self._committed, self._concurred, self._included = 0, None, 0
            self._polls = [_Polling(), _Polling()]
            self._counted = 0

    def _at(self, bits: int) -> frozenset[str]:
        return frozenset(who for place, who in enumerate(self.validators) if bits >> place & 1)

    def _unseat(self, who: str) -> None:
        """A seat lost takes with it what was not yet counted; before reveals, the commitment."""
        for poll in self._polls[self._counted :]:
            if not poll.revealing:
                poll.committed.discard(who)
            poll.unseated.add(who)


@dataclass(slots=True)
class _Polling:
    committed: set[str] = field(default_factory=set)
    revealed: dict[str, Any] = field(default_factory=dict)
    mismatched: set[str] = field(default_factory=set)
    unseated: set[str] = field(default_factory=set)
    revealing: bool = False

    def poll(self) -> Poll[Any]:
        return Poll(
            frozenset(self.committed),
            dict(self.revealed),
            frozenset(self.mismatched),
            frozenset(self.unseated),
        )
