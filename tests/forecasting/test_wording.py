"""What is stored as a code is read in the reader's language."""

from datetime import date

import pytest
from django.utils import translation

from forecasting import wording
from forecasting.overriding import CannotOverride, Wish


def test_a_stored_note_is_put_into_the_readers_words():
    note = {
        "code": "few_orders",
        "facts": {
            "method": "boosted trees",
            "have": 214,
            "needed": 400,
            "stand_in": "seasonal naive",
        },
    }
    assert wording.said(note) == (
        "Learned from all products: 214 of about 400 weeks with orders needed; "
        "the simpler methods stand in."
    )


@pytest.mark.parametrize(
    ("code", "facts", "said"),
    [
        (
            "few_periods",
            {"method": "boosted trees", "have": 14, "needed": 20, "stand_in": "seasonal naive"},
            "Learned from all products: 14 of about 20 weeks needed to be tested; "
            "the simpler methods stand in.",
        ),
        (
            "few_origins",
            {"tested": 2, "needed": 3},
            "Only 2 past dates could be tested, 3 are needed to choose a method; all count alike.",
        ),
        (
            "new_products",
            {"products": 4, "stand_in": "pooled mean"},
            "Products too new to show a pattern: 4; “Own average beside the usual” stands in for "
            "them.",
        ),
        ("no_time", {"method": "mean"}, "No time was left to test “Long average”."),
        ("choice_stays", {}, "The live choice of methods stays: the new one is no better."),
    ],
)
def test_every_note_has_its_words(code, facts, said):
    assert wording.said({"code": code, "facts": facts}) == said


def test_a_note_is_read_in_chinese_too():
    with translation.override("zh-hans"):
        said = wording.said({"code": "few_origins", "facts": {"tested": 2, "needed": 3}})
    assert said == "只能检验 2 个过去日期，选择方法需要 3 个；各方法同等计入。"


def test_a_step_names_its_method_in_the_readers_words():
    assert wording.said("testing mean") == "testing: Long average"


def test_what_staff_typed_is_left_as_it_is():
    assert wording.said("too high at Easter") == "too high at Easter"


def test_the_reason_of_a_refused_override_follows_the_reader():
    with pytest.raises(CannotOverride) as refused, translation.override("zh-hans"):
        Wish(date(2026, 3, 2), -1, "x")
    words = wording.NOT_OVERRIDDEN[refused.value.code]
    assert str(words) == "The number of pieces must lie between 0 and 999,999."
    with translation.override("zh-hans"):
        assert str(words) == "件数须在 0 到 999,999 之间。"
