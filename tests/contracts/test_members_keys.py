"""Members: whose keys count at a block and at a leaf of a log, and who anchors which log."""

import pytest

from tests.contracts.belonging import COUNCIL, TIMELOCK, founder, membership
from tests.contracts.pair import MEMBER, account, reverts, word
from tests.twins.world import NOBODY

A, B, C, D = (account(name) for name in "abcd")
FIRST = word(f"keys of {A}")
LOG = word("example.org/log")


@pytest.fixture
def pair():
    return membership([founder(who, MEMBER) for who in (A, B, C)])


def height(pair):
    return pair.chain.number


def at(pair, number, who=A):
    return pair.view("Members", "keys_at", who, number)


def leaf(pair, index, who=A, log=LOG):
    return pair.view("Members", "keys_at_index", who, log, index)


def rotate(pair, *digests):
    """Returns the block of each rotation."""
    blocks = []
    for digest in digests:
        pair.send(A, "Members", "rotate", word(digest))
        blocks.append(height(pair))
    return blocks


# --- by block -----------------------------------------------------------------------------------


def test_keys__of_a_founder__valid_from_its_block(pair):
    assert at(pair, 0) == bytes(32)
    assert at(pair, 1) == FIRST
    assert at(pair, 10**12) == FIRST  # until something else is said
    assert pair.view("Members", "key_of", A, 0) == (FIRST, 1, 0)
    assert pair.view("Members", "key_of", A, 1) == (bytes(32), 0, 0)
    assert (at(pair, 1, D), pair.view("Members", "key_count", D)) == (bytes(32), 0)


def test_rotate__the_new_digest_from_this_block_on(pair):
    first, second, third = rotate(pair, "one", "two", "three")
    expected = [FIRST, word("one"), word("two"), word("three")]
    assert [at(pair, n) for n in (first - 1, first, second, third)] == expected
    assert pair.view("Members", "member", A)[1] == word("three")
    assert pair.view("Members", "key_of", A, 1) == (word("one"), first, second)
    assert pair.view("Members", "key_count", A) == 4


def test_rotate__no_digest__reverts(pair):
    with reverts("Members: no keys"):
        pair.send(A, "Members", "rotate", bytes(32))


def test_rotate__suspended_either_way__reverts(pair):
    pair.send(TIMELOCK, "Members", "suspend", A)
    pair.send(COUNCIL, "Members", "suspend_until", B, pair.now + 1)
    for who in (A, B, D):
        with reverts("Members: not active"):
            pair.send(who, "Members", "rotate", word("x"))
    pair.wait(1)
    pair.send(B, "Members", "rotate", word("x"))


def test_retire__no_keys_until_the_next_rotation(pair):
    pair.send(A, "Members", "retire", 0)
    ended = height(pair)
    assert [at(pair, n) for n in (ended - 1, ended)] == [FIRST, bytes(32)]
    assert pair.view("Members", "member", A)[1] == bytes(32)
    (again,) = rotate(pair, "again")
    assert [at(pair, n) for n in (again - 1, again)] == [bytes(32), word("again")]
    assert pair.view("Members", "key_of", A, 0) == (FIRST, 1, ended)


def test_retire__not_there_or_ended__reverts(pair):
    rotate(pair, "one")
    with reverts("Members: key has ended"):
        pair.send(A, "Members", "retire", 0)
    for who, number in ((A, 2), (A, 2**256 - 1), (D, 0)):
        with reverts("Members: no such key"):
            pair.send(who, "Members", "retire", number)


def test_retire__while_suspended__still_possible(pair):
    pair.send(TIMELOCK, "Members", "suspend", A)
    pair.send(A, "Members", "retire", 0)
    assert pair.view("Members", "member", A)[1] == bytes(32)


def test_revoke__at_a_block_of_the_past__by_timelock(pair):
    start = height(pair)
    for _ in range(5):
        pair.send(B, "Members", "rotate", word("x"))
    pair.send(TIMELOCK, "Members", "revoke", A, 0, start + 2)
    expected = [FIRST, FIRST, bytes(32), bytes(32)]
    assert [at(pair, start + n) for n in range(4)] == expected
    for later in (start + 2, start + 3):
        with reverts("Members: key has ended"):
            pair.send(TIMELOCK, "Members", "revoke", A, 0, later)
    pair.send(TIMELOCK, "Members", "revoke", A, 0, start + 1)
    pair.send(TIMELOCK, "Members", "revoke", A, 0, 1)  # it never counted
    assert [at(pair, n) for n in range(8)] == [bytes(32)] * 8


def test_revoke__a_digest_that_was_rotated_out__cut_shorter(pair):
    one, two = rotate(pair, "one", "two")
    pair.send(TIMELOCK, "Members", "revoke", A, 1, one)
    assert [at(pair, n) for n in (one - 1, one, two)] == [FIRST, bytes(32), word("two")]


def test_revoke__a_block_that_is_not_there__reverts(pair):
    for ahead in (1, 2, 2**255):
        with reverts("Members: no such block yet"):
            pair.send(TIMELOCK, "Members", "revoke", A, 0, height(pair) + 1 + ahead)
    with reverts("Members: no such block yet"):
        pair.send(TIMELOCK, "Members", "revoke", A, 0, 0)
    pair.send(TIMELOCK, "Members", "revoke", A, 0, height(pair) + 1)  # this very block


def test_revoke__unknown_key__reverts(pair):
    for who, number in ((A, 1), (D, 0)):
        with reverts("Members: no such key"):
            pair.send(TIMELOCK, "Members", "revoke", who, number, 1)


