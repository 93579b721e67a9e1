"""The page of a run lives: it follows the work, survives a reload and ends with what was found."""

from __future__ import annotations

import pytest

from forecasting.models import TrainingRun
from tests.e2e import foreseen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def test_the_progress_moves_by_itself_and_the_page_renews_when_it_is_done(person, visit):
    user = person("staff")
    tab = visit(user).new_page()
    tab.goto(foreseen.running_run(user))
    assert tab.get_by_text("45 of 100").is_visible()
    TrainingRun.objects.update(progress=0.7, step="writing history")
    tab.get_by_text("70 of 100").wait_for(timeout=8000)
    tab.reload()
    assert tab.get_by_text("writing history").is_visible()
    TrainingRun.objects.update(status="failed", notes=["Its worker died three times."])
    tab.get_by_text("It was interrupted three times and given up.").wait_for(timeout=8000)
    assert not tab.get_by_text("70 of 100").is_visible()


def test_a_run_is_stopped_without_a_mouse(person, visit):
    user = person("staff")
    tab = visit(user).new_page()
    tab.goto(foreseen.running_run(user))
    tab.get_by_role("button", name="Stop").focus()
    tab.keyboard.press("Enter")
    tab.get_by_text("The live model goes on serving.").wait_for(timeout=8000)
    assert TrainingRun.objects.get().status == "cancelled"
