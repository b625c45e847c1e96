"""Many acts in one transaction: commit_many, concur, include_reveal of many."""

import pytest

from tests.contracts.consortium import INCLUDE_SALT, Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, reverts, word
from tests.twins.table import COMMIT, INCLUDE_COMMIT, VOTE_COMMIT, VOTE_REVEAL

VOTE = (word("aggregate"), [1, 2, 3], True)


@pytest.fixture
def c():
    return Consortium()


def batch(c, task, who):
    """The arguments of commit_many after the task, for participants in join order."""
    hashes = [word(f"update {each}") for each in who]
    signed = [c.sign_commit(task, *pair) for pair in zip(who, hashes, strict=True)]
    return [c.roster(task), sum(1 << c.p.index(each) for each in who), hashes, signed]


def send(c, task, arguments):
    return c.rounds(c.stranger, "commit_many", task, *arguments)


# --- commit_many ----------------------------------------------------------------------------------


def test_commit_many__all__goes_on_by_itself(c):
    task = c.opened()
    done = c.commit_many(task, c.p)
    assert done.named("CommittedMany") == [
        {
            "task": task,
            "round": 1,
            "bits": 0b111,
            "commitments": tuple(word(f"update {who}") for who in c.p),
        }
    ]
    assert c.phase(task) == INCLUDE_COMMIT
    assert c.fact(task, "committed") == 0b111


def test_commit_many__some__the_others_commit_themselves(c):
    task = c.opened()
    c.commit_many(task, [c.p[0], c.p[2]])
    assert c.phase(task) == COMMIT
    with reverts("Rounds: already committed"):
        c.commit(task, c.p[2])
    c.commit(task, c.p[1])
    assert c.phase(task) == INCLUDE_COMMIT


def test_commit_many__who_is_not_due__reverts(c):
    task = c.joined(min_participants=1)
    c.pair.send(c.p[2], "Stakes", "request_unbond", PARTICIPANT, 3_000)
    c.rounds(c.sponsor, "open", task)
    c.commit(task, c.p[0])
    for who in (c.p[:2], [c.p[2]], c.p):
        with reverts("Rounds: not due"):
            send(c, task, batch(c, task, who))
    arguments = batch(c, task, [c.p[1]])
    for bits in (0b1010, 1 << 255, 0b1000):
        with reverts("Rounds: not due"):
            send(c, task, [arguments[0], bits, arguments[2] * 2, arguments[3] * 2])
    send(c, task, arguments)


def test_commit_many__lists_of_other_length__reverts(c):
    task = c.opened()
    roster, bits, hashes, signed = batch(c, task, c.p)
    for arguments in (
        (roster, bits, hashes[:2], signed),
        (roster, bits, hashes, signed[:2]),
        (roster, 0b011, hashes, signed),
        (roster, bits, hashes[:2], signed[:2]),
        (roster, bits, [], []),
    ):
        with reverts("Rounds: not one per bit"):
            send(c, task, arguments)


def test_commit_many__nobody__changes_nothing(c):
    task = c.opened()
    with reverts("Rounds: not due"):
        send(c, task, [c.roster(task), 0, [], []])


def test_commit_many__zero_commitment__reverts(c):
    task = c.opened()
    roster, bits, hashes, signed = batch(c, task, c.p)
    hashes[1] = bytes(32)
    signed[1] = c.sign_commit(task, c.p[1], bytes(32))
    with reverts("Rounds: no commitment"):
        send(c, task, [roster, bits, hashes, signed])


def test_commit_many__signed_by_another_or_for_elsewhere__reverts(c):
    task = c.opened()
    other = c.opened(spec=word("other"))
    roster, bits, hashes, signed = batch(c, task, c.p)
    first = hashes[0]
    r, s = signed[0]
    high = int.from_bytes(s, "big") ^ 1 << 255
    for wrong in (
        signed[1],
        c.sign_commit(task, c.p[1], first),
        c.sign_commit(other, c.p[0], first),
        c.sign_commit(task, c.p[0], first, number=2),
        c.sign_commit(task, c.p[0], first, number=0),
        c.sign_commit(task, c.p[0], word("another update")),
        (bytes(32), bytes(32)),
        (r, high.to_bytes(32, "big")),
    ):
        with reverts("Rounds: not the signer"):
            send(c, task, [roster, bits, hashes, [wrong, *signed[1:]]])
    send(c, task, [roster, bits, hashes, signed])


