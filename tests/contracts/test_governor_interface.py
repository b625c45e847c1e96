"""The ABIs of OpenZeppelin's Governor and TimelockController, and of the council, spelled out."""

import pytest

from quorate.core.hashing import keccak256
from quorate.ledger.contracts import load_artifact

BATCH = "address[],uint256[],bytes[]"

FUNCTIONS = {
    "Governor": {
        "name()": "string",
        "version()": "string",
        "token()": "address",
        "timelock()": "address",
        "clock()": "uint48",
        "CLOCK_MODE()": "string",
        "COUNTING_MODE()": "string",
        f"hashProposal({BATCH},bytes32)": "uint256",
        "state(uint256)": "uint8",
        "proposalThreshold()": "uint256",
        "proposalSnapshot(uint256)": "uint256",
        "proposalDeadline(uint256)": "uint256",
        "proposalProposer(uint256)": "address",
        "proposalEta(uint256)": "uint256",
        "proposalNeedsQueuing(uint256)": "bool",
        "proposalVotes(uint256)": "uint256,uint256,uint256",
        "votingDelay()": "uint256",
        "votingPeriod()": "uint256",
        "quorum(uint256)": "uint256",
        "quorumNumerator()": "uint256",
        "quorumNumerator(uint256)": "uint256",
        "getVotes(address,uint256)": "uint256",
        "hasVoted(uint256,address)": "bool",
        "nonces(address)": "uint256",
        f"propose({BATCH},string)": "uint256",
        f"queue({BATCH},bytes32)": "uint256",
        f"execute({BATCH},bytes32)": "uint256",
        f"cancel({BATCH},bytes32)": "uint256",
        "castVote(uint256,uint8)": "uint256",
        "castVoteWithReason(uint256,uint8,string)": "uint256",
        "castVoteBySig(uint256,uint8,address,bytes)": "uint256",
        "setVotingDelay(uint48)": "",
        "setVotingPeriod(uint32)": "",
        "setProposalThreshold(uint256)": "",
        "updateQuorumNumerator(uint256)": "",
    },
    "Timelock": {
        "isOperation(bytes32)": "bool",
        "isOperationPending(bytes32)": "bool",
        "isOperationReady(bytes32)": "bool",
        "isOperationDone(bytes32)": "bool",
        "getTimestamp(bytes32)": "uint256",
        "getOperationState(bytes32)": "uint8",
        "getMinDelay()": "uint256",
        "hashOperation(address,uint256,bytes,bytes32,bytes32)": "bytes32",
        f"hashOperationBatch({BATCH},bytes32,bytes32)": "bytes32",
        "schedule(address,uint256,bytes,bytes32,bytes32,uint256)": "",
        f"scheduleBatch({BATCH},bytes32,bytes32,uint256)": "",
        "cancel(bytes32)": "",
        "execute(address,uint256,bytes,bytes32,bytes32)": "",
        f"executeBatch({BATCH},bytes32,bytes32)": "",
        "updateDelay(uint256)": "",
    },
    "Council": {
        "paused(address)": "bool",
        "paused_until(address)": "uint256",
        "execute(address,bytes,uint256,(address,bytes)[])": "",
        "approve_act(bytes32)": "",
    },
}

EVENTS = {
    "Governor": {
        f"ProposalCreated(uint256,address,{BATCH.replace('bytes', 'string[],bytes')}"
        ",uint256,uint256,string)": 0,
        "ProposalQueued(uint256,uint256)": 0,
        "ProposalExecuted(uint256)": 0,
        "ProposalCanceled(uint256)": 0,
        "VoteCast(address,uint256,uint8,uint256,string)": 1,
        "VotingDelaySet(uint256,uint256)": 0,
        "VotingPeriodSet(uint256,uint256)": 0,
        "ProposalThresholdSet(uint256,uint256)": 0,
        "QuorumNumeratorUpdated(uint256,uint256)": 0,
    },
    "Timelock": {
        "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)": 2,
        "CallExecuted(bytes32,uint256,address,uint256,bytes)": 2,
        "CallSalt(bytes32,bytes32)": 1,
        "Cancelled(bytes32)": 1,
        "MinDelayChange(uint256,uint256)": 0,
    },
}

NAMES = ["Governor", "Timelock", "Council"]


@pytest.mark.parametrize("name", NAMES)
def test_interface__functions__selectors_and_outputs_of_the_yardstick(name):
    functions = load_artifact(name).functions.values()
    found = {function.selector: ",".join(function.outputs) for function in functions}
    for signature, outputs in FUNCTIONS[name].items():
        assert found.get(keccak256(signature.encode())[:4]) == outputs, signature


@pytest.mark.parametrize("name", EVENTS)
def test_interface__events__topics_and_indexed_fields_of_the_yardstick(name):
    events = load_artifact(name).events
    for signature, indexed in EVENTS[name].items():
        shape = events[keccak256(signature.encode())]
        assert sum(is_indexed for _, _, is_indexed in shape.parameters) == indexed, signature


@pytest.mark.parametrize("name", NAMES)
def test_interface__nothing_is_payable__and_no_ether_is_taken(name):
    for entry in load_artifact(name).abi:
        assert entry.get("stateMutability") != "payable"
        assert entry["type"] not in ("fallback", "receive")


@pytest.mark.parametrize("name", NAMES)
def test_code__size__far_below_the_limit(name):
    assert len(load_artifact(name).runtime) < 18_000
