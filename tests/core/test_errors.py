"""The one tree of failures: exit codes, what each reader sees, nothing outside the table."""

import pytest

from quorate.core import errors
from quorate.core.errors import QuorateError, VerificationError

EXIT_CODES = {
    "VerificationError": 1,
    "UndecidedError": 2,
    "UsageError": 64,
    "InputError": 65,
    "EncodingError": 65,
    "TaskError": 65,
    "RuleError": 65,
    "KeyFileError": 65,
    "DamagedError": 65,
    "UnavailableError": 69,
    "LockedError": 69,
    "MissingPartError": 69,
    "RefusedError": 69,
    "InternalError": 70,
    "CancelledError": 130,
}


def own_classes() -> dict[str, type[QuorateError]]:
    return {
        name: found
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, QuorateError) and found != QuorateError
    }


def test_tree__every_class__its_exit_code():
    assert {name: found.exit_code for name, found in own_classes().items()} == EXIT_CODES


def test_tree__verdicts__only_yes_no_and_cannot_tell():
    verdicts = {name for name, code in EXIT_CODES.items() if code in {0, 1, 2}}
    assert verdicts == {"VerificationError", "UndecidedError"}


@pytest.mark.parametrize("name", sorted(EXIT_CODES))
def test_error__each_class__speaks_to_program_operator_and_stranger(name):
    error = own_classes()[name]("could not do it: a secret", remedy="do that", file="x", size=3)
    assert isinstance(error, QuorateError)
    assert (error.message, error.remedy) == ("could not do it: a secret", "do that")
    assert error.fields == {"file": "x", "size": 3}
    assert "could not do it" in str(error)
    assert "secret" not in error.public
    assert error.public.endswith(".")


def test_error__with_and_without_remedy__as_text():
    assert str(QuorateError("could not")) == "could not"
    assert str(QuorateError("could not", remedy="try again")) == "could not; try again"


def test_verification_error__step_and_place__kept_and_shown():
    error = VerificationError("digest differs", step="log.root", place="logs/alice")
    assert (error.step, error.place, str(error)) == (
        "log.root",
        "logs/alice",
        "logs/alice: digest differs",
    )
    assert str(VerificationError("digest differs")) == "digest differs"
