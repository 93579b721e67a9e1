"""What is wrong with data from which nothing can be planned."""


class ProblemError(ValueError):
    """The data contradict themselves; nothing can be planned from them."""


class WindowError(ProblemError):
    """Working windows are empty, overlap or are out of order."""


class DurationError(ProblemError):
    """A time or a weight is not a sensible number."""


class LagError(ProblemError):
    """A lag is negative, or its maximum is below its minimum."""


class SequenceError(ProblemError):
    """The operations of a job are missing, out of order or belong to another job."""


class DuplicateIdError(ProblemError):
    """Two things carry one id."""


class UnknownReferenceError(ProblemError):
    """Something names a machine, pool or job that is not in the problem."""


class CyclicJobsError(ProblemError):
    """Jobs wait for each other in a circle."""


class BatchError(ProblemError):
    """A rack or plate makes no sense, or this part of the engine knows no batches."""


class ReservationError(ProblemError):
    """Something is held that cannot be, or this part of the engine knows no reservations."""
