"""Small shops, a plain decoder and a slow, sure answer, all without compiled code."""

import random
from itertools import permutations, product

from production.scheduling.critical import Shop, Solution, build

Jobs = list[list[dict[int, int]]]  # per job, per operation: machine -> minutes


def shop_of(jobs: Jobs, machines: int, lag: list[int] | None = None) -> Shop:
    first, ptr = [0], [0]
    machine: list[int] = []
    minutes: list[int] = []
    for job in jobs:
        for operation in job:
            machine += operation.keys()
            minutes += operation.values()
            ptr.append(len(machine))
        first.append(len(ptr) - 1)
    return build(first, ptr, machine, minutes, machines, lag)


def random_jobs(chance: random.Random, jobs: int, steps: int, machines: int) -> Jobs:
    return [
        [
            {m: chance.randint(1, 9) for m in chance.sample(range(machines), chance.randint(1, 2))}
            for _ in range(chance.randint(1, steps))
        ]
        for _ in range(jobs)
    ]


def decoded(jobs: Jobs, order: list[int], machine: list[int], lag: list[int]) -> list[int]:
    """Starts when operations are placed one by one, each as early as possible."""
    steps = [(j, i) for j, job in enumerate(jobs) for i in range(len(job))]
    done = [0] * len(jobs)
    ready = [0] * len(jobs)
    free: dict[int, int] = {}
    starts = [-1] * len(steps)
    for o in order:
        j, i = steps[o]
        assert done[j] == i
        done[j] += 1
        starts[o] = max(ready[j], free.get(machine[o], 0))
        free[machine[o]] = starts[o] + jobs[j][i][machine[o]]
        ready[j] = free[machine[o]] + lag[o]
    return starts


def assert_sound(jobs: Jobs, solution: Solution, lag: list[int] | None = None) -> None:
    lag = lag or [0] * len(solution.order)
    order, machine = solution.order.tolist(), solution.machine.tolist()
    assert sorted(order) == list(range(sum(map(len, jobs))))
    steps = [operation for job in jobs for operation in job]
    ends = [s + steps[o][machine[o]] for o, s in enumerate(solution.start.tolist())]
    assert decoded(jobs, order, machine, lag) == solution.start.tolist()
    assert ends == solution.end.tolist()
    assert max(ends) == solution.makespan >= solution.bound


def shortest_of_all(jobs: Jobs, lag: list[int] | None = None) -> int:
    """The least makespan over every order and every choice of machines."""
    steps = [(j, operation) for j, job in enumerate(jobs) for operation in job]
    lag = lag or [0] * len(steps)
    number = {}
    for o, (j, _) in enumerate(steps):
        number[j, sum(k == j for k, _ in steps[:o])] = o
    orders = []
    for mixed in set(permutations([j for j, _ in steps])):
        count = [0] * len(jobs)
        order = []
        for j in mixed:
            order.append(number[j, count[j]])
            count[j] += 1
        orders.append(order)
    best = 10**9
    for machine in product(*(operation.keys() for _, operation in steps)):
        for order in orders:
            starts = decoded(jobs, order, list(machine), lag)
            ends = (s + steps[o][1][machine[o]] for o, s in enumerate(starts))
            best = min(best, max(ends))
    return best
