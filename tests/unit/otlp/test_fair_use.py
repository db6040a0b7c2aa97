"""Fair use: rates by key, and turns by project."""

import asyncio

import pytest
from watchkeeper_collector.errors import OverloadedError, RateLimitedError
from watchkeeper_collector.otlp.caller import Caller
from watchkeeper_collector.otlp.fair_use import RateLimit, Turns
from watchkeeper_collector.otlp.http_body import InFlight

SHOP, BANK = Caller("shop", "key-1"), Caller("bank", "key-2")


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_without_a_rate_everything_passes() -> None:
    limit = RateLimit("spans", 0)
    for _ in range(100):
        limit.take(SHOP, 1_000_000)


def test_ten_seconds_worth_may_come_at_once_and_then_no_more() -> None:
    limit = RateLimit("spans", 100, Clock())
    limit.take(SHOP, 600)
    limit.take(SHOP, 600)
    with pytest.raises(RateLimitedError, match="more than its 100 spans a second") as caught:
        limit.take(SHOP, 1)
    assert caught.value.retry_after_s == 2.0


def test_after_the_time_that_the_error_names_the_key_may_send_again() -> None:
    clock = Clock()
    limit = RateLimit("spans", 100, clock)
    limit.take(SHOP, 1500)
    with pytest.raises(RateLimitedError) as caught:
        limit.take(SHOP, 1)
    clock.now_s += caught.value.retry_after_s + 0.01
    limit.take(SHOP, 1)


def test_a_request_larger_than_a_burst_passes_and_is_paid_for() -> None:
    clock = Clock()
    limit = RateLimit("bytes", 10, clock)
    limit.take(SHOP, 1000)
    clock.now_s += 89
    with pytest.raises(RateLimitedError):
        limit.take(SHOP, 1)
    clock.now_s += 2
    limit.take(SHOP, 1)


def test_over_time_a_key_gets_its_rate_and_no_more() -> None:
    clock = Clock()
    limit, taken = RateLimit("spans", 100, clock), 0
    for _ in range(10_000):
        clock.now_s += 0.1
        try:
            limit.take(SHOP, 50)
        except RateLimitedError:
            continue
        taken += 50
    assert taken == pytest.approx(100 * 1000 + 1000, abs=50)


def test_one_keys_rate_is_not_anothers() -> None:
    limit = RateLimit("spans", 1, Clock())
    limit.take(SHOP, 100)
    limit.take(BANK, 100)


def test_a_noisy_project_delays_another_by_one_piece_of_work() -> None:
    served: list[str] = []

    async def work(turns: Turns, project: str) -> None:
        async with turns.turn(project):
            served.append(project)
            await asyncio.sleep(0)

    async def contend() -> None:
        turns = Turns(1)
        noisy = [asyncio.create_task(work(turns, "noisy")) for _ in range(50)]
        await asyncio.sleep(0)
        quiet = asyncio.create_task(work(turns, "quiet"))
        await asyncio.gather(*noisy, quiet)

    asyncio.run(contend())
    assert len(served) == 51
    assert served.index("quiet") <= 3


def test_a_noisy_projects_bodies_leave_room_for_anothers() -> None:
    in_flight = InFlight(100)
    in_flight.take("noisy", 50)
    with pytest.raises(OverloadedError):
        in_flight.take("noisy", 1)
    in_flight.take("quiet", 50)
    with pytest.raises(OverloadedError):
        in_flight.take("third", 1)
    in_flight.give_back("noisy", 50)
    in_flight.take("third", 50)


def test_no_more_work_at_once_than_there_are_places() -> None:
    running, most = 0, 0

    async def work(turns: Turns, project: str) -> None:
        nonlocal running, most
        async with turns.turn(project):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    async def contend() -> None:
        turns = Turns(2)
        await asyncio.gather(*(work(turns, str(number % 3)) for number in range(20)))

    asyncio.run(contend())
    assert most == 2


def test_a_sender_that_goes_away_gives_its_place_up() -> None:
    async def contend() -> None:
        turns = Turns(1)
        async with turns.turn("shop"):
            gone = asyncio.create_task(enter(turns))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            waiting = asyncio.create_task(enter(turns))
            at_hand_over = asyncio.create_task(enter(turns))
            await asyncio.sleep(0)
        at_hand_over.cancel()
        await asyncio.wait_for(waiting, 5)
        await asyncio.gather(at_hand_over, return_exceptions=True)
        await asyncio.wait_for(enter(turns), 5)
        await asyncio.wait_for(enter(turns), 5)

    async def enter(turns: Turns) -> None:
        async with turns.turn("shop"):
            pass

    asyncio.run(contend())


def test_a_key_with_a_rate_of_its_own_has_that_and_no_other() -> None:
    limit = RateLimit("spans", 1_000, Clock(), own=lambda caller: caller.items_per_s)
    slow = Caller("shop", "key-9", items_per_s=1)
    limit.take(SHOP, 10_000)
    limit.take(slow, 10)
    with pytest.raises(RateLimitedError, match="more than its 1 spans"):
        limit.take(slow, 1)
