"""Pages of a long list: the ids of what was found first, and the rows of one page afterwards."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

A_PAGE = 50
MOST_SHOWN = 10_000  # rows that can be reached page by page; nobody turns two hundred pages


class LongPaginator(Paginator[int]):
    """Pages of ids in order.

    Counting a million rows takes longer than reading a page of them, and so does skipping them:
    one query brings the first ids, and what lies beyond is known to be there and not counted.
    """

    def __init__(self, rows: "QuerySet[Any]") -> None:
        ids = list(rows.values_list("pk", flat=True)[: MOST_SHOWN + 1])
        self.has_more = len(ids) > MOST_SHOWN
        super().__init__(ids[:MOST_SHOWN], A_PAGE)
