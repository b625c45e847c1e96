"""Each numbered step of the audit refuses, at the right place, what it is there to refuse.

Steps that other signatures guard are reached by a conspiracy of all parties (tests/simulators).
"""

from dataclasses import replace

import pytest

from quorate.audit.auditor import audit
from quorate.core.encoding import canonical_bytes, parse_canonical
from quorate.core.hashing import Digest
from quorate.core.sealing import SealingKey
from quorate.ledger.contracts import Contract
from quorate.ledger.hashchain import head_of
from quorate.ledger.interface import LoggedEvent
from quorate.ledger.transactions import Transaction
from quorate.provenance.bundle import FINAL_MODEL, INITIAL_MODEL
from tests.audit.verdicts import OTHER, Plotted, Verdict, failure
from tests.simulators.conspiracy import Conspiracy
from tests.simulators.false_claims import kept_note
from tests.simulators.forger import Evidence, Forger, Json, relink


def test_conspiracy__that_changes_nothing__passes(plotted: Plotted) -> None:
    assert plotted(lambda c: None).exit_code == 0


# 1. container


def test_container__prefix__refused(verdict: Verdict, true_bundle: bytes) -> None:
    assert failure(verdict(b"#!" + true_bundle)) == (1, "bundle")


def test_container__member_of_a_stranger__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "north")
    forger.keys = type(forger.keys)("stranger", bytes(32))
    forger.party = "stranger"
    assert failure(verdict(forger.bundle())) == (1, "MANIFEST.json")


def test_container__no_roots__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "north")
    del forger.members["roots.json"]
    assert failure(verdict(forger.bundle())) == (1, "roots.json")


def test_container__roots_not_canonical__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "north")
    forger.members["roots.json"] += b" "
    assert failure(verdict(forger.bundle())) == (1, "roots.json")


# 2. chain


def test_chain__not_there__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "founder")
    del forger.members["chain/blocks.json"]
    assert failure(verdict(forger.bundle())) == (2, "chain/blocks.json")


def test_chain__line_cut__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "founder")
    forger.members["chain/blocks.json"] = forger.members["chain/blocks.json"][:-5] + b"\n"
    assert failure(verdict(forger.bundle())) == (2, "chain/blocks.json")


def test_chain__contracts_created_for_others__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        anchor = next(
            block.header.number
            for block in c.blocks()
            for receipt in block.receipts
            if receipt.contract == c.evidence.roots.chain.contracts["Anchor"]
        )
        token = bytes.fromhex(c.evidence.roots.chain.contracts["Token"][2:])
        c.calls[anchor] = lambda sent: replace(sent, data=sent.data[:-20] + token)

    assert failure(plotted(plot)) == (2, "chain/blocks.json: Anchor")


def test_chain__contract_that_the_roots_do_not_name__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        chain = c.blocks()
        creation = next(
            block.header.number
            for block in chain
            for receipt in block.receipts
            if receipt.contract == c.evidence.roots.chain.contracts["Anchor"]
        )
        deployed: list[Transaction] = []

        def keep(sent: Transaction) -> Transaction:
            deployed.append(sent)
            return sent

        claims = c.find("founder", c.face("Tasks").artifact.functions["refund"].selector, 1)
        c.calls[creation] = keep
        c.calls[claims] = lambda sent: replace(sent, to=None, data=deployed[0].data)

    assert failure(plotted(plot)) == (2, "chain/blocks.json")


