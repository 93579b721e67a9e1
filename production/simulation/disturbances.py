"""What does not go as planned on a machine group, and random numbers that belong to operations."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri
from scipy.stats import nbinom, poisson

Floats = NDArray[np.float64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_RARE = 1e-12  # nothing that is less likely happens
_MANY = 30  # breakdowns of one operation
_STREAMS = 4  # random numbers of an operation in a replication
LENGTH, SCRAP, FAILURES, REPAIR = range(_STREAMS)


class DisturbanceError(ValueError):
    """A figure about the floor is not a sensible one."""


class Shape(StrEnum):
    """How times spread around their mean."""

    LOGNORMAL = "lognormal"
    GAMMA = "gamma"  # with a coefficient of variation of 1: exponential


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What a machine group is like. The default is a floor on which everything goes as planned.

    Parameters
    ----------
    variation : coefficient of variation (standard deviation / mean) of the time of an operation,
        whose mean is the planned one
    shape : of that distribution
    good : share of pieces that are good; the others are made again at once on the same machine
    between_failures : mean minutes of work from one breakdown to the next (MTBF); None: never
    repair : mean open minutes of a repair (MTTR)

    Times between breakdowns and of repairs are exponential. A machine fails at work only, and the
    operation goes on when it is repaired. Raises DisturbanceError.
    """

    variation: float = 0.0
    shape: Shape = Shape.LOGNORMAL
    good: float = 1.0
    between_failures: float | None = None
    repair: float = 0.0

    def __post_init__(self) -> None:
        if self.variation < 0 or self.repair < 0:
            raise DisturbanceError("neither variation nor repair time is negative")
        if not 0 < self.good <= 1:
            raise DisturbanceError("the share of good pieces lies above 0, and is 1 at most")
        if self.between_failures is not None and self.between_failures <= 0:
            raise DisturbanceError("time passes between two failures")


def keys_of(names: Sequence[str], seed: int) -> NDArray[np.uint64]:
    """A random number generator for each operation, (N,): its stream does not depend on what else
    is simulated, so two plans meet the same luck (common random numbers)."""
    digests = (blake2b(f"{seed}:{name}".encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def uniform(keys: NDArray[np.uint64], replications: range, stream: int) -> Floats:
    """Numbers in (0, 1), (replications, N). SplitMix64 read at any place: Steele, Lea, Flood
    (2014)."""
    place = np.arange(replications.start, replications.stop, dtype=np.uint64)
    step = (place * np.uint64(_STREAMS) + np.uint64(stream + 1)) * _GAMMA
    z = keys[None, :] + step[:, None]
    z = (z ^ (z >> np.uint64(30))) * _MIX_A
    z = (z ^ (z >> np.uint64(27))) * _MIX_B
    z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)).astype(np.float64) + 0.5) / (1 << 53)


def drawn(
    disturbance: Disturbance,
    minutes: Floats,
    pieces: NDArray[np.int64],
    keys: NDArray[np.uint64],
    replications: range,
) -> tuple[Floats, Floats]:
    """Minutes of work and minutes of repair of operations, both (replications, N).

    `minutes` (N,) are the planned ones, `pieces` (N,) how many are to be good. Work is minutes ×
    factor × pieces made / pieces wanted; the pieces made are negative binomial. Breakdowns during
    it are a Poisson number, their repairs a sum of exponential times.
    """
    work = np.broadcast_to(minutes, (len(replications), len(minutes))).astype(np.float64)
    if disturbance.variation > 0:
        work *= _factor(disturbance, uniform(keys, replications, LENGTH))
    if disturbance.good < 1:
        luck = uniform(keys, replications, SCRAP)
        work *= 1 + _scrapped(pieces, disturbance.good, luck) / pieces
    repairs = np.zeros_like(work)
    if disturbance.between_failures is not None and disturbance.repair > 0:
        mean = work / disturbance.between_failures
        failures = _failures(mean, uniform(keys, replications, FAILURES))
        some = failures > 0
        luck = uniform(keys, replications, REPAIR)[some]
        repairs[some] = gammaincinv(failures[some], luck) * disturbance.repair
    return work, repairs


def _scrapped(pieces: NDArray[np.int64], good: float, luck: Floats) -> Floats:
    """Bad pieces made until enough are good. One table for each number of pieces: far quicker than
    asking for every quantile alone."""
    found = np.zeros_like(luck)
    for wanted in np.unique(pieces).tolist():
        at = np.flatnonzero(pieces == wanted)
        most = int(nbinom.isf(_RARE, wanted, good))
        table = nbinom.cdf(np.arange(most), wanted, good)
        found[:, at] = np.searchsorted(table, luck[:, at])
    return found


def _failures(mean: Floats, luck: Floats) -> Floats:
    """Poisson numbers. Few breakdowns are counted up one by one: far quicker than a quantile."""
    found = np.zeros_like(mean)
    many = mean > _MANY
    found[many] = poisson.ppf(luck[many], mean[many])
    left = np.flatnonzero(~many)
    share = np.exp(-mean.flat[left])
    above = luck.flat[left] - share
    for count in itertools.count(1):
        some = above > 0
        if not some.any():
            return found
        left, share, above = left[some], share[some], above[some]
        found.flat[left] = count
        share = share * mean.flat[left] / count
        above = np.where(share > 0, above - share, 0)
    return found


def _factor(disturbance: Disturbance, luck: Floats) -> Floats:
    """Random factors of mean 1."""
    if disturbance.shape == Shape.GAMMA:
        shape = disturbance.variation**-2
        return np.asarray(gammaincinv(shape, luck) / shape)
    variance = np.log1p(disturbance.variation**2)
    return np.asarray(np.exp(np.sqrt(variance) * ndtri(luck) - variance / 2))
