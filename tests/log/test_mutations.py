"""Single changes of a log's files and receipts: each is found where it is, and nothing else is.

A seeded share of what `benchmarks/bench_log_mutations.py` draws a million of.
"""

from dataclasses import replace

import pytest

from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, VerificationError
from quorate.log.policy import Group, Policy, PolicyLog, PolicyWitness
from quorate.log.storage import CHECKPOINT
from tests.simulators.log_forger import Forged
from tests.simulators.log_judge import Reader, full_reader, judge
from tests.simulators.log_mutations import (
    ACCEPTED,
    ALARM,
    DETECTED,
    MISPLACED,
    OTHERWISE,
    TABLES,
    UNDETECTED,
    outcome,
    run,
    seeds,
)
from tests.simulators.log_repaired import check_forger
from tests.simulators.log_table import BLIND, FREE, INERT, REPAIRED, Mutation, draw_mutation
from tests.simulators.log_worlds import IDENTITY, QUORUM, SHAPES, WEIGHTS, WITNESSES, world

POLICY = Policy(
    tuple(PolicyLog(verifier.note_key) for verifier in IDENTITY.verifiers),
    tuple(PolicyWitness(each.name, each.verifier.note_key) for each in WITNESSES),
    (Group("two", QUORUM, tuple(each.name for each in WITNESSES)),),
    "two",
)
CLASSES = [(table, name) for table in ("blind", "repaired") for name in sorted(TABLES[table])]
SPARED = [(table, name) for table in ("inert", "free") for name in sorted(TABLES[table])]


def shown(table: str, name: str, draws: int) -> list[str]:
    """What became of some changes of a class, but those that went right."""
    wrong = []
    for number in range(draws):
        _, mutation = draw_mutation(TABLES[table], f"test {name} {number}", name)
        found, words = outcome(mutation)
        if found not in (DETECTED, ACCEPTED):
            wrong.append(f"{found}: draw {number}, {mutation.what}: {words}")
    return wrong


@pytest.mark.parametrize(("table", "name"), CLASSES)
def test_reader__changed_log__found_and_place_named(table, name):
    assert shown(table, name, 4) == []


@pytest.mark.parametrize(("table", "name"), SPARED)
def test_reader__change_that_is_no_lie_or_contradicts_nobody__accepted(table, name):
    assert shown(table, name, 6) == []


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_reader__honest_log_and_all_receipts__accepted(name):
    honest = world(name)
    verdict = judge(honest.objects, full_reader(honest, *honest.receipts))
    assert (verdict.size, len(verdict.places)) == (honest.size, len(honest.receipts))


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_forger__honest_log__rebuilt_to_the_byte(name):
    check_forger(world(name))


def test_run__hundred_changes__half_blind_half_repaired_and_the_spared_beside():
    tally = run(seeds(7, 0, 200))
    made = {table: tally.total(tables=[table]) for table in TABLES}
    assert made == {"blind": 100, "repaired": 100, "inert": 2, "free": 2}
    assert tally.total(DETECTED) == 200
    assert tally.wrong == []


@pytest.mark.parametrize(
    "name", [n for t in (BLIND, INERT, REPAIRED) for n in t if "receipt:" in n]
)
def test_policy__every_change_of_a_receipt__same_verdict_as_the_reader(name):
    table = next(table for table in (BLIND, INERT, REPAIRED) if name in table)
    for number in range(4):
        _, mutation = draw_mutation(table, f"policy {name} {number}", name)
        (held,) = mutation.reader.receipts
        try:
            verified = POLICY.check_receipt(decode_text(held.data), held.leaf, log=IDENTITY)
        except (VerificationError, EncodingError):
            assert mutation.accepted is None
        else:
            assert mutation.accepted is not None
            assert verified.index == mutation.accepted.places[0][0]


# That the counting can fail.


def test_outcome__nothing_changed__undetected():
    honest = world("small")
    assert outcome(Mutation(honest.objects, full_reader(honest), (CHECKPOINT,)))[0] == UNDETECTED


def test_outcome__change_that_nobody_contradicts_drawn_as_a_lie__undetected():
    for name in sorted(FREE):
        _, mutation = draw_mutation(FREE, f"free {name}", name)
        assert outcome(replace(mutation, accepted=None, places=("the anchor",)))[0] == UNDETECTED


def test_outcome__another_place_than_the_changed_file__misplaced():
    _, mutation = draw_mutation(BLIND, "somewhere", "tile: bit")
    assert outcome(replace(mutation, places=("tile/0/777",)))[0] == MISPLACED
    _, mutation = draw_mutation(
        REPAIRED, "somewhere", "receipt of a false record / the log's files"
    )
    assert outcome(replace(mutation, places=("receipt of another",)))[0] == MISPLACED
    assert outcome(replace(mutation, places=("rec",)))[0] == MISPLACED


def test_outcome__honest_log_refused_or_found_otherwise__false_alarm():
    _, mutation = draw_mutation(INERT, "honest", "honest: at a size that it once signed")
    assert mutation.accepted is not None
    refused = replace(mutation, reader=replace(mutation.reader, quorum=3))
    assert outcome(refused)[0] == ALARM
    wrong = replace(mutation.accepted, root=bytes(32))
    assert outcome(replace(mutation, accepted=wrong))[0] == OTHERWISE


def test_tail_truncated__only_a_head_contradicts__caught_by_it_alone():
    """At a size that was once signed and cosigned, the files show nothing."""
    honest = world("long")
    size = honest.sizes[-2]
    cut = Forged(honest.leaves[:size], honest)
    objects = cut.objects(honest.notes[size].signatures[2:])
    assert judge(objects, Reader()).size == size
    for head in honest.heads:
        if head.size <= size:
            assert judge(objects, Reader((head,))).size == size
        else:
            with pytest.raises(VerificationError) as caught:
                judge(objects, Reader((head,)))
            assert (caught.value.step, caught.value.place) == ("heads.size", head.holder)


def test_worlds__each_drawn__none_left_out():
    assert set(WEIGHTS) == set(SHAPES) - {"deep"}  # which is drawn once in DEEP_ONE_IN
