"""Public holidays of Germany, computed."""

from datetime import date, timedelta


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, ch. 8).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def public_holidays(year: int) -> dict[date, str]:
    """Holidays that all of Germany keeps, by day."""
    sunday = easter(year)
    moving = {-2: "Good Friday", 1: "Easter Monday", 39: "Ascension Day", 50: "Whit Monday"}
    fixed = {
        (1, 1): "New Year's Day",
        (5, 1): "Labour Day",
        (10, 3): "German Unity Day",
        (12, 25): "Christmas Day",
        (12, 26): "Second Day of Christmas",
    }
    found = {date(year, month, day): name for (month, day), name in fixed.items()}
    found.update({sunday + timedelta(days=days): name for days, name in moving.items()})
    return dict(sorted(found.items()))
