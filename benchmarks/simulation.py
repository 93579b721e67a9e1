"""What a run of the floor costs, and how far a plan's promise lies from what happens.

`python -m benchmarks.simulation --shop JOBS --load 0.9 --seed 0 --replications 200`: the
made-to-order shop of the scheduling benchmark, planned by one rule and run forward with times that
vary by 0.3, 3 % scrap and breakdowns. CPU seconds, one JSON object on stdout.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence

from benchmarks import shop
from production.scheduling import schedule
from production.simulation import Disturbance, Policy, allowance, simulate, warming

ROUGH = Disturbance(variation=0.3, good=0.97, between_failures=2_400, repair=60)


def main(words: Sequence[str]) -> None:
    asked = _arguments().parse_args(words)
    warming.warm()
    problem = shop.made(asked.shop, asked.load, asked.seed)
    plan = schedule(problem, only="atcs(2,0.2)", iterations=0)
    groups = {machine.group for machine in problem.machines}
    began = time.process_time()
    found = simulate(
        problem,
        plan,
        dict.fromkeys(groups, ROUGH),
        replications=asked.replications,
        seed=asked.seed,
        policy=Policy(patience=asked.patience),
    )
    seconds = time.process_time() - began
    planned = [plan.finish[one] for one in found.job_ids]
    print(
        json.dumps(
            {
                "operations": len(plan.operations),
                "replications": found.replications,
                "cpu_seconds": round(seconds, 2),
                "nanoseconds_each": round(1e9 * seconds / found.ends.size),
                "weeks": round(plan.totals.makespan / shop.WEEK, 1),
                "planned_objective": plan.totals.objective,
                "objective_p50": int(sorted(found.objective)[found.replications // 2]),
                "on_time": round(float(found.on_time.mean()), 3),
                "hours_to_add_p50": round(allowance(planned, found.finish, 0.5) / 60, 1),
                "hours_to_add_p90": round(allowance(planned, found.finish, 0.9) / 60, 1),
            }
        )
    )


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", type=int, default=500, metavar="JOBS")
    parser.add_argument("--load", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--patience", type=int)
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
