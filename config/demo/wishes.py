"""What one customer chooses: answers drawn from the true shares until the rules allow them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

import numpy as np

from config.demo.people import FIRST, pick
from config.demo.products import ITEMS
from config.demo.sheets import Question
from config.demo.truth import choice_shares
from orders.catalogue import ImpossibleConfiguration, ProductSheet, check
from orders.configuration import Values

TRIALS = 200
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "GIFT-BOARD": {
        "en": ("Family {}", "{}'s kitchen", "Good food, good friends", "Made with love for {}",
               "Sunday at {}'s", "Eat well, {}", "For {}, with thanks", "Our first home"),
        "zh-hans": ("{}的厨房", "好好吃饭", "给{}，谢谢你", "家的味道", "我们的第一个家"),
    },
    "GIFT-FRAME": {"en": ("{} & {}", "{} + {}"), "zh-hans": ("{}与{}", "{}和{}")},
    "LAMP-LUNA": {"en": ("{}",), "zh-hans": ("{}",)},
    "HOOK-RAIL": {"en": ("Welcome", "{}", "Home", "Hello"), "zh-hans": ("欢迎", "回家", "{}")},
    "ORG-GRID": {"en": ("{}", "Desk {}", "Pens", "Odds and ends"), "zh-hans": ("{}", "文具")},
    "DESK-RISER": {"en": ("{}'s desk", "Do one thing", "Studio {}"),
                   "zh-hans": ("{}的书桌", "专注一事")},
    "LAMP-AURORA": {"en": ("For {}", "Good night, {}", "Read on"), "zh-hans": ("给{}", "晚安")},
}  # fmt: skip


def choose(
    rng: np.random.Generator,
    number: int,
    sheet: ProductSheet,
    years: float,
    day: date,
    language: str,
) -> Values:
    """A possible configuration of product `number`, `years` after history begins, on a day."""
    item = ITEMS[number]
    for _trial in range(TRIALS):
        raw = {
            question.code: answer
            for question in item.questions
            if (answer := _answer(rng, number, question, years, day, language))
        }
        try:
            return check(sheet, raw)
        except ImpossibleConfiguration:
            continue
    raise RuntimeError(f"{item.sku}: no possible choice in {TRIALS} trials")


def _answer(
    rng: np.random.Generator,
    number: int,
    question: Question,
    years: float,
    day: date,
    language: str,
) -> str | list[str]:
    if question.kind == "multi":
        shares = choice_shares(question, round(years, 1))
        return [code for code, share in shares.items() if rng.random() < share]
    answered = question.required or rng.random() < question.answered
    if question.kind == "bool":
        return "yes" if rng.random() < question.answered else "no"
    if not answered:
        return ""
    if question.kind == "select":
        codes, sums = _cumulated(number, question.code, round(years, 1))
        return codes[bisect_right(sums, rng.random() * sums[-1], hi=len(sums) - 1)]
    if question.kind == "number":
        return _number(rng, question)
    if question.kind == "date":
        return _date(rng, question, day).isoformat()
    return _text(rng, ITEMS[number].sku, int(question.maximum or 40), language)


@lru_cache(maxsize=4096)
def _cumulated(number: int, code: str, years: float) -> tuple[Sequence[str], Sequence[float]]:
    question = next(one for one in ITEMS[number].questions if one.code == code)
    shares: Mapping[str, float] = choice_shares(question, years)
    return tuple(shares), tuple(accumulate(shares.values()))


def _number(rng: np.random.Generator, question: Question) -> str:
    low, high = float(question.minimum or 0), float(question.maximum or 0)
    step = float(question.step or 1)
    wish = rng.triangular(low, float(question.default or low), high)
    return f"{low + step * round((wish - low) / step):g}"


def _date(rng: np.random.Generator, question: Question, day: date) -> date:
    """A gift is for the coming weeks; birthdays and anniversaries lie behind."""
    if question.code == "gift-day":
        return day + timedelta(days=21 + int(rng.integers(40)))
    return day - timedelta(days=30 + int(rng.integers(9000)))


def _text(rng: np.random.Generator, sku: str, longest: int, language: str) -> str:
    phrase = pick(rng, WORDS[sku][language])
    names = [pick(rng, FIRST[language]) for _ in range(phrase.count("{}"))]
    text = phrase.format(*names)
    return text if len(text) <= longest else names[0][:longest]
