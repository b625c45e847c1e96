"""Timelock: OpenZeppelin's TimelockController as it behaves, and what ours adds: an expiry."""

import pytest

from tests.contracts.pair import DAY, Pair, Reverted, account, reverts, word
from tests.contracts.stubs.e_suite import NEVER, ZERO, Stage, calldata
from tests.twins.timelock import DONE, EXPIRED, READY, UNSET, WAITING, Timelock
from tests.twins.world import NOBODY

GOVERNOR, COUNCIL, ANYONE = (account(name) for name in ("governor", "council", "anyone"))
DELAY = 2 * DAY
SALT = word("salt")


class Lock(Stage):
    """A Timelock whose governor and council are accounts."""

    def __init__(self, delay: int = DELAY) -> None:
        super().__init__()
        self.address = self.pair.add("Timelock", Timelock, GOVERNOR, COUNCIL, delay)

    def one(self, data: bytes | None = None, before: bytes = ZERO, target: str = "") -> tuple:
        """A single call, by default one that records 7."""
        data = calldata("record(uint256)", 7) if data is None else data
        return (target or self.target, 0, data, before, SALT)

    def several(self, *data: bytes) -> tuple:
        return (*self.calls(*data), ZERO, SALT)

    def schedule(self, call: tuple, *terms: int, who: str = GOVERNOR):
        many = "Batch" if isinstance(call[0], list) else ""
        return self.send(who, "Timelock", f"schedule{many}", *call, *(terms or (DELAY, NEVER)))

    def execute(self, call: tuple, who: str = ANYONE):
        many = "Batch" if isinstance(call[0], list) else ""
        return self.send(who, "Timelock", f"execute{many}", *call)

    def id(self, call: tuple) -> bytes:
        many = "Batch" if isinstance(call[0], list) else ""
        return self.view("Timelock", f"hashOperation{many}", *call)

    def is_in(self, call: tuple, state: int) -> bool:
        """True when every view says so."""
        name = self.id(call)
        self.view("Timelock", "getTimestamp", name)
        self.view("Timelock", "expires_at", name)
        assert self.view("Timelock", "isOperation", name) == (state != UNSET)
        assert self.view("Timelock", "isOperationPending", name) == (state in (WAITING, READY))
        assert self.view("Timelock", "isOperationReady", name) == (state == READY)
        assert self.view("Timelock", "isOperationDone", name) == (state == DONE)
        return self.view("Timelock", "getOperationState", name) == state


@pytest.fixture
def lock():
    return Lock()


def single(lock):
    return lock.one()


def batch(lock):
    return lock.several(calldata("record(uint256)", 3), calldata("record(uint256)", 7))


both = pytest.mark.parametrize("made", [single, batch])


# --- what it is ----------------------------------------------------------------------------------


def test_deploy__roles_and_delay__fixed(lock):
    assert lock.view("Timelock", "governor") == GOVERNOR
    assert lock.view("Timelock", "council") == COUNCIL
    assert lock.view("Timelock", "getMinDelay") == DELAY


@pytest.mark.parametrize(
    ("governor", "council", "delay", "message"),
    [
        (NOBODY, COUNCIL, DELAY, "Timelock: no contract"),
        (GOVERNOR, NOBODY, DELAY, "Timelock: no contract"),
        (GOVERNOR, COUNCIL, 0, "Timelock: delay not 1 s-30 days"),
        (GOVERNOR, COUNCIL, 30 * DAY + 1, "Timelock: delay not 1 s-30 days"),
    ],
)
def test_deploy__impossible__reverts(governor, council, delay, message):
    with reverts(message):
        Pair().add("Timelock", Timelock, governor, council, delay)


@pytest.mark.parametrize("delay", [1, 30 * DAY])
def test_deploy__delay_at_its_bounds__possible(delay):
    assert Lock(delay).view("Timelock", "getMinDelay") == delay


