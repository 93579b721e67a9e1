"""The shortest plan, against hand arithmetic, every order tried, and a plain decoder."""

import random
from itertools import count

import pytest

from production.scheduling.critical import ShopError, build, lower_bound, shortest

from .shops import assert_sound, random_jobs, shop_of, shortest_of_all

# Fisher & Thompson (1963), 6 x 6: the shortest plan takes 55 minutes.
FT06 = """
2 1 0 3 1 6 3 7 5 3 4 6
1 8 2 5 4 10 5 10 0 10 3 4
2 5 3 4 5 8 0 9 1 1 4 7
1 5 0 5 2 5 3 3 4 8 5 9
2 9 1 3 4 5 5 4 0 3 3 1
1 3 3 3 5 9 0 10 4 4 2 1
"""


def ft06():
    rows = [list(map(int, row.split())) for row in FT06.strip().splitlines()]
    return [[{m: t} for m, t in zip(row[::2], row[1::2], strict=True)] for row in rows]


def test_one_job_takes_the_sum_of_its_quickest_machines():
    jobs = [[{0: 3, 1: 2}, {0: 4}]]
    solution = shortest(shop_of(jobs, 2), iterations=50)
    assert_sound(jobs, solution)
    assert solution.makespan == 6
    assert solution.machine.tolist() == [1, 0]


def test_two_like_jobs_share_two_machines():
    jobs = [[{0: 5, 1: 5}], [{0: 5, 1: 5}]]
    assert shortest(shop_of(jobs, 2), iterations=50).makespan == 5


def test_the_slower_machine_is_taken_where_the_quick_one_is_full():
    # Three pieces of 4 minutes on the quick machine make 12; one of them on the slow one, 8.
    jobs = [[{0: 4, 1: 7}] for _ in range(3)]
    solution = shortest(shop_of(jobs, 2), iterations=200)
    assert_sound(jobs, solution)
    assert solution.makespan == 8


def test_a_lag_holds_back_only_the_own_job():
    # Alice's piece dries for 10 minutes; Bob's is made meanwhile.
    jobs = [[{0: 2}, {0: 3}], [{0: 6}]]
    solution = shortest(shop_of(jobs, 1, [10, 0, 0]), iterations=50)
    assert_sound(jobs, solution, [10, 0, 0])
    assert solution.makespan == 15


def test_six_jobs_on_six_machines_take_55_minutes():
    solution = shortest(shop_of(ft06(), 6), iterations=40_000, threads=2)
    assert_sound(ft06(), solution)
    assert solution.makespan == 55


@pytest.mark.parametrize("seed", range(25))
def test_no_order_of_a_tiny_shop_is_shorter(seed):
    chance = random.Random(seed)
    jobs = random_jobs(chance, 3, 3 if seed < 5 else 2, 3)
    lag = [chance.choice([0, 0, 4]) for job in jobs for _ in job]
    solution = shortest(shop_of(jobs, 3, lag), iterations=20_000, seed=seed)
    assert_sound(jobs, solution, lag)
    assert solution.makespan == shortest_of_all(jobs, lag)


@pytest.mark.parametrize("seed", range(12))
def test_every_plan_can_be_made(seed):
    chance = random.Random(seed)
    jobs = random_jobs(chance, 4 + 3 * seed, 6, 2 + seed)
    solution = shortest(shop_of(jobs, 2 + seed), iterations=45_000, seed=seed, threads=2)
    assert_sound(jobs, solution)


def test_seed_and_iterations_fix_the_plan_whatever_the_threads():
    jobs = random_jobs(random.Random(7), 12, 8, 5)
    plans = [
        shortest(shop_of(jobs, 5), iterations=150_000, seed=3, threads=threads)
        for threads in (1, 1, 2, 2)
    ]
    assert len({(p.order.tobytes(), p.alternative.tobytes(), p.iterations) for p in plans}) == 1


def test_the_deadline_ends_the_search():
    # Three pieces of 2 minutes on two machines: 4 minutes are best, the bound is 3.
    asked = count()
    told = []
    solution = shortest(
        shop_of([[{0: 2, 1: 2}]] * 3, 2),
        deadline=lambda: next(asked) > 3,
        progress=lambda *state: told.append(state),
    )
    assert solution.makespan == 4
    assert told[0] == (0, 4)
    assert next(asked) < 30


def test_a_deadline_that_is_over_still_gives_a_plan():
    solution = shortest(shop_of(ft06(), 6), deadline=lambda: True)
    assert_sound(ft06(), solution)


def test_a_search_without_an_end_is_refused():
    with pytest.raises(ValueError, match="never end"):
        shortest(shop_of([[{0: 1}]], 1))


def test_the_bound_counts_heads_and_tails_of_a_full_machine():
    # Both pieces come to machine 1 after 2 minutes at least and leave for 3 more at least.
    jobs = [[{0: 2}, {1: 5}, {2: 3}], [{2: 4}, {1: 6}, {0: 9}]]
    assert lower_bound(shop_of(jobs, 3)) == max(19, 2 + 11 + 3)


@pytest.mark.parametrize(
    ("first", "ptr", "machine", "minutes"),
    [
        ([0, 0, 1], [0, 1], [0], [1]),
        ([0, 1], [0, 0], [], []),
        ([0, 1], [0, 1], [2], [1]),
        ([0, 1], [0, 1], [0], [-1]),
        ([0, 1], [0, 1], [0], [2**40]),
        ([0], [0], [], []),
    ],
)
def test_arrays_that_describe_no_shop_are_refused(first, ptr, machine, minutes):
    with pytest.raises(ShopError):
        build(first, ptr, machine, minutes, 2)
