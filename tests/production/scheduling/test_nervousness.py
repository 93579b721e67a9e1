"""What planners call nervous: a plan that rearranges what people have already seen."""

from production.scheduling.nervousness import Nervousness, nervousness

MONDAY = {"saw": ("band saw", 0), "mill": ("mill 1", 60), "paint": ("booth", 300)}


def test_the_same_plan_is_calm():
    assert nervousness(MONDAY, MONDAY) == Nervousness(common=3)


def test_moved_reassigned_new_and_dropped_work_are_told_apart():
    tuesday = {"saw": ("band saw", 0), "mill": ("mill 2", 90), "rush": ("booth", 0)}

    assert nervousness(MONDAY, tuesday) == Nervousness(common=2, moved=1, reassigned=1, minutes=30)


def test_small_shifts_and_far_work_may_be_left_out():
    later = {"saw": ("band saw", 5), "mill": ("mill 1", 100), "paint": ("booth", 900)}

    near = nervousness(MONDAY, later, tolerance=10, until=300)

    assert near == Nervousness(common=2, moved=1, minutes=40)
