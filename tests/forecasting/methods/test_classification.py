import numpy as np
import pytest

from forecasting.methods.classification import classify, intervals_and_variation

STEADY = [5.0, 6, 5, 4, 5, 6, 4, 5, 5, 6]
WILD = [1.0, 20, 1, 1, 30, 2, 1, 25, 1, 1]
RARE = [4.0, 0, 0, 4, 0, 0, 4, 0, 0, 4]
CLUMPS = [1.0, 0, 0, 30, 0, 0, 1, 0, 0, 40]
YOUNG = [np.nan] * 6 + [3.0, 3, 3, 3]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (STEADY, "smooth"),
        (WILD, "erratic"),
        (RARE, "intermittent"),
        (CLUMPS, "lumpy"),
        (YOUNG, "new"),
        ([0.0] * 10, "new"),
        ([0.0] * 9 + [5.0], "new"),
    ],
)
def test_a_pattern_gets_its_class(values, name):
    assert classify(np.array([values])).tolist() == [name]


def test_interval_and_variation_match_hand_arithmetic():
    # Since the first demand: 8 periods, 2 with demand, sizes 2 and 4: mean 3, variance 1.
    adi, cv2 = intervals_and_variation(np.array([[0.0, 2, 0, 0, 0, 4, 0, 0, 0]]))
    assert adi.tolist() == [4.0]
    np.testing.assert_allclose(cv2, [1 / 9])
