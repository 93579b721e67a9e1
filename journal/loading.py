"""Outlet: write many new rows of one table at once, past the model objects.

Most of what `bulk_create` costs is an object for each row and an SQL text for each batch. Here a
column is a sequence, and all go into one prepared statement on SQLite, into COPY on PostgreSQL.
What the table's columns are, what stands in one that is not given, and how a value is stored, the
model says; so a new field is filled here as it is everywhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models, transaction

Row = tuple[Any, ...]


def load(model: type[models.Model], columns: Mapping[str, Sequence[Any]], **alike: Any) -> int:
    """Write one row for each place of the columns, all or none; returns how many.

    `columns` and `alike`, which is the same in every row, go by attribute: `order_id`, not `order`.
    Fields that are in neither get their default, a key that the database counts its next number.
    No signals are sent and no fields are set by the time of saving (`auto_now`).

    Raises `FieldDoesNotExist` for a name that the model does not have, `ValueError` where columns
    differ in length or there is none, and the database's own errors as Django names them.
    """
    fields = _fields(model, {*columns, *alike})
    rows = list(_rows(fields, columns, alike))
    if rows:
        quote = connection.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in fields)
        write = _copy if connection.vendor == "postgresql" else _insert
        with transaction.atomic(savepoint=False):
            write(f"{quote(model._meta.db_table)} ({names})", rows)
    return len(rows)


def _fields(model: type[models.Model], given: set[str]) -> list[models.Field[Any, Any]]:
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.attname in given or not isinstance(field, models.AutoField)
    ]
    if unknown := given - {field.attname for field in fields}:
        raise FieldDoesNotExist(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    return fields


def _rows(
    fields: list[models.Field[Any, Any]],
    columns: Mapping[str, Sequence[Any]],
    alike: Mapping[str, Any],
) -> Iterator[Row]:
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f"columns of {sorted(lengths)} rows make no table")
    size = lengths.pop()
    prepared: list[Iterable[Any]] = []
    for field in fields:
        if field.attname in columns:
            prepared.append(_prepared(field, columns[field.attname]))
        else:
            value = alike[field.attname] if field.attname in alike else field.get_default()
            prepared.append(repeat(field.get_db_prep_save(value, connection), size))
    return zip(*prepared, strict=True)


def _prepared(field: models.Field[Any, Any], column: Sequence[Any]) -> list[Any]:
    """What the database stores; of equal values once, most columns hold few."""
    prepare = partial(field.get_db_prep_save, connection=connection)
    if isinstance(field, models.JSONField):  # 1 and true are equal here and two things there
        return list(map(prepare, column))
    known = {value: prepare(value) for value in set(column)}
    return [known[value] for value in column]


def _insert(into: str, rows: list[Row]) -> None:
    places = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {into} VALUES ({places})", rows)  # noqa: S608 - names of the model


def _copy(into: str, rows: list[Row]) -> None:
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {into} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
