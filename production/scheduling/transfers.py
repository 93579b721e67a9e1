"""Transfer batches: pieces go on to the next step in lots, before all of them are made.

The pieces of an operation are made one after another without a break for other work, so of all its
lots two moments count: its start and its end. That the next step may begin early is a lag below 0.
Source: overlapping and send-ahead quantities of MRP II; lot streaming, Trietsch and Baker (1993).
"""

from collections.abc import Iterator

Lot = tuple[int, int]  # pieces made before it, and with it


def lots(quantity: int, transfer: int) -> Iterator[Lot]:
    """The lots of `transfer` pieces in which a quantity goes on.

    >>> list(lots(5, 2))
    [(0, 2), (2, 4), (4, 5)]
    """
    for first in range(0, quantity, transfer):
        yield first, min(quantity, first + transfer)


def overlap(quantity: int, transfer: int, minutes: int, following: int) -> int:
    """Minutes before its end at which the step behind an operation may begin, so that none of its
    lots is wanted before it is there.

    Parameters
    ----------
    minutes, following : open minutes of the operation and of the step behind it, all pieces

    Examples
    --------
    Four pieces, ten minutes each at both: the second step begins when the first piece is made.

    >>> overlap(4, 1, 40, 40), overlap(4, 4, 40, 40)
    (30, 0)

    Where the second step is twice as fast, it waits until it will not run dry.

    >>> overlap(4, 1, 40, 20)
    15
    """
    return min(
        minutes * (quantity - last) // quantity + following * first // quantity
        for first, last in lots(quantity, transfer)
    )
