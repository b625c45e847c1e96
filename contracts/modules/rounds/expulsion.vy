# pragma version 0.4.3
"""
@title   Expulsion: what Appeals decided about a validator
@license Apache-2.0
"""

from .. import refusal
from . import clock
from . import phases
from . import settlement

uses: clock
uses: phases
uses: settlement


@external
@nonreentrant
def expel(task: bytes32, validator: address, reason: String[32]):
    """
    @notice Appeals: slashes a validator that lied; it is never seated again in this task.
    @param task The task's id.
    @param validator Whom.
    @param reason For the event of Stakes.
    """
    place: uint256 = self._appealed(task, validator)
    now: clock.Clock = clock.load(task)
    if now.state == clock.RUNNING and now.phase < clock.SETTLED:
        # What it said and was not yet counted counts no more; the round's whole stake stays.
        others: uint256 = ~(1 << place)
        now.seats &= others
        now.cast &= others
        now.held &= others
        clock.save(task, now)
    extcall phases.tasks.expel(task, place, reason)


@external
@nonreentrant
def reinstate(task: bytes32, validator: address):
    """
    @notice Appeals: ends a suspension in the validator's favour.
    @param task The task's id.
    @param validator Whom.
    """
    place: uint256 = self._appealed(task, validator)
    extcall phases.tasks.reinstate(task, place)


@internal
@view
def _appealed(task: bytes32, validator: address) -> uint256:
    """@notice A listed validator's place; only Appeals may ask."""
    if msg.sender != settlement.appeals.address:
        refusal.because("Rounds: only Appeals")
    position: uint256 = phases.place_of[task][validator]
    if position == 0:
        refusal.because("Rounds: not a validator here")
    return position - 1
