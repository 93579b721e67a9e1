"""Sheets whose every row is one row of a table."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from journal.sheets.described import FEW, REMOVE, Book, Change, Changes, Fault, Key, Row, Sheet
from journal.sheets.finding import Found, QueriedRows

AT_ONCE = 500


@dataclass(frozen=True)
class Link:
    """A column that names another row: the foreign key, and where its text is looked up."""

    field: str
    model: type[Model]
    lookup: str

    def keys(self) -> dict[str, int]:
        return dict(self.model._default_manager.values_list(self.lookup, "pk"))


class TableSheet(Sheet):
    """A column is the field of its name, unless `paths` says otherwise; columns with `translates`
    are parts of the field `translations`; those in `apart` are left to the sheet itself."""

    model: ClassVar[type[Model]]
    order: ClassVar[tuple[str, ...]]
    paths: ClassVar[Mapping[str, str]] = {}
    links: ClassVar[Mapping[str, Link]] = {}
    apart: ClassVar[frozenset[str]] = frozenset()
    extra: ClassVar[tuple[str, ...]] = ()
    # relations to a row that do not keep it: they are sheets of their own, or go with it
    owned: ClassVar[frozenset[str]] = frozenset()
    # a row means the same whatever other rows there are, so some can be read without the others
    stands_alone: ClassVar[bool] = True

    def rows(self) -> "QuerySet[Any]":
        return self.model._default_manager.order_by(*self.order)

    def load(self) -> dict[Key, Row]:
        found = (self.to_row(stored) for _pk, stored in self.stored())
        return {self.key_of(row): row for row in found}

    def count(self) -> int:
        return self.rows().count()

    def some(self, keys: Collection[Key]) -> dict[Key, Row]:
        return {key: row for key, (_pk, row) in self._some(set(keys)).items()}

    def found(self, words: Sequence[str]) -> Found:
        """What cells show is not what fields hold: words are looked for in all rows."""
        if words or not self.stands_alone:
            return super().found(words)
        return QueriedRows(self.rows(), self._of)

    def _of(self, rows: "QuerySet[Any]") -> dict[int, Row]:
        return {pk: self.to_row(stored) for pk, stored in self.stored(rows)}

    def near(self, keys: Collection[Key]) -> "QuerySet[Any]":
        """Rows that share the first part of a key with one of a few, among them their own."""
        path = self._read_paths()[self.keys[0]]
        return self.rows().filter(**{f"{path}__in": {key[0] for key in keys}})

    def _some(self, wanted: set[Key]) -> dict[Key, tuple[int, Row]]:
        """Primary keys and rows by key. A text may be stored otherwise than a cell shows it: what
        is not found by it is looked for among all."""
        if len(wanted) <= FEW:
            found = self._among(self.stored(self.near(wanted)), wanted)
            if len(found) == len(wanted):
                return found
        return self._among(self.stored(), wanted)

    def _among(
        self, stored: Sequence[tuple[int, dict[str, Any]]], wanted: set[Key]
    ) -> dict[Key, tuple[int, Row]]:
        rows = ((pk, self.to_row(one)) for pk, one in stored)
        return {key: (pk, row) for pk, row in rows if (key := self.key_of(row)) in wanted}

    def stored(self, rows: "QuerySet[Any] | None" = None) -> list[tuple[int, dict[str, Any]]]:
        """Primary key, and what the columns and `extra` fields hold, of some rows or of all."""
        paths = self._read_paths()
        found = self.rows() if rows is None else rows
        told = found.values_list("pk", *paths.values())
        return [(pk, dict(zip(paths, values, strict=True))) for pk, *values in told]

    def to_row(self, stored: dict[str, Any]) -> Row:
        row = {**self.blank(), **{c: v for c, v in stored.items() if c in self._by_code}}
        for column in self.columns:
            if column.translates:
                language, text = column.translates
                row[column.code] = stored["translations"].get(language, {}).get(text, "")
        return row

    def to_fields(self, row: Row) -> dict[str, Any]:
        """The fields of a row, links and translations aside."""
        return {
            path: _kept(row[column.code])
            for column in self.columns
            if not column.translates and column.code not in self.links
            if column.code not in self.apart
            if "__" not in (path := self.paths.get(column.code, column.code))
        }

    def write(self, changes: Changes) -> None:
        linked = self.linked()
        new = [self.make(change, linked, changes) for change in changes.created]
        self.model._default_manager.bulk_create(new, batch_size=AT_ONCE)
        found = self.find(changes.changed)
        for change in changes.changed:
            self.fill(found[change.key], change, linked)
        if names := self._changed_fields(changes.changed):
            self.model._default_manager.bulk_update(found.values(), names, batch_size=AT_ONCE)

    def linked(self) -> dict[str, Any]:
        """Primary keys by the texts that name them, for each link."""
        return {code: link.keys() for code, link in self.links.items()}

    def make(self, change: Change, linked: Mapping[str, Any], changes: Changes) -> Model:
        made = self.model(**self.first_fields(change, linked, changes))
        self.fill(made, change, linked)
        return made

    def first_fields(
        self, change: Change, linked: Mapping[str, Any], changes: Changes
    ) -> dict[str, Any]:
        """What a new row gets beside its columns, once and for all."""
        return {}

    def fill(self, made: Any, change: Change, linked: Mapping[str, Any]) -> None:
        for name, value in self.to_fields(change.row).items():
            setattr(made, name, value)
        for code, link in self.links.items():
            text = self.column(code).kind.text(change.row[code])
            setattr(made, f"{link.field}_id", linked[code][text] if text else None)
        if self._translated:
            made.translations = self.translations(made.translations, change.row)

    def translations(self, known: Mapping[str, Any], row: Row) -> dict[str, Any]:
        """What is known, with this row's texts; an empty text is none."""
        texts = {language: dict(told) for language, told in known.items()}
        for column in self.columns:
            if column.translates:
                language, text = column.translates
                texts.setdefault(language, {})[text] = row[column.code] or ""
        cleaned = {
            language: {text: word for text, word in told.items() if word}
            for language, told in texts.items()
        }
        return {language: told for language, told in cleaned.items() if told}

    def find(self, changes: Sequence[Change]) -> dict[Key, Any]:
        """The rows of the database that changes speak of."""
        wanted = {change.key for change in changes}
        keys = {key: pk for key, (pk, _row) in self._some(wanted).items()} if wanted else {}
        found: dict[int, Any] = self.model._default_manager.in_bulk(list(keys.values()))
        return {key: found[pk] for key, pk in keys.items()}

    def kept(self, removed: Sequence[Change], book: Book) -> Iterator[Fault]:
        """What the database knows of a row keeps it; what sheets know of it, they say."""
        told = {s.model for s in book.workbook.naming(self.code) if isinstance(s, TableSheet)}
        keys = {row.pk: key for key, row in self.find(removed).items()}
        changes = {change.key: change for change in removed}
        for relation in self.model._meta.related_objects:
            if relation.name in self.owned or relation.related_model in told:
                continue
            name = relation.field.attname if relation.field.column else relation.field.name
            users = relation.related_model._default_manager.filter(**{f"{name}__in": list(keys)})
            users = users.exclude(pk__in=self.going(relation.name, book))
            for pk in users.order_by().values_list(name, flat=True).distinct():
                text = _("It is in use (%(kind)s) and stays.")
                kind = relation.related_model._meta.verbose_name_plural
                yield Fault(changes[keys[pk]], REMOVE, text % {"kind": kind})

    def going(self, relation: str, book: Book) -> set[int]:
        """Rows of a relation that the same import removes: they keep nothing any more."""
        return set()

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        pks = [row.pk for row in self.find(removed).values()]
        for start in range(0, len(pks), AT_ONCE):
            self.model._default_manager.filter(pk__in=pks[start : start + AT_ONCE]).delete()

    @property
    def _translated(self) -> bool:
        return any(column.translates for column in self.columns)

    def _read_paths(self) -> dict[str, str]:
        paths = {
            column.code: self.paths.get(column.code, column.code)
            for column in self.columns
            if not column.translates and column.code not in self.apart
        }
        for code, link in self.links.items():
            paths[code] = self.paths.get(code, f"{link.field}__{link.lookup}")
        extra = (*self.extra, "translations") if self._translated else self.extra
        return paths | {name: name for name in extra}

    def _changed_fields(self, changed: Sequence[Change]) -> list[str]:
        """The fields that some of the rows change: only those are written."""
        return sorted({name for change in changed for name in self._fields_of(change)})

    def _fields_of(self, change: Change) -> set[str]:
        before, after = self.to_fields(change.before or {}), self.to_fields(change.row)
        named = {name for name, value in after.items() if value != before[name]}
        named |= {link.field for code, link in self.links.items() if change.changes(code)}
        if any(column.translates and change.changes(column.code) for column in self.columns):
            named.add("translations")
        return named


def _kept(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