def test_hash__every_part_counts(lock):
    parts = lock.one()
    others = (lock.address, 1, b"", word("before"), word("other salt"))
    ids = {lock.id(parts)}
    for place, other in enumerate(others):
        ids.add(lock.id((*parts[:place], other, *parts[place + 1 :])))
    assert len(ids) == 6
    assert lock.id(lock.several(parts[2])) not in ids


# --- scheduling ----------------------------------------------------------------------------------


@both
def test_schedule__by_the_governor__waits(lock, made):
    call = made(lock)
    assert lock.is_in(call, UNSET)
    done = lock.schedule(call)
    assert [name for _, name, _ in done.events][-1] == "CallSalt"
    assert not done.named("ExpirySet")
    assert lock.is_in(call, WAITING)
    assert lock.view("Timelock", "getTimestamp", lock.id(call)) == lock.pair.now + DELAY
    assert lock.view("Timelock", "expires_at", lock.id(call)) == NEVER


def test_schedule__without_a_salt__says_none(lock):
    call = (*lock.one()[:4], ZERO)
    assert not lock.schedule(call).named("CallSalt")


@both
def test_schedule__the_abi_of_openzeppelin__has_no_grace(lock, made):
    call = made(lock)
    kind = "[]" if isinstance(call[0], list) else ""
    types = f"address{kind},uint256{kind},bytes{kind},bytes32,bytes32,uint256"
    many = "Batch" if kind else ""
    name = f"schedule{many}({types})"
    done = lock.pair.chain.send(GOVERNOR, "Timelock", name, *call, DELAY)
    assert done.named("CallScheduled")[0]["delay"] == DELAY
    assert lock.pair.chain.view("Timelock", "expires_at", lock.id(call)) == NEVER


@both
def test_schedule__twice__reverts(lock, made):
    lock.schedule(made(lock))
    with reverts("Timelock: already scheduled"):
        lock.schedule(made(lock))


@both
@pytest.mark.parametrize("who", [COUNCIL, ANYONE])
def test_schedule__by_another__reverts(lock, made, who):
    with reverts("Timelock: only Governor"):
        lock.schedule(made(lock), who=who)


@both
@pytest.mark.parametrize(
    ("delay", "grace", "message"),
    [
        (DELAY - 1, NEVER, "Timelock: delay too short"),
        (0, NEVER, "Timelock: delay too short"),
        (30 * DAY + 1, NEVER, "Timelock: delay over 30 days"),
        (NEVER, NEVER, "Timelock: delay over 30 days"),
        (DELAY, 0, "Timelock: grace out of bounds"),
        (DELAY, 366 * DAY + 1, "Timelock: grace out of bounds"),
        (DELAY, NEVER - 1, "Timelock: grace out of bounds"),
    ],
)
def test_schedule__times_out_of_bounds__reverts(lock, made, delay, grace, message):
    with reverts(message):
        lock.schedule(made(lock), delay, grace)
    assert lock.is_in(made(lock), UNSET)


@both
@pytest.mark.parametrize(("delay", "grace"), [(DELAY, 1), (30 * DAY, 366 * DAY)])
def test_schedule__times_at_their_bounds__possible(lock, made, delay, grace):
    done = lock.schedule(made(lock), delay, grace)
    assert done.named("ExpirySet")[0]["expires_at"] == lock.pair.now + delay + grace


def test_schedule__ether__reverts(lock):
    with reverts("Timelock: there is no ether"):
        lock.schedule((lock.target, 1, b"", ZERO, SALT))
    with reverts("Timelock: there is no ether"):
        lock.schedule(([lock.target] * 2, [0, 1], [b"", b""], ZERO, SALT))


@pytest.mark.parametrize(
    ("targets", "values", "payloads"), [(1, 2, 2), (2, 1, 2), (2, 2, 1), (1, 0, 1)]
)
def test_batch__lengths_differ__reverts(lock, targets, values, payloads):
    call = ([lock.target] * targets, [0] * values, [b""] * payloads, ZERO, SALT)
    with reverts("Timelock: lengths differ"):
        lock.schedule(call)
    with reverts("Timelock: lengths differ"):
        lock.execute(call)