def test_commit_many__other_roster__reverts(c):
    """Otherwise anybody could sign for a place with its own key."""
    task = c.opened()
    roster, bits, hashes, signed = batch(c, task, c.p)
    stranger = [*roster[:4], c.stranger, *roster[5:]]
    signed_by_it = [c.sign_commit(task, c.stranger, hashes[0]), *signed[1:]]
    for other in (stranger, roster[:-1], [*roster, c.stranger], [], roster[4:]):
        with reverts("Rounds: not the roster"):
            send(c, task, [other, bits, hashes, signed_by_it])


def test_commit_many__in_another_phase_or_late__reverts(c):
    task = c.opened()
    arguments = batch(c, task, c.p)
    c.wait(61)
    with reverts("Rounds: the phase is over"):
        send(c, task, arguments)
    with reverts("Rounds: not the phase for it"):
        send(c, word("no task"), arguments)


# --- vouch ----------------------------------------------------------------------------------------


def vouchers(c, task, who):
    """The arguments of vouch after the task."""
    hashes = [word(f"update {each}") for each in who]
    chosen = sum(1 << c.p.index(each) for each in who)
    return [chosen, hashes, [c.sign_vouch(task, each, chosen, hashes) for each in c.v]]


def test_vouch__all_validators__commits_for_all(c):
    task = c.opened()
    done = c.vouch(task, c.p)
    assert done.named("CommittedMany")[0]["bits"] == 0b111
    assert c.phase(task) == INCLUDE_COMMIT


def test_vouch__for_some__the_others_commit_themselves(c):
    task = c.opened()
    c.vouch(task, [c.p[1]])
    with reverts("Rounds: already committed"):
        c.commit(task, c.p[1])
    c.commit_many(task, [c.p[0], c.p[2]])
    assert c.fact(task, "committed") == 0b111


def test_vouch__refusals(c):
    task = c.opened()
    other = c.opened(spec=word("other"))
    chosen, hashes, signed = vouchers(c, task, c.p)
    wrong = [
        ("Rounds: not due", [0, [], signed]),
        ("Rounds: not due", [0b1111, [*hashes, hashes[0]], signed]),
        ("Rounds: not one per bit", [chosen, hashes[:2], signed]),
        ("Rounds: not one per bit", [0b011, hashes, signed]),
        ("Rounds: not all validators", [chosen, hashes, signed[:3]]),
        ("Rounds: not all validators", [chosen, hashes, []]),
        ("Rounds: not all validators", [chosen, hashes, [*signed, signed[0]]]),
        ("Rounds: not the signer", [chosen, hashes, [signed[1], signed[0], *signed[2:]]]),
        ("Rounds: not the signer", [chosen, [word("x"), *hashes[1:]], signed]),
        ("Rounds: not the signer", [0b011, hashes[:2], signed]),
    ]
    for hand in (
        c.sign_vouch(other, c.v[0], chosen, hashes),
        c.sign_vouch(task, c.v[0], chosen, hashes, number=2),
        c.sign_vouch(task, c.stranger, chosen, hashes),
    ):
        wrong.append(("Rounds: not the signer", [chosen, hashes, [hand, *signed[1:]]]))
    for message, arguments in wrong:
        with reverts(message):
            c.rounds(c.stranger, "vouch", task, *arguments)
    c.rounds(c.stranger, "vouch", task, chosen, hashes, signed)
    with reverts("Rounds: not the phase for it"):
        c.rounds(c.stranger, "vouch", task, chosen, hashes, signed)


def test_vouch__twice_or_late__reverts(c):
    task = c.opened()
    arguments = vouchers(c, task, c.p[:1])
    c.rounds(c.stranger, "vouch", task, *arguments)
    with reverts("Rounds: not due"):
        c.rounds(c.stranger, "vouch", task, *arguments)
    c.wait(61)
    with reverts("Rounds: the phase is over"):
        c.rounds(c.stranger, "vouch", task, *vouchers(c, task, c.p[1:]))


def test_vouch__too_little_stake_is_left__reverts(c):
    """Two of four were expelled in the round: the others together are no two thirds."""
    task = c.opened()
    for who in c.v[2:]:
        two = [[0, hash_, c.sign_ballot(task, who, 0, hash_)] for hash_ in (word("a"), word("b"))]
        proof = [*two[0], *two[1]]
        c.appeals(c.stranger, "prove_equivocation", task, 1, who, VOTE_COMMIT, *proof)
    chosen, hashes, signed = vouchers(c, task, c.p)
    with reverts("Rounds: not all validators"):
        c.rounds(c.stranger, "vouch", task, chosen, hashes, signed[:2])
    c.commit_all(task)
    included, hashes, signed = ballots(c, task)
    with reverts("Rounds: not all validators"):
        concur(c, task, [included, hashes[:2], signed[:2]])


