"""Why a line is not taken or wants a look, in the words that the terminal and the portal share."""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_noop as _

# why a line is not taken, and what to do about it
REASONS = {
    "nul_byte": _("The line is damaged (it holds a NUL byte). Export the file again."),
    "short_line": _("The line has fewer cells than the header. Complete it or export again."),
    "long_line": _("The line has more cells than the header. Put quotes around texts with commas."),
    "formula_without_value": _(
        "A formula was never worked out. Open the file in Excel and save it."
    ),
    "cell_error": _("A cell shows an error such as #N/A. Mend the formula or type the value."),
    "no_invoice": _("The order number is empty. Write it into the line."),
    "bad_date": _("The date cannot be read. Write it as 2011-12-31 13:45:00."),
    "unclear_quantity": _("The quantity may be a thousand or a fraction. Set the decimal sign."),
    "unclear_price": _("The price may be thousands or a fraction. Set the decimal sign."),
    "bad_quantity": _("The quantity is no whole number. Correct it."),
    "zero_quantity": _("The quantity is zero: nothing was sold. Usually nothing needs to be done."),
    "absurd_quantity": _("The quantity is above 1,000,000. Correct it."),
    "bad_price": _("The price is no number. Correct it."),
    "negative_price": _(
        "The price is negative: an adjustment, no sale. Usually nothing needs to be done."
    ),
    "absurd_price": _("The price is above 1,000,000. Correct it."),
    "bad_currency": _(
        "The currency cannot be read. Write its code, such as EUR, or one of the signs £ € $ ¥ 元."
    ),
    "two_currencies": _(
        "The order holds lines in two currencies. Give each currency an order number of its own."
    ),
    "other_currency": _(
        "The order is here in another currency. Give these lines an order number of their own."
    ),
    "order_over": _(
        "The order is closed or cancelled here. Give these lines an order number of their own."
    ),
    "sale_refused": _(
        "Its sale was not taken. Correct the line of the sale and bring the file again: then both "
        "are taken."
    ),
    "no_price": _("The price is zero: a gift or a sample. Usually nothing needs to be done."),
    "negative_sale": _(
        "The quantity is negative, but the order is no cancellation. "
        "If cancelled orders begin with certain letters, name them."
    ),
    "positive_cancellation": _("A cancellation with a positive quantity. Correct its sign."),
    "no_product": _("The item code is none of a product. Correct it, or set it apart."),
}

# what is said of one line before its reason, from the cells that it has in the list
DETAILS = {
    "other_currency": _(
        "Order %(order)s is here in %(order_currency)s, this line is in %(line_currency)s."
    ),
    "sale_refused": _("The return of the sale in line %(sale_line)s."),
}
# reasons for which a line is none that could be taken once it is corrected
NO_SALE = {"zero_quantity", "negative_price", "no_price", "negative_sale", "no_product"}

# reason → the column that it is about, in our words
BLAMED = {
    "no_invoice": "invoice",
    "bad_date": "at",
    "unclear_quantity": "quantity",
    "bad_quantity": "quantity",
    "zero_quantity": "quantity",
    "absurd_quantity": "quantity",
    "negative_sale": "quantity",
    "positive_cancellation": "quantity",
    "unclear_price": "price",
    "bad_price": "price",
    "bad_currency": "currency",
    "two_currencies": "currency",
    "other_currency": "currency",
    "order_over": "invoice",
    "negative_price": "price",
    "absurd_price": "price",
    "no_price": "price",
    "no_product": "item",
}

# what is taken all the same
FLAGS = {
    "unusual_quantity": _("More than 100 times what the product usually sells."),
    "unusual_price": _("More than 10 times, or less than a tenth of, the product's usual price."),
}


def reason_of(line: Mapping[str, str], word: Callable[[str], str] = str) -> str:
    """Why a line of the list was refused, with what is to be said of it alone."""
    code = line["reason"]
    why = word(REASONS.get(code, code))
    return f"{word(DETAILS[code]) % line} {why}" if code in DETAILS else why