def test_batch__empty__reverts(lock):
    for act in (lock.schedule, lock.execute):
        with reverts("Timelock: nothing to do"):
            act(([], [], [], ZERO, SALT))


# --- executing -----------------------------------------------------------------------------------


@both
def test_execute__not_scheduled__reverts(lock, made):
    with reverts("Timelock: not scheduled"):
        lock.execute(made(lock))


@both
def test_execute__from_the_exact_second_on(lock, made):
    call = made(lock)
    lock.schedule(call)
    with reverts("Timelock: not ready yet"):
        lock.execute(call)
    lock.pair.wait(DELAY - 1)
    with reverts("Timelock: not ready yet"):
        lock.execute(call)
    lock.pair.wait(1)
    assert lock.is_in(call, READY)
    done = lock.execute(call)
    assert [e["index"] for e in done.named("CallExecuted")] == list(range(lock.seen("calls")))
    assert (lock.seen("number"), lock.seen("caller")) == (7, lock.address)
    assert lock.is_in(call, DONE)
    assert lock.view("Timelock", "getTimestamp", lock.id(call)) == 1


@both
def test_execute__twice__reverts(lock, made):
    call = made(lock)
    lock.schedule(call)
    lock.pair.wait(DELAY)
    lock.execute(call)
    with reverts("Timelock: already done"):
        lock.execute(call)
    with reverts("Timelock: already scheduled"):  # nor is the same announced again
        lock.schedule(call)


@both
def test_execute__last_second_of_grace__then_expired(lock, made):
    call = made(lock)
    lock.schedule(call, DELAY, 3_600)
    lock.pair.wait(DELAY + 3_599)
    assert lock.is_in(call, READY)
    lock.pair.wait(1)
    assert lock.is_in(call, EXPIRED)
    with reverts("Timelock: expired"):
        lock.execute(call)
    with reverts("Timelock: not pending"):
        lock.send(COUNCIL, "Timelock", "cancel", lock.id(call))


def test_execute__other_arguments__are_not_scheduled(lock):
    lock.schedule(lock.one())
    lock.pair.wait(DELAY)
    for other in (lock.one(calldata("record(uint256)", 8)), lock.one(target=lock.address)):
        with reverts("Timelock: not scheduled"):
            lock.execute(other)


def test_predecessor__must_be_done_first(lock):
    first = lock.one()
    second = lock.one(calldata("record(uint256)", 9), before=lock.id(first))
    for call in (first, second):
        lock.schedule(call)
    lock.pair.wait(DELAY)
    with reverts("Timelock: predecessor not done"):
        lock.execute(second)
    lock.execute(first)
    lock.execute(second)
    assert lock.seen("number") == 9


def test_predecessor__unknown_or_cancelled__reverts(lock):
    first = lock.one()
    lock.schedule(first)
    lock.send(GOVERNOR, "Timelock", "cancel", lock.id(first))
    for before in (lock.id(first), word("nothing")):
        call = lock.one(before=before)
        lock.schedule(call)
        lock.pair.wait(DELAY)
        with reverts("Timelock: predecessor not done"):
            lock.execute(call)


# --- calls that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (calldata("refuse()"), "Target: not today"),
        (calldata("refuse_at_length(uint256)", 96), "0123456789abcdef" * 6),
        (calldata("refuse_at_length(uint256)", 97), "Timelock: the call failed"),
        (calldata("refuse_silently()"), "Timelock: the call failed"),
        (calldata("burn_gas()"), "Timelock: the call failed"),
        (calldata("unknown()"), "Timelock: the call failed"),
        (b"", "Timelock: the call failed"),
    ],
)
def test_failure__reason_if_short__and_nothing_changed(lock, data, message):
    for call in (lock.one(data), lock.several(calldata("record(uint256)", 7), data)):
        lock.schedule(call)
        lock.pair.wait(DELAY)
        with reverts(message):
            lock.execute(call)
        assert lock.is_in(call, READY)
        assert lock.seen("calls") == 0


