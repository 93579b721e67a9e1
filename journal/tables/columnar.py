"""Parquet, where pyarrow is installed. It is large, so only `make parquet` installs it."""

from pathlib import Path
from typing import Any

import pandas as pd
from django.utils.translation import gettext_noop as _

from journal.tables.sources import Source, UnreadableFile
from journal.tables.typed import as_text, typed_table

try:
    from pyarrow import ArrowException, parquet
except ImportError:
    parquet = None
    ArrowException = OSError


def find_columns(path: Path) -> Source:
    names = tuple(_file(path).schema_arrow.names)
    return Source(path, "parquet", names, "Parquet")


def read_columns(source: Source, columns: dict[str, str]) -> pd.DataFrame:
    for theirs in columns.values():
        source.position(theirs)
    try:
        table = _file(source.path).read(columns=list(columns.values()))
    except (ArrowException, OSError) as error:
        raise _damaged(source.path, error) from error
    values = {ours: table.column(theirs).to_pylist() for ours, theirs in columns.items()}
    return typed_table(values, list(range(2, table.num_rows + 2)), [""] * table.num_rows)


def sample_columns(source: Source, rows: int) -> list[list[str]]:
    batch = next(_file(source.path).iter_batches(batch_size=rows), None)
    columns = [] if batch is None else [column.to_pylist() for column in batch.columns]
    return [[as_text(cell) for cell in row] for row in zip(*columns, strict=True)]


def _file(path: Path) -> Any:
    if parquet is None:
        raise UnreadableFile(
            _(
                "%(file)s is a Parquet file, and pyarrow, which reads it, is not installed. "
                "Install it with `make parquet`, or save the file as CSV."
            ),
            file=path.name,
        )
    try:
        return parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        _("%(file)s is cut short or damaged: %(error)s."), file=path.name, error=str(error)
    )
