"""The suite's contracts as typed Python: ``Rounds(ledger, address).settle(task)`` is a `Call`.

The faces themselves are written from the ABIs (`quorate.ledger.faces`) and cannot drift from the
artifacts: a test writes them again and compares.
"""

from quorate.ledger.faces.anchor import Anchor
from quorate.ledger.faces.members import Members
from quorate.ledger.faces.rounds import Rounds
from quorate.ledger.faces.stakes import Stakes
from quorate.ledger.faces.token import Token

__all__ = ["Anchor", "Members", "Rounds", "Stakes", "Token"]