# --- concur ---------------------------------------------------------------------------------------


def to_include(c, **changes):
    task = c.opened(**changes)
    c.commit_all(task)
    return task


def ballots(c, task, included=0b111, vote=VOTE):
    hashes = [c.vote_hash(task, who, vote, included) for who in c.v]
    signed = [
        c.sign_ballot(task, who, included, hash_) for who, hash_ in zip(c.v, hashes, strict=True)
    ]
    return [included, hashes, signed]


def concur(c, task, arguments):
    return c.rounds(c.stranger, "concur", task, *arguments)


def test_concur__all_validators__straight_to_the_reveals(c):
    task = to_include(c)
    done = concur(c, task, ballots(c, task))
    assert done.named("SetFixed") == [{"task": task, "round": 1, "included": 0b111, "absent": 0}]
    assert done.named("Concurred")[0]["seats"] == 0b1111
    assert done.named("PhaseStarted")[0]["phase"] == VOTE_REVEAL
    for who in c.v:
        c.votes[task, who] = VOTE
    done = c.settle(task, shown=c.v)
    assert done.named("Settled")[0]["winners"] == 0b1111


def test_concur__whole_round_in_four_transactions(c):
    task = c.opened()
    c.commit_many(task, c.p)
    c.concur(task, 0b111, c.agree([1, 2, 3]))
    c.settle(task, shown=c.v)
    c.claim_many(task, list(range(7)))
    assert c.pair.view("Tasks", "ledger_of", task)[4] == 1_300
    c.check_money(task)


def test_concur__absentees__punished_as_ever(c):
    task = to_include(c)
    done = concur(c, task, ballots(c, task, 0b011, (word("aggregate"), [1, 2], True)))
    assert done.named("SetFixed")[0]["absent"] == 0b100
    assert c.bond(c.p[2], PARTICIPANT) == 2_900
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (0, 0, 1)


def test_concur__one_is_missing_or_another_signed__reverts(c):
    task = to_include(c)
    included, hashes, signed = ballots(c, task)
    for cut in (slice(0, 3), slice(1, 4), slice(0, 0)):
        with reverts("Rounds: not all validators"):
            concur(c, task, [included, hashes[cut], signed[cut]])
    with reverts("Rounds: not all validators"):
        concur(c, task, [included, [*hashes, hashes[0]], [*signed, signed[0]]])
    with reverts("Rounds: not all validators"):
        concur(c, task, [included, hashes, signed[:3]])
    with reverts("Rounds: not the signer"):
        concur(c, task, [included, hashes, [signed[1], signed[0], *signed[2:]]])


def test_concur__signed_for_elsewhere__reverts(c):
    task = to_include(c)
    other = c.opened(spec=word("other"))
    included, hashes, signed = ballots(c, task)
    who, first = c.v[0], hashes[0]
    for wrong in (
        c.sign_ballot(other, who, included, first),
        c.sign_ballot(task, who, 0b011, first),
        c.sign_ballot(task, who, included, word("x")),
        c.sign_ballot(task, who, included, first, phase=INCLUDE_COMMIT),
        c.sign_ballot(task, who, included, first, number=2),
        c.sign_ballot(task, c.stranger, included, first),
    ):
        with reverts("Rounds: not the signer"):
            concur(c, task, [included, hashes, [wrong, *signed[1:]]])
    concur(c, task, [included, hashes, signed])


def test_concur__zero_commitment__reverts(c):
    task = to_include(c)
    included, hashes, signed = ballots(c, task)
    hashes[2], signed[2] = bytes(32), c.sign_ballot(task, c.v[2], included, bytes(32))
    with reverts("Rounds: no commitment"):
        concur(c, task, [included, hashes, signed])


@pytest.mark.parametrize("included", [0b1111, 0b1000, 1 << 255])
def test_concur__set_beyond_the_commitments__reverts(c, included):
    task = to_include(c)
    with reverts("Rounds: bit without commitment"):
        concur(c, task, ballots(c, task, included))


@pytest.mark.parametrize("included", [0, 0b001])
def test_concur__set_too_small__reverts(c, included):
    task = to_include(c)
    with reverts("Rounds: too few included"):
        concur(c, task, ballots(c, task, included))


def test_concur__once_somebody_committed_alone__too_late(c):
    task = to_include(c)
    c.include_commit(task, c.v[2], 0b111)
    with reverts("Rounds: already committed"):
        concur(c, task, ballots(c, task))


