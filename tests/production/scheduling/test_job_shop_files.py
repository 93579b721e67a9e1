"""Job shops of published files, as the benchmark reads them."""

from benchmarks.scheduling import job_shop
from production.scheduling import Alternative, shortest


def makespan(jobs) -> int:
    problem, unit = job_shop(jobs)
    return shortest(problem, iterations=100).totals.makespan // unit


def test_an_operation_knows_the_machines_that_can_do_it():
    """Machines 2 and 1 in 5 and 7 minutes, then machine 2 in 4."""
    problem, unit = job_shop([[[(2, 5), (1, 7)], [(2, 4)]]])
    able = [operation.alternatives for operation in problem.operations()]
    assert able == [(Alternative("2", 5), Alternative("1", 7)), (Alternative("2", 4),)]
    assert unit == 1


def test_work_without_duration_adds_nothing_to_the_makespan():
    """Alice: 3 minutes, then nothing to do on two machines, then 4: 7 minutes, as if alone."""
    alice = [[(1, 3)], [(2, 0)], [(3, 0)], [(1, 4)]]
    assert makespan([alice]) == 7


def test_work_without_duration_still_waits_for_its_machine():
    """Bob needs machine 2 for 6 minutes, Alice passes it after 3. She first: he ends at 3 + 6.
    He first: she goes on at 6 and ends at 6 + 4."""
    alice, bob = [[(1, 3)], [(2, 0)], [(1, 4)]], [[(2, 6)]]
    assert makespan([alice, bob]) == 9
