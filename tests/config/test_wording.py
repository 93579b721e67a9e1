"""What a cycle did is told in the language of whoever reads it."""

from django.utils import translation

from config import wording

NETTED = {
    "step": "net",
    "code": "netted",
    "facts": {"made": 3, "foreseen": 2, "resized": 1, "cancelled": 0, "refused": 0},
}
MEASURED = {
    "step": "gap",
    "code": "measured",
    "facts": {"weeks": {"2026-03-02": {"mix": 0.125}}, "lacking": [["no_plan", "2026-03-09"]]},
}


def test_a_step_is_told_in_both_languages():
    assert wording.did(NETTED).startswith("3 work orders for orders, 2 for the forecast")
    with translation.override("zh-hans"):
        assert "为订单新建工单 3 张" in wording.did(NETTED)


def test_the_gap_names_its_measures_and_what_is_lacking():
    assert wording.did(MEASURED) == (
        "2026-03-02: mix 0.125; "
        "Week of 2026-03-09: no earlier plan foresaw it, so there is nothing to compare."
    )


def test_a_training_says_what_became_of_it():
    facts = {"items": 10, "users": 20, "status": "champion"}
    told = wording.did({"step": "suggestions", "code": "ranked", "facts": facts})
    assert told == "10 products, 20 visitors and customers, Live"


def test_a_step_of_an_earlier_release_is_shown_as_it_was_written():
    assert wording.did({"step": "net", "did": "3 work orders", "seconds": 1.2}) == "3 work orders"
