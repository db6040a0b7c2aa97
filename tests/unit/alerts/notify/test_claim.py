"""The claim to notify is asked for now and then only."""

import pytest
from watchkeeper_collector.alerts.notify.claim import Claim
from watchkeeper_collector.errors import StateUnavailableError


class Lease:
    """One whose answers are given."""

    def __init__(self, *answers: bool | Exception) -> None:
        self._answers = list(answers)

    def acquire(self) -> bool:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_lease_is_renewed_before_it_ends_and_contended_for_when_it_is_another_s() -> None:
    now = [0.0]
    claim = Claim(Lease(True, False, True).acquire, renew_s=10, contend_s=5, clock=lambda: now[0])
    found = []
    for now[0] in (0.0, 9.9, 10.0, 14.9, 15.0, 24.9):
        found.append(claim.holds())
    assert found == [True, True, False, False, True, True]


def test_claim_that_could_not_be_asked_for_is_not_held() -> None:
    now = [0.0]
    answers = (True, StateUnavailableError("away"), True)
    claim = Claim(Lease(*answers).acquire, renew_s=10, contend_s=5, clock=lambda: now[0])
    assert claim.holds()
    now[0] = 10.0
    with pytest.raises(StateUnavailableError):
        claim.holds()
    assert claim.holds()
