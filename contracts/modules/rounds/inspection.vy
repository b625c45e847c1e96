# pragma version 0.4.3
"""
@title   Inspection: what anyone may ask Rounds
@license Apache-2.0
"""

from ...interfaces import IRounds
from .. import eip712
from . import clock
from . import phases

uses: clock
uses: eip712
uses: phases


@external
@view
def round_of(task: bytes32) -> IRounds.Round:
    """
    @notice A task and its newest round.
    @param task The task's id.
    @return The record; zeros for an unknown task. Once the set is fixed `committed` is the set; an
            aborted round has none.
    """
    now: clock.Clock = clock.load(task)
    fixed: bool = now.phase >= clock.VOTE_COMMIT
    return IRounds.Round(
        state=now.state,
        phase=now.phase,
        number=now.number,
        deadline=now.deadline,
        eligible=phases.eligible[task],
        committed=phases.committed(task, now.phase),
        included=phases.chosen[task] if fixed else 0,
        seats=now.seats,
        cast=now.cast,
        held=now.held,
        stake=phases.whole(task),
    )


@external
@view
def idle(task: bytes32) -> bool:
    """
    @notice True for a running task between two rounds.
    @param task The task's id.
    @return True or false.
    """
    now: clock.Clock = clock.load(task)
    return now.state == clock.RUNNING and now.phase >= clock.SETTLED


@external
@view
def ended(task: bytes32) -> bool:
    """
    @notice True for a task that has ended.
    @param task The task's id.
    @return True or false.
    """
    return clock.load(task).state == clock.ENDED


@external
@view
def separator() -> bytes32:
    """
    @notice The EIP-712 domain separator of this contract.
    @return Its hash.
    """
    return eip712.separator()
