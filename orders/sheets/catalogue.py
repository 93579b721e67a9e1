"""Families, products, what can be chosen of them, and which choices go together."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.sheets import (
    REMOVE,
    Book,
    Change,
    Changes,
    Column,
    Fault,
    Key,
    Link,
    Name,
    Row,
    Sheet,
    TableSheet,
    kinds,
)
from orders.configuration.conditions import listed
from orders.models import (
    Configuration,
    ConfigurationRule,
    OptionGroup,
    OptionValue,
    Product,
    ProductFamily,
)
from orders.sheets.choices import (
    CONDITION,
    LISTED,
    Question,
    condition_faults,
    condition_mentions,
    is_value,
    questions,
)
from orders.sheets.going import going_choices

CHINESE = "zh-hans"
ZERO = Decimal(0)
# primary keys, and what fields hold
Stored: TypeAlias = list[tuple[int, dict[str, Any]]]


def chinese(text: str, longest: int) -> Column:
    """The column that holds a text in Chinese."""
    code = f"{text}_zh_hans"
    return Column(code, kinds.text(longest), default="", translates=(CHINESE, text))


class Families(TableSheet):
    code = "families"
    label = gettext_lazy("Families")
    purpose = gettext_lazy("Products that are alike and forecast together.")
    view, change = "orders.view_product", "orders.change_product"
    model, order = ProductFamily, ("position", "pk")
    keys = ("family",)
    paths = {"family": "code"}
    columns = (
        Column("family", kinds.code(60)),
        Column("name", kinds.text(120), required=True),
        chinese("name", 120),
        Column("routing_template", kinds.text(60), default=""),
        Column("position", kinds.whole(), default=0),
    )


class Products(TableSheet):
    code = "products"
    label = gettext_lazy("Products")
    purpose = gettext_lazy("What the shop makes and sells, and what it costs before options.")
    view, change = "orders.view_product", "orders.change_product"
    after = ("families",)
    model, order = Product, ("family__position", "sku")
    keys = ("product",)
    paths = {"product": "sku", "price": "base_price"}
    links = {"family": Link("family", ProductFamily, "code")}
    owned = frozenset({"option_groups", "rules", "bom", "routing"})
    columns = (
        Column("product", kinds.text(60)),
        Column("name", kinds.text(200), required=True),
        chinese("name", 200),
        Column("description", kinds.text(5000), default=""),
        chinese("description", 5000),
        Column("family", kinds.code(60), required=True, refers="families"),
        Column("price", kinds.money(), required=True),
        Column("currency", kinds.text(3), default="EUR"),
        Column("make_policy", kinds.choice(Product.MakePolicy.choices), default="MTO"),
        Column("picture", kinds.text(40), default=""),
        Column("listed", kinds.yes_no(), default=True),
        Column("sold_from", kinds.day()),
        Column("sold_until", kinds.day()),
        Column("external_ref", kinds.text(60)),
    )

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        known: dict[str, list[Key]] = {}
        for key, row in book.planned(self.code).items():
            known.setdefault(row["external_ref"] or "", []).append(key)
        for change in changes:
            row = change.row
            if not (row["currency"].isalpha() and len(row["currency"]) == 3):
                yield Fault(change, "currency", _("Write three letters, such as EUR."))
            if row["sold_from"] and row["sold_until"] and row["sold_from"] > row["sold_until"]:
                yield Fault(change, "sold_until", _("This day lies before sold_from."))
            if row["external_ref"] and len(known[row["external_ref"]]) > 1:
                yield Fault(change, "external_ref", _("Two products have this number."))

    def going(self, relation: str, book: Book) -> set[int]:
        return going_choices(book) if relation == "configurations" else set()

    def settle(self, row: Row, book: Book) -> Row:
        return {**row, "currency": (row["currency"] or "").upper()}


_OF_QUESTION = ("kind", "required", "minimum", "maximum", "step", "unit", "default")
_OF_ANSWER = ("active", "attributes")
_NOT_OF_KIND = {
    "select": ("minimum", "maximum", "step", "unit", "price"),
    "multi": ("minimum", "maximum", "step", "unit", "price"),
    "text": ("minimum", "step", "unit"),
    "bool": ("minimum", "maximum", "step", "unit"),
    "date": ("minimum", "maximum", "step", "unit"),
}
_COLUMNS = (
    Column("product", kinds.text(60), refers="products"),
    Column("option", kinds.code(40)),
    Column("value", kinds.code(40), default=""),
    Column("name", kinds.text(80), required=True),
    chinese("name", 80),
    Column("kind", kinds.choice(OptionGroup.Kind.choices)),
    Column("required", kinds.yes_no()),
    Column("minimum", kinds.decimal(10, 2, least=None)),
    Column("maximum", kinds.decimal(10, 2, least=None)),
    Column("step", kinds.decimal(10, 2, above="0")),
    Column("unit", kinds.text(10), default=""),
    Column("price", kinds.money(10, least=None), default=ZERO),
    Column("default", kinds.text(80), default=""),
    Column("active", kinds.yes_no()),
    Column("attributes", kinds.pairs(), default={}),
    Column("position", kinds.whole(), default=0),
)


class _Part(TableSheet):
    """The rows of options that one table holds; `Options` reads them as one sheet."""

    code = "options"
    label = purpose = ""
    view = change = ""
    keys = ("product", "option", "value")
    columns = _COLUMNS


class _Questions(_Part):
    model, order = OptionGroup, ("product__family__position", "product__sku", "position", "pk")
    paths = {"option": "code", "price": "price_delta"}
    links = {"product": Link("product", Product, "sku")}
    apart = frozenset({"value", *_OF_ANSWER})


class _Answers(_Part):
    model, order = OptionValue, ("position", "pk")
    paths = {
        "product": "group__product__sku",
        "option": "group__code",
        "value": "code",
        "price": "price_delta",
    }
    apart = frozenset(_OF_QUESTION)

    def linked(self) -> dict[str, Any]:
        groups = OptionGroup.objects.values_list("product__sku", "code", "pk")
        return {"groups": {(sku, code): pk for sku, code, pk in groups}}

    def fill(self, made: Any, change: Change, linked: Mapping[str, Any]) -> None:
        super().fill(made, change, linked)
        made.group_id = linked["groups"][change.row["product"], change.row["option"]]


class Options(Sheet):
    code = "options"
    label = gettext_lazy("Options")
    purpose = gettext_lazy("The questions that customers answer about a product, and the answers.")
    view, change = "orders.view_product", "orders.change_product"
    after = ("products",)
    keys = ("product", "option", "value")
    columns = _COLUMNS
    questions, answers = _Questions(), _Answers()

    def load(self) -> dict[Key, Row]:
        return self._joined(self.questions.stored(), self.answers.stored())

    def some(self, keys: Collection[Key]) -> dict[Key, Row]:
        near = self._joined(
            self.questions.stored(self.questions.near(keys)),
            self.answers.stored(self.answers.near(keys)),
        )
        found = {key: near[key] for key in keys if key in near}
        return found if len(found) == len(set(keys)) else super().some(keys)

    def _joined(self, asked: Stored, answered: Stored) -> dict[Key, Row]:
        answers: dict[tuple[str, str], list[Row]] = {}
        for _pk, stored in answered:
            row = self.answers.to_row(stored)
            answers.setdefault((row["product"], row["option"]), []).append(row)
        rows = [
            row
            for _pk, stored in asked
            for question in [self.questions.to_row(stored)]
            for row in (question, *answers.get((question["product"], question["option"]), ()))
        ]
        return {self.key_of(row): row for row in rows}

    def count(self) -> int:
        return self.questions.count() + self.answers.count()

    def idle(self, texts: Mapping[str, str]) -> frozenset[str]:
        if texts["value"]:
            return frozenset(_OF_QUESTION)
        if kind := texts["kind"]:
            return frozenset((*_OF_ANSWER, *_NOT_OF_KIND.get(kind, ())))
        return frozenset()  # nobody knows yet what the row shall be

    def settle(self, row: Row, book: Book) -> Row:
        """What an empty cell means: yes for what belongs to the row, nothing for what does not."""
        column = "active" if row["value"] else "required"
        return {**row, column: True if row[column] is None else row[column]}

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in changes:
            asked = questions(book, change.row["product"]).get(change.row["option"])
            if change.row["value"]:
                yield from self._answer_faults(change, asked)
            elif asked:
                yield from self._question_faults(change, asked)

    def _answer_faults(self, change: Change, asked: Question | None) -> Iterator[Fault]:
        if asked is None:
            text = _("%(product)s has no question “%(option)s”. Add its row, with an empty value.")
            yield Fault(change, "option", text % change.row)
        elif asked.kind and asked.kind not in LISTED:
            text = _("The question “%(option)s” has no list of answers: it is of kind %(kind)s.")
            yield Fault(change, "value", text % asked.row)
        yield from self._strangers(change, _OF_QUESTION, _("It belongs to the question's own row."))

    def _question_faults(self, change: Change, asked: Question) -> Iterator[Fault]:
        row = change.row
        if not row["kind"]:
            yield Fault(change, "kind", _("A question needs its kind. Fill it in."))
            return
        if asked.values and row["kind"] not in LISTED:
            text = _("The question has a list of answers. Only select and multi have one.")
            yield Fault(change, "kind", text)
        low, high = row["minimum"], row["maximum"]
        if low is not None and high is not None and low > high:
            yield Fault(change, "maximum", _("The maximum lies below the minimum."))
        yield from self._strangers(change, _OF_ANSWER, _("It belongs to the row of an answer."))
        words = (row["default"] or "").split(",") if row["kind"] == "multi" else [row["default"]]
        for word in filter(None, words):
            if row["kind"] in LISTED and word not in asked.codes:
                text = _("The question has no answer “%(word)s”; it has: %(words)s.")
                told = {"word": word, "words": ", ".join(asked.codes) or "–"}
                yield Fault(change, "default", text % told)
            elif not is_value(row["kind"], word):
                text = _("“%(word)s” is no answer to this question.")
                yield Fault(change, "default", text % {"word": word})

    def _strangers(self, change: Change, codes: Sequence[str], text: str) -> Iterator[Fault]:
        for code in codes:
            if self.column(code).kind.text(change.row[code]):
                yield Fault(change, code, text + " " + _("Leave the cell empty."))

    def kept(self, removed: Sequence[Change], book: Book) -> Iterator[Fault]:
        products = {change.row["product"] for change in removed}
        chosen = _chosen(products, going_choices(book))
        answered = {
            (row["product"], row["option"])
            for row in book.planned(self.code).values()
            if row["value"]
        }
        for change in removed:
            sku, option, value = change.key
            asked = questions(book, sku).get(option)
            if not value and (sku, option) in answered:
                yield Fault(change, REMOVE, _("The question still has answers. Remove those too."))
            if (sku, option, value) in chosen:
                text = _("It was ordered or chosen already and keeps its name.")
                todo = _("Write no in active instead.") if asked and value else ""
                yield Fault(change, REMOVE, f"{text} {todo}".strip())

    def write(self, changes: Changes) -> None:
        for sheet, is_answer in ((self.questions, False), (self.answers, True)):
            sheet.write(
                replace(
                    changes,
                    created=[c for c in changes.created if bool(c.row["value"]) is is_answer],
                    changed=[c for c in changes.changed if bool(c.row["value"]) is is_answer],
                )
            )

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        self.answers.erase([change for change in removed if change.row["value"]], changes)
        self.questions.erase([change for change in removed if not change.row["value"]], changes)


def _chosen(skus: set[str], going: set[int]) -> set[Key]:
    """What was ever chosen of products, as keys of questions and answers."""
    found: set[Key] = set()
    rows = Configuration.objects.filter(product__sku__in=skus).exclude(pk__in=going)
    for sku, values in rows.values_list("product__sku", "values"):
        for option, answer in values.items():
            found.add((sku, option, ""))
            found.update((sku, option, word) for word in listed(answer))
    return found


class Rules(TableSheet):
    code = "rules"
    label = gettext_lazy("Rules")
    purpose = gettext_lazy("Which choices go together, which do not, and which follow.")
    view, change = "orders.view_product", "orders.change_product"
    after = ("products", "options")
    model, order = ConfigurationRule, ("product__family__position", "product__sku", "pk")
    keys = ("product", "rule")
    paths = {"rule": "code", "when": "condition", "then": "consequence"}
    links = {"product": Link("product", Product, "sku")}
    stands_alone = False
    columns = (
        Column("product", kinds.text(60), refers="products"),
        Column("rule", kinds.code(40)),
        Column("kind", kinds.choice(ConfigurationRule.Kind.choices), required=True),
        Column("when", CONDITION, default={}),
        Column("then", CONDITION, required=True),
        Column("message", kinds.text(200), required=True),
        chinese("message", 200),
    )

    def stored(self, rows: "QuerySet[Any] | None" = None) -> Stored:
        """A rule that was made without a name is called after its place in its product."""
        found = super().stored(rows)
        taken = {(row["product"], row["rule"]) for _pk, row in found}
        for _pk, row in found:
            number = 1
            while not row["rule"]:
                name = f"rule-{number}"
                if (row["product"], name) not in taken:
                    row["rule"] = name
                    taken.add((row["product"], name))
                number += 1
        return found

    def write(self, changes: Changes) -> None:
        self._name_all()
        super().write(changes)

    def erase(self, removed: Sequence[Change], changes: Changes) -> None:
        self._name_all()
        super().erase(removed, changes)

    def _name_all(self) -> None:
        """From now on a rule is called what the table called it, whichever goes."""
        names = {pk: row["rule"] for pk, row in self.stored()}
        nameless = list(ConfigurationRule.objects.filter(code=""))
        for rule in nameless:
            rule.code = names[rule.pk]
        ConfigurationRule.objects.bulk_update(nameless, ["code"], batch_size=500)

    def faults(self, changes: Sequence[Change], book: Book) -> Iterator[Fault]:
        for change in changes:
            row = change.row
            for text in condition_faults(book, row["product"], row["when"]):
                yield Fault(change, "when", text)
            sets = row["kind"] == "derives"
            for text in condition_faults(book, row["product"], row["then"], sets=sets):
                yield Fault(change, "then", text)

    def mentions(self, row: Row, book: Book) -> Iterator[Name]:
        yield from super().mentions(row, book)
        yield from condition_mentions(book, row["product"], row["when"])
        yield from condition_mentions(book, row["product"], row["then"])


def product_keys() -> dict[str, int]:
    """Primary keys of all products by SKU, for rows that hang on them."""
    return dict(Product.objects.values_list("sku", "pk"))


FAMILIES, PRODUCTS, OPTIONS, RULES = Families(), Products(), Options(), Rules()