def test_chain__running_hash_that_the_events_do_not_give__refused(
    evidence: Evidence, opener: SealingKey, true_bundle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(face: Contract, logged: list[LoggedEvent]) -> bytes:
        return head_of(face, logged[:-1] if face.name == "Rounds" else logged)

    monkeypatch.setattr("quorate.audit.chain.head_of", short)
    report = audit(true_bundle, evidence.roots, opener)
    assert failure(report) == (2, "chain/blocks.json: Rounds")


# 3. membership


def test_membership__other_roles_than_on_the_chain__refused(
    evidence: Evidence, opener: SealingKey
) -> None:
    forger = Forger(evidence, "founder")
    members = tuple(
        replace(member, roles=7) if member.name == "north" else member
        for member in evidence.roots.members
    )
    trust = replace(evidence.roots, members=members)
    forger.members["roots.json"] = trust.to_bytes()
    assert failure(audit(forger.bundle(), trust, opener)) == (3, "Members: north")


# 4. logs


@pytest.mark.parametrize(("field", "place"), [("seq", 3), ("source", 3), ("action", 4)])
def test_logs__record_out_of_sequence__refused(plotted: Plotted, field: str, place: int) -> None:
    def plot(c: Conspiracy) -> None:
        c.loose["north", 3] = lambda record: record.update({field: 9 if field == "seq" else "x"})

    assert failure(plotted(plot)) == (4, f"log/north record {place}")


def test_logs__record_with_more_fields__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.change_record("north", 3, lambda record: record.update(more=1))

    assert failure(plotted(plot)) == (4, "log/north record 3")


# 5. anchors


def test_anchors__log_rewritten_and_cosigned_by_all__refused(
    evidence: Evidence, verdict: Verdict
) -> None:
    forger = Forger(evidence, "north")
    leaves = forger.leaves()
    leaves[3] = canonical_bytes(parse_canonical(leaves[3]) | {"ts_end": "1"})
    forger.put_log("north", relink(leaves), kept_note(evidence, "north", relink(leaves)))
    number, place = failure(verdict(forger.bundle()))
    assert (number, place.split(" at ")[0]) == (5, "Anchor: north")


def test_anchors__records_after_the_newest_anchor__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.add("north", c.logs["north"][-1][0], {})

    assert failure(plotted(plot)) == (5, "log/north")


def test_anchors__of_another_log_of_the_member__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        selector = c.face("Anchor").artifact.functions["anchor"].selector
        c.calls[c.find("north", selector, 1)] = lambda sent: replace(
            sent, data=sent.data[:36] + bytes(32) + sent.data[68:]
        )

    number, place = failure(plotted(plot))
    assert (number, place.split(" at ")[0]) == (5, "Anchor: north")


# 6. chain heads


def test_heads__another_block_seen__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        place = c.place_in("north", '"chain-head"')
        c.unseen.add(("north", place))
        c.change_record("north", place, lambda record: record["object"][0].update(digest=OTHER))

    number, place = failure(plotted(plot))
    assert (number, place.startswith("log/north record")) == (6, True)


@pytest.mark.parametrize(
    "item", [{}, {"name": 3}, {"digest": OTHER, "name": "-1", "type": "block"}]
)
def test_heads__malformed__refused(plotted: Plotted, item: Json) -> None:
    def plot(c: Conspiracy) -> None:
        place = c.place_in("north", '"chain-head"')
        c.unseen.add(("north", place))
        c.change_record("north", place, lambda record: record.update(object=[item]))

    assert failure(plotted(plot))[0] == 6


def test_heads__final_block_not_seen__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        def earlier(record: Json) -> None:
            record["object"][0]["name"] = str(int(record["object"][0]["name"]) - 1)

        c.change_record("north", c.logs["north"][-1][0], earlier)

    assert failure(plotted(plot)) == (6, "log/north")


def test_heads__transaction_without_a_look_before__refused(plotted: Plotted) -> None:
    number, place = failure(plotted(lambda c: c.drop("north", c.place_in("north", '"chain-head"'))))
    assert (number, place.endswith("by north")) == (6, True)


# 7. statements


def test_statements__signed_by_another__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.put_statement("dataset-0001", c.sign(c.statement("dataset-0001", "north")), "north")

    assert failure(plotted(plot)) == (7, "statement/north/dataset-0001.json")


def test_statements__of_a_stranger__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        path = "statement/north/dataset-0001.json"
        c.members["statement/stranger/dataset-0001.json"] = c.members[path]

    assert failure(plotted(plot)) == (7, "statement/stranger/dataset-0001.json")


def test_statements__never_recorded__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.drop("north", c.place_in("north", '"dataset-0001"'))

    assert failure(plotted(plot)) == (7, "statement/north/dataset-0001.json")


def test_statements__recorded_under_another_name__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        place = c.place_in("north", '"dataset-0001"')
        c.change_record("north", place, lambda record: record["object"][0].update(name="dataset-2"))

    assert failure(plotted(plot)) == (7, "statement/north/dataset-0001.json")


def test_statements__recorded_and_left_out__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        del c.members["statement/north/dataset-0001.json"]

    number, place = failure(plotted(plot))
    assert (number, place.startswith("log/north record")) == (7, True)


# 8. task


def test_task__other_specification__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        spec = c.statement("task-0001").predicate["spec"] | {"rule": "median"}
        c.say("founder", "task-0001", {"spec": spec}, Digest.of_value(spec))

    assert failure(plotted(plot)) == (8, "statement/founder/task-0001.json")


def test_task__other_initial_model__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "founder")
    forger.members[INITIAL_MODEL] = forger.members[FINAL_MODEL]
    assert failure(verdict(forger.bundle())) == (8, INITIAL_MODEL)


