"""Random numbers whose state lies in an array, so that a search can be repeated exactly."""

import numpy as np
import numpy.typing as npt

from .compiled import inlined

Chance = npt.NDArray[np.uint64]

GAMMA = np.uint64(0x9E3779B97F4A7C15)
MIX_A = np.uint64(0xBF58476D1CE4E5B9)
MIX_B = np.uint64(0x94D049BB133111EB)
S11 = np.uint64(11)
S27 = np.uint64(27)
S30 = np.uint64(30)
S31 = np.uint64(31)
S33 = np.uint64(33)
UNIT = 1.0 / (1 << 53)


def chance(*seeds: int) -> Chance:
    """A generator of its own for these seeds: an array (1,) that the draws move on."""
    words = np.random.SeedSequence(seeds).generate_state(1, np.uint64)
    return words.astype(np.uint64)


@inlined
def drawn(state: Chance) -> np.uint64:
    """The next 64 random bits. SplitMix64: Steele, Lea, Flood (2014)."""
    state[0] += GAMMA
    z = state[0]
    z = (z ^ (z >> S30)) * MIX_A
    z = (z ^ (z >> S27)) * MIX_B
    return z ^ (z >> S31)


@inlined
def below(state: Chance, n: int) -> int:
    """A whole number in 0 .. n - 1 (n < 2³¹)."""
    return int(((drawn(state) >> S33) * np.uint64(n)) >> S31)


@inlined
def fraction(state: Chance) -> float:
    """A number in [0, 1)."""
    return float(drawn(state) >> S11) * UNIT
