"""A breakdown and a rush order on a shop with a plan: what moved, what did not, how long it took.

`python -m benchmarks.mending --data FOLDER [--after HOURS]`

FOLDER is the DATA_DIR of a shop on SQLite, say the demo's; a copy of its database is disturbed, the
shop itself stays as it is. For so many hours after the published plan was made everybody does what
it says. Then the job on the busiest machine fails, which stops the machine,
and a critical order, due tomorrow, comes in as a row of the table of open orders. After each the
plan is mended, and held against what right-shift alone would have made of it, and against the plan
as it would have run on undisturbed.
"""

import argparse
import importlib
import json
import os
import sqlite3
import tempfile
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--after", type=float, default=3.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tailorline.sqlite3"
        with sqlite3.connect(asked.data / copy.name) as shop, sqlite3.connect(copy) as copied:
            shop.backup(copied)
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        django.setup()
        mended = importlib.import_module("benchmarks.mended")  # its models need the settings
        print(json.dumps(mended.story(asked.after), indent=2))


if __name__ == "__main__":
    main()
