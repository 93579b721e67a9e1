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
        "“Same week last year” stands in."
    )


def test_a_step_names_its_method_in_the_readers_words():
    assert wording.said("testing mean") == "testing: Long average"


def test_what_staff_typed_is_left_as_it_is():
    assert wording.said("too high at Easter") == "too high at Easter"


def test_the_reason_of_a_refused_override_follows_the_reader():
    with pytest.raises(CannotOverride) as refused, translation.override("zh-hans"):
        Wish(date(2026, 3, 2), -1, "x")
    with translation.override("en"):
        words = str(wording.NOT_OVERRIDDEN[refused.value.code])
    assert words == "The number of pieces must lie between 0 and 999,999."
