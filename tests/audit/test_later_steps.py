"""The later steps: updates, votes, aggregates, model, decisions (10 and 11: test_numbers.py).

Steps that other signatures guard are reached by a conspiracy of all parties (tests/simulators).
"""

from collections.abc import Callable

import pytest

from quorate.core.hashing import Digest
from quorate.learning.valuation import shapley
from quorate.provenance.bundle import FINAL_MODEL
from tests.audit.verdicts import OTHER, Plotted, Verdict, failure
from tests.simulators.conspiracy import Conspiracy
from tests.simulators.forger import Evidence, Forger, Json

VALIDATORS = ("audit-one", "audit-two", "audit-three")


# 12. updates


def test_updates__statement_of_another_commitment__refused(plotted: Plotted) -> None:
    report = plotted(lambda c: c.say("north", "update-0001", {"commitment": "00" * 32}))
    assert failure(report) == (12, "update/0001/north.sealed")


def test_updates__blob_of_no_statement__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.say("north", "update-0001", {"blob": OTHER}, Digest.parse(OTHER))

    assert failure(plotted(plot)) == (12, "update/0001/north.sealed")


def test_updates__of_a_round_that_never_was__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.members["update/0009/north.sealed"] = c.members["update/0001/north.sealed"]
        c.keys = c.keyrings["audit-one"]
        texts = c.opening_texts()
        c.keys = c.keyrings["founder"]
        c.put_openings(texts)

    assert failure(plotted(plot)) == (12, "update/0009/north.sealed")


# 9. votes


def scores_from(utilities: list[int]) -> Json:
    """Measurements and what follows from them."""
    return {"utilities": utilities, "scores": list(shapley(utilities))}


@pytest.mark.parametrize(
    "changes",
    [
        {"scores": [1, 2, 3]},
        {"utilities": [0] * 7},
        {"utilities": [0] * 16},
        {"holdout": OTHER},
        {"loss": -1},
        {"accuracy": 10**6 + 1},
        {"accuracy": -5},
    ],
    ids=str,
)
def test_votes__not_what_follows__refused(plotted: Plotted, changes: Json) -> None:
    report = plotted(lambda c: c.vote("audit-one", "vote-0001", lambda vote: changes))
    assert failure(report) == (9, "statement/audit-one/vote-0001.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"accept": False},
        {"scores": ["1", None, {}]},
        {"scores": [2**53 - 1] * 3},
        {"utilities": [True] * 8},
        {"utilities": [2**53 - 1, -(2**53 - 1)] * 4},
        {"included": -1},
        {"salt": "00" * 32},
        {"salt": "zz"},
        {"commitment_signature": "00" * 64},
        {"commitment_signature": "ff" * 64},
        {"task": "00"},
        {"round": 2},
    ],
    ids=str,
)
def test_votes__statement_unlike_the_chain__refused(plotted: Plotted, changes: Json) -> None:
    report = plotted(lambda c: c.say("audit-one", "vote-0001", changes))
    assert failure(report) == (9, "statement/audit-one/vote-0001.json")


def test_votes__no_measurements_published__told_not_refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.drop("audit-one", c.place_in("audit-one", '"name":"vote-0001"'))
        del c.members["statement/audit-one/vote-0001.json"]
        del c.members["receipt/audit-one/vote-0001.tlog-proof"]

    report = plotted(plot)
    assert report.exit_code == 0
    assert "round 1: audit-one published no measurements" in report.notes


def test_votes__measurements_lied_about_consistently__pass_as_testimony(plotted: Plotted) -> None:
    def lie(vote: Json) -> Json:
        return scores_from([value + 7 * i for i, value in enumerate(vote["utilities"])])

    assert plotted(lambda c: c.vote("audit-one", "vote-0001", lie)).exit_code == 0


def test_votes__verdict_against_own_measurements__is_told(plotted: Plotted) -> None:
    report = plotted(
        lambda c: c.vote("audit-one", "vote-0001", lambda v: {"accept": not v["accept"]})
    )
    told = "round 1: the no of audit-one does not follow from its own measurements"
    assert (report.exit_code, report.notes) == (0, (told,))


# 13. aggregates


def test_aggregates__all_validators_lie__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        for name in VALIDATORS:
            c.vote(name, "vote-0001", lambda vote: {"aggregate": OTHER})

    assert failure(plotted(plot)) == (13, "round 1")


def test_aggregates__participant_states_another_base__is_told(plotted: Plotted) -> None:
    report = plotted(lambda c: c.say("north", "update-0001", {"base": OTHER}))
    told = "round 1: north states another model to start from"
    assert (report.exit_code, report.notes) == (0, (told,))


# 14. model


def test_model__one_bit_other__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "founder")
    data = bytearray(forger.members[FINAL_MODEL])
    data[-1] ^= 1
    forger.members[FINAL_MODEL] = bytes(data)
    assert failure(verdict(forger.bundle())) == (14, FINAL_MODEL)


@pytest.mark.parametrize("changes", [{"rounds": 3}, {"initial": OTHER}, {"task": "00" * 32}])
def test_model__sponsor_states_otherwise__refused(plotted: Plotted, changes: Json) -> None:
    assert failure(plotted(lambda c: c.say("founder", "model-0001", changes))) == (14, "model")


# 15. decisions


def _uncommitted(record: Json) -> None:
    record["commitments"] = {}


def _listed(record: Json) -> None:
    record["commitments"] = []


def _unsure(record: Json) -> None:
    record["outcome"] = {"confidence": 10**6 + 1}


def _wordy(record: Json) -> None:
    record["outcome"] = "sure"


def _modelless(record: Json) -> None:
    record["object"][0]["digest"] = OTHER


def _strange(record: Json) -> None:
    record["type"] = "gift"


@pytest.mark.parametrize("edit", [_uncommitted, _listed, _unsure, _wordy, _modelless, _strange])
def test_decisions__malformed__refused(plotted: Plotted, edit: Callable[[Json], None]) -> None:
    def plot(c: Conspiracy) -> None:
        c.change_record("north", c.place_in("north", '"type":"decision"'), edit)

    number, place = failure(plotted(plot))
    assert (number, place.startswith("log/north record")) == (15, True)


def test_decisions__confidence_of_the_party_itself__passes_as_testimony(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        place = c.place_in("north", '"type":"decision"')
        c.change_record("north", place, lambda record: record["outcome"].update(confidence=1))

    report = plotted(plot)
    assert (report.exit_code, report.story.decisions[0]["confidence"]) == (0, 1)


def test_decisions__receipt_of_nothing__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "founder")
    path = next(name for name in forger.members if "decision" in name)
    other = path.replace("decision-0", "decision-9")
    forger.members[other] = forger.members[path]
    report = verdict(forger.bundle())
    assert report.failure is not None
    assert (report.exit_code, report.failure.number, report.failure.place) == (1, 15, other)
