"""The currency of each line of a log."""

from decimal import Decimal

import numpy as np
import pandas as pd

from journal.tables import without_sign
from orders.importing.mapping import Mapping

# ISO 4217, with the codes that were withdrawn since 2007: logs are old. Three other letters are
# a slip of the hand, and a price in a currency that nobody has cannot be compared with any.
_ISO = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP
BYN BYR BZD CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR
FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK
MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLE SLL SOS SRD SSP STD STN SVC SYP
SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST XAF XCD XCG
XOF XPF YER ZAR ZMK ZMW ZWL
"""
CODES = frozenset(_ISO.split())
CENT = Decimal("0.01")
SIGNS = {"£": "GBP", "€": "EUR", "$": "USD", "¥": "CNY", "￥": "CNY", "元": "CNY"}
# signs that several currencies share: the shop's own, where it is one of them
SHARED = {
    "$": frozenset({"AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "USD"}),
    "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}),
}


def read_currency(cell: str, shops: str) -> str:
    """The code that a cell means; blank is the shop's, and "" is what nobody can read.

    >>> [read_currency(cell, "GBP") for cell in ("eur", " £ ", "", "pounds")]
    ['EUR', 'GBP', 'GBP', '']
    """
    text = cell.strip().upper()
    if not text or shops in SHARED.get(text, ()):
        return shops
    code = SIGNS.get(text, text)
    return code if code in CODES or code == shops else ""


def currencies_of(cells: pd.Series, mapping: Mapping) -> pd.Series:
    """The code of each line, "" where it cannot be read; only distinct cells are read."""
    shops = mapping.currency
    if "currency" not in mapping.columns:
        return pd.Series(shops, index=cells.index, dtype=str)
    places, distinct = pd.factorize(cells)
    read = pd.array([read_currency(str(cell), shops) for cell in distinct], dtype="str")
    return pd.Series(read.take(places), index=cells.index)


def without_signs(prices: pd.Series, currencies: pd.Series) -> pd.Series:
    """The prices without the code or sign of their line's currency beside them."""
    bare = prices
    for code in currencies.unique():
        own = prices[currencies == code]
        read = {cell: without_sign(str(cell).strip(), code) for cell in own.unique()}
        bare = bare.mask(currencies == code, own.map(read))
    return bare


def in_two(sales: pd.DataFrame) -> pd.Series:
    """Whether the invoice of a sale holds sales in two currencies."""
    if sales["currency"].nunique() < 2:
        return pd.Series(False, index=sales.index)
    pairs = sales[["invoice", "currency"]].drop_duplicates()
    mixed = pairs["invoice"][pairs["invoice"].duplicated()]
    return sales["invoice"].isin(np.unique(mixed))


def cents(price: float) -> Decimal:
    """
    >>> cents(2.345)
    Decimal('2.34')
    """
    return Decimal(str(price)).quantize(CENT)