def test_readmission__ends_the_old_digest(pair):
    pair.send(TIMELOCK, "Members", "suspend", A)
    pair.send(TIMELOCK, "Members", "admit", A, word("new"), word("c"), MEMBER)
    block = height(pair)
    assert [at(pair, n) for n in (block - 1, block)] == [FIRST, word("new")]


def test_replace__the_old_keys_end__the_new_begin(pair):
    pair.send(TIMELOCK, "Members", "replace", A, D, word("new"))
    block = height(pair)
    assert [at(pair, n) for n in (block - 1, block)] == [FIRST, bytes(32)]
    assert [at(pair, n, D) for n in (block - 1, block)] == [bytes(32), word("new")]
    assert pair.view("Members", "key_of", D, 0) == (word("new"), block, 0)
    pair.send(D, "Members", "rotate", word("newer"))
    assert at(pair, height(pair), D) == word("newer")


def test_replace__after_retiring__the_earlier_end_stays(pair):
    pair.send(A, "Members", "retire", 0)
    ended = height(pair)
    pair.send(TIMELOCK, "Members", "replace", A, D, word("new"))
    assert pair.view("Members", "key_of", A, 0) == (FIRST, 1, ended)


# --- by leaf ------------------------------------------------------------------------------------


def stop(pair, index, sender=A, who=A, log=LOG):
    return pair.send(sender, "Members", "revoke_at", who, log, index)


def test_revoke_at__from_that_leaf_on_the_next_digest(pair):
    rotate(pair, "one", "two")
    assert [leaf(pair, n) for n in (0, 10**6)] == [FIRST, FIRST]
    stop(pair, 100)
    stop(pair, 250)
    expected = [FIRST, FIRST, word("one"), word("one"), word("two")]
    assert [leaf(pair, n) for n in (0, 99, 100, 249, 250)] == expected
    done = stop(pair, 250)  # the third digest never counts in this log
    assert done.named("RevokedInLog")[0]["number"] == 2
    assert [leaf(pair, n) for n in (249, 250, 2**256 - 1)] == [word("one"), *[bytes(32)] * 2]
    assert leaf(pair, 500, log=word("another log")) == FIRST
    assert leaf(pair, 0, D) == bytes(32)


def test_revoke_at__a_later_rotation__takes_over_from_the_last_stop(pair):
    stop(pair, 7)
    assert leaf(pair, 7) == bytes(32)
    rotate(pair, "one")
    assert [leaf(pair, n) for n in (6, 7)] == [FIRST, word("one")]


def test_revoke_at__impossible__reverts(pair):
    rotate(pair, "one")
    stop(pair, 100)
    with reverts("Members: index goes back"):
        stop(pair, 99)
    stop(pair, 100)
    with reverts("Members: no key left to revoke"):
        stop(pair, 200)
    with reverts("Members: no key left to revoke"):
        stop(pair, 0, TIMELOCK, D)
    with reverts("Members: not active"):
        stop(pair, 0, D, D)


def test_revoke_at__by_timelock_for_a_lost_key(pair):
    pair.send(TIMELOCK, "Members", "replace", A, D, word("new"))
    stop(pair, 40, TIMELOCK)
    assert [leaf(pair, n) for n in (39, 40)] == [FIRST, bytes(32)]


def test_revoke_at__what_a_thief_said__timelock_takes_back(pair):
    rotate(pair, "second")
    stop(pair, 2**256 - 1)  # the stolen key is to count for ever
    with reverts("Members: index goes back"):
        stop(pair, 50)
    stop(pair, 50, TIMELOCK)
    assert [leaf(pair, n) for n in (49, 50, 10**12)] == [FIRST, word("second"), word("second")]
    stop(pair, 60)
    assert leaf(pair, 60) == bytes(32)
    stop(pair, 40, TIMELOCK)  # takes back both
    assert [leaf(pair, n) for n in (39, 40, 60)] == [FIRST, word("second"), word("second")]


def test_revoke_at__many_keys__found_by_halving(pair):
    rotate(pair, *(f"key {n}" for n in range(20)))
    for n in range(20):
        stop(pair, 10 * n)
    for index in range(0, 200, 5):
        assert leaf(pair, index) == word(f"key {index // 10}")
    assert [at(pair, n) for n in (0, height(pair))] == [bytes(32), word("key 19")]


# --- logs ---------------------------------------------------------------------------------------


def may(pair, who, owner=A, log=LOG):
    return pair.view("Members", "may_anchor", owner, log, who)


def test_anchorers__the_owner_and_whom_it_allowed(pair):
    assert (may(pair, A), may(pair, D)) == (True, False)
    pair.send(A, "Members", "set_anchorer", LOG, D, True)
    assert may(pair, D)
    assert not may(pair, D, log=word("another log"))
    assert not may(pair, D, owner=B)
    pair.send(A, "Members", "set_anchorer", LOG, D, False)
    assert not may(pair, D)


def test_anchorers__of_a_suspended_owner__nobody(pair):
    pair.send(A, "Members", "set_anchorer", LOG, D, True)
    pair.send(COUNCIL, "Members", "suspend_until", A, pair.now + 1)
    assert (may(pair, A), may(pair, D)) == (False, False)
    pair.wait(1)
    assert (may(pair, A), may(pair, D)) == (True, True)
    pair.send(TIMELOCK, "Members", "suspend", A)
    assert (may(pair, A), may(pair, D)) == (False, False)
    assert not may(pair, D, owner=D)
    assert not may(pair, NOBODY, owner=NOBODY)