def test_concur__late_or_in_another_phase__reverts(c):
    task = c.opened()
    with reverts("Rounds: not the phase for it"):
        concur(c, task, ballots(c, task))
    c.commit_all(task)
    arguments = ballots(c, task)
    c.wait(50)
    c.wait(1)
    with reverts("Rounds: the phase is over"):
        concur(c, task, arguments)


def test_concur__in_the_last_second__counts(c):
    task = to_include(c)
    c.wait(50)
    concur(c, task, ballots(c, task))


def test_concur__without_the_unseated(c):
    """Only those with a seat have to sign."""
    c.pair.send(c.v[1], "Stakes", "request_unbond", VALIDATOR, 5_000)
    task = to_include(c)
    with reverts("Rounds: not all validators"):
        concur(c, task, ballots(c, task))
    assert c.concur(task, 0b111, c.agree([1, 2, 3])).named("Concurred")[0]["seats"] == 0b1101


def test_concur__then_silent__a_fault_as_ever(c):
    task = to_include(c)
    c.concur(task, 0b111, c.agree([1, 2, 3]))
    c.wait(31)
    done = c.settle(task, shown=c.v[:3])
    assert [f["validator"] for f in done.named("Faulted")] == [c.v[3]]
    assert c.bond(c.v[3], VALIDATOR) == 4_800


def test_concur__vote_for_another_set__does_not_open(c):
    """The vote's hash binds the set."""
    task = to_include(c)
    _, _, signed = ballots(c, task)
    hashes = [c.vote_hash(task, who, VOTE, 0b011) for who in c.v]
    signed = [
        c.sign_ballot(task, who, 0b111, hash_) for who, hash_ in zip(c.v, hashes, strict=True)
    ]
    concur(c, task, [0b111, hashes, signed])
    for who in c.v:
        c.votes[task, who] = VOTE
    with reverts("Rounds: vote does not match"):
        c.settle(task, shown=c.v)
    assert c.vote_reveal(task, c.v[0], VOTE).named("Faulted")


# --- include_reveal of many -----------------------------------------------------------------------


def to_reveal(c):
    task = to_include(c)
    for who in c.v:
        c.include_commit(task, who, 0b111)
    return task


def reveals(count, bitmap=0b111):
    return [(place, bitmap, INCLUDE_SALT) for place in range(count)]


def test_include_reveal__all_by_a_stranger__phase_over(c):
    task = to_reveal(c)
    done = c.rounds(c.stranger, "include_reveal", task, reveals(4))
    assert [i["validator"] for i in done.named("Included")] == c.v
    assert c.phase(task) == VOTE_COMMIT
    for place in range(4):
        assert int.from_bytes(c.pair.view("Rounds", "ballot_of", task, place), "big") == 0b111


def test_include_reveal__some_in_any_order__the_rest_later(c):
    task = to_reveal(c)
    c.rounds(c.stranger, "include_reveal", task, reveals(4)[2:0:-1])
    with reverts("Rounds: nothing to reveal"):
        c.rounds(c.stranger, "include_reveal", task, reveals(4))
    c.rounds(c.v[3], "include_reveal", task, [reveals(4)[0], reveals(4)[3]])
    assert c.phase(task) == VOTE_COMMIT


def test_include_reveal__twice_in_one_call__reverts(c):
    task = to_reveal(c)
    with reverts("Rounds: nothing to reveal"):
        c.rounds(c.stranger, "include_reveal", task, reveals(1) * 2)


def test_include_reveal__somebody_elses_wrong__reverts_and_harms_nobody(c):
    task = to_reveal(c)
    for sender in (c.stranger, c.v[0], c.sponsor):
        with reverts("Rounds: reveal does not match"):
            c.rounds(sender, "include_reveal", task, [(1, 0b011, INCLUDE_SALT)])
    with reverts("Rounds: reveal does not match"):
        c.rounds(c.stranger, "include_reveal", task, [*reveals(3), (3, 0b111, word("salt"))])
    assert [c.bond(who, VALIDATOR) for who in c.v] == [5_000] * 4


def test_include_reveal__own_wrong_beside_others_right__a_fault_for_one(c):
    task = to_reveal(c)
    done = c.rounds(c.v[3], "include_reveal", task, [*reveals(3), (3, 0, INCLUDE_SALT)])
    assert [f["validator"] for f in done.named("Faulted")] == [c.v[3]]
    assert len(done.named("Included")) == 3
    assert c.phase(task) == VOTE_COMMIT


def test_include_reveal__none__changes_nothing(c):
    task = to_reveal(c)
    before = c.pair.view("Rounds", "round_of", task)
    assert c.rounds(c.stranger, "include_reveal", task, []).events == []
    assert c.pair.view("Rounds", "round_of", task) == before
