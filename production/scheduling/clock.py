"""The calendars in the kernels: minutes on the clock to open minutes of a machine, and back."""

from .arrays import SPAN, Shop
from .compiled import lean


@lean
def worked(shop: Shop, m: int, minute: int) -> int:
    """Open minutes of machine m before a minute on the clock."""
    machine = shop.machines[m]
    i, end = machine["window"], machine["window_end"]
    if minute <= shop.windows[i]["opens"]:
        return 0
    if end - i > 1:
        entry = min(machine["clock"] + (minute >> SPAN), machine["clock_end"] - 1)
        i = shop.at_clock[entry]
        while i + 1 < end and shop.windows[i + 1]["opens"] <= minute:
            i += 1
    window = shop.windows[i]
    return window["before"] + min(minute, window["closes"]) - window["opens"]


@lean
def window_at(shop: Shop, m: int, work: int) -> int:
    """The window in which open minute number `work` of machine m lies."""
    machine = shop.machines[m]
    i, end = machine["window"], machine["window_end"]
    if end - i > 1:
        entry = min(machine["work"] + (max(work, 0) >> SPAN), machine["work_end"] - 1)
        i = shop.at_work[entry]
        while i + 1 < end and shop.windows[i + 1]["before"] <= work:
            i += 1
    return i


@lean
def start_at(shop: Shop, m: int, work: int) -> int:
    """The clock when open minute number `work` begins."""
    window = shop.windows[window_at(shop, m, work)]
    return window["opens"] + work - window["before"]


@lean
def end_at(shop: Shop, m: int, work: int) -> int:
    """The clock when `work` open minutes have passed."""
    window = shop.windows[window_at(shop, m, work - 1)]
    return window["opens"] + work - window["before"]


@lean
def fit_whole(shop: Shop, m: int, start: int, setup: int, minutes: int) -> int:
    """Earliest start at or after open minute `start` with set-up and work inside one window."""
    i = window_at(shop, m, start)
    while True:
        window = shop.windows[i]
        start = max(start, window["before"] + setup)
        if start + minutes <= window["before"] + window["closes"] - window["opens"]:
            return start
        i += 1