def test_task__other_row_count_than_joined_with__refused(plotted: Plotted) -> None:
    report = plotted(lambda c: c.say("north", "dataset-0001", {"rows": 7}))
    assert failure(report) == (8, "Tasks: north joined")


def test_task__other_rows_than_joined_with__refused(plotted: Plotted) -> None:
    def plot(c: Conspiracy) -> None:
        c.say("north", "dataset-0001", {"commitment": OTHER}, Digest.parse(OTHER))

    assert failure(plotted(plot)) == (8, "Tasks: north joined")


@pytest.mark.parametrize("name", ["north", "audit-one"])
def test_task__rows_with_other_columns__refused(plotted: Plotted, name: str) -> None:
    report = plotted(lambda c: c.say(name, "dataset-0001", {"columns": 4}))
    assert failure(report) == (8, f"statement/{name}/dataset-0001.json")


@pytest.mark.parametrize("time", ["", "-1", "01", "now", "1" * 81])
def test_statements__at_no_time__refused(plotted: Plotted, time: str) -> None:
    report = plotted(lambda c: c.say("north", "dataset-0001", {"time": time}))
    assert failure(report) == (7, "statement/north/dataset-0001.json")


@pytest.mark.parametrize("name", ["north", "audit-one"])
def test_task__rows_for_another_purpose__refused(plotted: Plotted, name: str) -> None:
    report = plotted(lambda c: c.say(name, "dataset-0001", {"purpose": "party"}))
    assert failure(report) == (8, f"statement/{name}")


@pytest.mark.parametrize("name", ["north", "audit-one"])
def test_task__two_data_sets__refused(plotted: Plotted, name: str) -> None:
    def plot(c: Conspiracy) -> None:
        old = c.statement("dataset-0001", name)
        envelope = sign_again(c, name, replace(old, predicate=old.predicate | {"time": "1"}))
        c.members[f"statement/{name}/dataset-0002.json"] = envelope
        item = {"digest": str(Digest.of(envelope)), "name": "dataset-0002", "type": "dataset"}
        c.add(name, c.place_in(name, '"dataset-0001"'), {"object": [item]})

    assert failure(plotted(plot)) == (8, f"statement/{name}")


def sign_again(c: Conspiracy, name: str, statement: object) -> bytes:
    """An envelope by another party than the founder."""
    c.keys = c.keyrings[name]
    envelope = c.sign(statement)  # type: ignore[arg-type]
    c.keys = c.keyrings["founder"]
    return envelope


@pytest.mark.parametrize("name", ["north", "audit-one"])
def test_task__rows_registered_after_the_fact__refused(plotted: Plotted, name: str) -> None:
    def plot(c: Conspiracy) -> None:
        place = c.place_in(name, '"dataset-0001"')
        (leaf,) = [leaf for at, leaf in c.logs[name] if at == place]
        c.drop(name, place)
        c.add(name, c.logs[name][-2][0], parse_canonical(leaf))

    assert failure(plotted(plot)) == (8, f"statement/{name}/dataset-0001.json")
