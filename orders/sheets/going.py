"""What orders leave behind when an import takes them away."""

from collections import Counter

from django.db.models import Count

from journal.sheets import Book, Row
from orders.models import Configuration, OrderLine


def gone(book: Book) -> list[Row]:
    """The positions that the import removes."""
    return book.removed("orders")


def going_orders(book: Book) -> set[int]:
    """Orders that lose their last position."""
    return _left_without("order_id", "_order", book)


def going_choices(book: Book) -> set[int]:
    """Configurations that nobody ordered any more."""
    return _left_without("configuration_id", "_configuration", book)


def _left_without(field: str, carried: str, book: Book) -> set[int]:
    leaving = Counter(row[carried] for row in gone(book))
    lines = OrderLine.objects.filter(**{f"{field}__in": list(leaving)}).order_by()
    all_of = dict(lines.values_list(field).annotate(Count("pk")))
    return {pk for pk, count in leaving.items() if all_of.get(pk) == count}


def forget_choices(pks: set[int]) -> None:
    """Remove configurations that nothing of the shop refers to."""
    unused = Configuration.objects.filter(pk__in=pks)
    for relation in Configuration._meta.related_objects:
        unused = unused.filter(**{relation.name: None})
    unused.delete()