def test_failure__no_contract_there__reverts(lock):
    call = lock.one(target=ANYONE)
    lock.schedule(call)
    lock.pair.wait(DELAY)
    with reverts("Timelock: the call failed"):
        lock.execute(call)


# --- taking back ---------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("who", [GOVERNOR, COUNCIL])
@pytest.mark.parametrize("waited", [0, DELAY])
def test_cancel__pending__as_if_it_had_never_been(lock, made, who, waited):
    call = made(lock)
    lock.schedule(call)
    lock.pair.wait(waited)
    lock.send(who, "Timelock", "cancel", lock.id(call))
    assert lock.is_in(call, UNSET)
    with reverts("Timelock: not scheduled"):
        lock.execute(call)
    lock.schedule(call)
    assert lock.is_in(call, WAITING)


def test_cancel__by_another_or_unknown_or_done__reverts(lock):
    call = lock.one()
    with reverts("Timelock: not pending"):
        lock.send(GOVERNOR, "Timelock", "cancel", lock.id(call))
    lock.schedule(call)
    with reverts("Timelock: only Governor, Council"):
        lock.send(ANYONE, "Timelock", "cancel", lock.id(call))
    lock.pair.wait(DELAY)
    lock.execute(call)
    with reverts("Timelock: not pending"):
        lock.send(COUNCIL, "Timelock", "cancel", lock.id(call))


def test_cancel__by_the_council_of_what_replaces_it__reverts(lock):
    """A council that turned bad cannot veto its own replacement; the Governor can take it back."""
    about = lock.one(b"", target=COUNCIL)
    both_targets = ([COUNCIL, lock.target], [0, 0], [b"", b""], ZERO, SALT)
    only = ([COUNCIL, COUNCIL], [0, 0], [b"", b""], ZERO, SALT)
    for call in (about, both_targets, only):
        lock.schedule(call)
    lock.send(COUNCIL, "Timelock", "cancel", lock.id(both_targets))
    for call in (about, only):
        with reverts("Timelock: about the council"):
            lock.send(COUNCIL, "Timelock", "cancel", lock.id(call))
        lock.send(GOVERNOR, "Timelock", "cancel", lock.id(call))


# --- its own rule --------------------------------------------------------------------------------


def test_delay__changed_by_an_operation_on_itself__only(lock):
    for who in (GOVERNOR, COUNCIL, ANYONE):
        with reverts("Timelock: only Timelock"):
            lock.send(who, "Timelock", "updateDelay", 1)
    call = lock.one(calldata("updateDelay(uint256)", 5), target=lock.address)
    waiting = lock.one()
    lock.schedule(call)
    lock.schedule(waiting)
    lock.pair.wait(DELAY - 1)
    with reverts("Timelock: not ready yet"):
        lock.execute(call)
    lock.pair.wait(1)
    done = lock.execute(call)
    assert done.named("MinDelayChange") == [{"oldDuration": DELAY, "newDuration": 5}]
    assert lock.view("Timelock", "getMinDelay") == 5
    lock.schedule(lock.one(calldata("record(uint256)", 1)), 5, NEVER)


@pytest.mark.parametrize("delay", [0, 30 * DAY + 1])
def test_delay__out_of_bounds__reverts(lock, delay):
    call = lock.one(calldata("updateDelay(uint256)", delay), target=lock.address)
    lock.schedule(call)
    lock.pair.wait(DELAY)
    with reverts("Timelock: delay not 1 s-30 days"):
        lock.execute(call)


def test_limits__nine_calls_or_2049_bytes__are_refused_by_the_abi(lock):
    eight = ([lock.target] * 8, [0] * 8, [b"x" * 2048] * 8, ZERO, SALT)
    done = lock.schedule(eight)
    assert done.gas < 1_500_000
    nine = ([lock.target] * 9, [0] * 9, [b""] * 9, ZERO, SALT)
    long = ([lock.target], [0], [b"x" * 2049], ZERO, SALT)
    for call in (nine, long):
        with pytest.raises(Reverted, match="no reason given"):
            lock.pair.chain.send(GOVERNOR, "Timelock", "scheduleBatch", *call, DELAY, NEVER)
