"""A compiled probe contract and the key of its deployer."""

import pytest

from quorate.core.keys import Secp256k1Signer
from quorate.ledger.contracts import Artifact
from tests.ledger.probes import probe_artifact


@pytest.fixture(scope="session")
def probe() -> Artifact:
    return probe_artifact()


@pytest.fixture(scope="session")
def signer() -> Secp256k1Signer:
    return Secp256k1Signer(b"\x01" * 32)
