import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from journal.models import User
from tests.factories import FACTORY, NOW, customer

pytestmark = pytest.mark.django_db
RIGHT = "a-long-enough-word"
LATER = NOW.replace(minute=16)


@pytest.fixture(autouse=True)
def bob(settings):
    settings.FACTORY = FACTORY
    cache.clear()
    user = User.objects.create_user("bob", "bob@example.org", RIGHT)
    customer("Bob", user=user)
    return user


def sign_in(client, password, name="bob", address="192.0.2.1"):
    form = {"username": name, "password": password}
    return client.post(reverse("login"), form, REMOTE_ADDR=address)


def fail(client, times, **more):
    return [sign_in(client, f"guess-{number}", **more).status_code for number in range(times)]


def test_a_wrong_password_is_said_so_and_the_next_try_is_free(client):
    answer = sign_in(client, "guess")
    assert answer.status_code == 422
    assert sign_in(client, RIGHT).status_code == 302


def test_after_ten_failures_even_the_right_password_waits_a_quarter_of_an_hour(client):
    with time_machine.travel(NOW, tick=False) as clock:
        assert fail(client, 10) == [422] * 10
        answer = sign_in(client, RIGHT)
        assert answer.status_code == 429
        assert "Please wait 15 minutes" in answer.content.decode()
        clock.move_to(LATER)
        assert sign_in(client, RIGHT).status_code == 302


def test_trying_on_while_waiting_does_not_make_the_wait_longer(client):
    with time_machine.travel(NOW, tick=False) as clock:
        fail(client, 10)
        clock.move_to(NOW.replace(minute=14))
        assert fail(client, 3) == [429] * 3
        clock.move_to(LATER)
        assert sign_in(client, RIGHT).status_code == 302


def test_the_right_password_ends_the_count(client):
    fail(client, 9)
    assert sign_in(client, RIGHT).status_code == 302
    assert fail(client, 9) == [422] * 9


def test_a_name_written_otherwise_is_the_same_name(client):
    fail(client, 10, name="Bob")
    assert sign_in(client, RIGHT).status_code == 429


def test_others_and_other_places_do_not_wait_for_one_who_guesses(client):
    fail(client, 10)
    assert sign_in(client, RIGHT, address="192.0.2.2").status_code == 302
    User.objects.create_user("alice", "alice@example.org", RIGHT)
    assert sign_in(client, RIGHT, name="alice").status_code == 302


def test_the_administration_has_no_door_of_its_own(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/admin/")
