"""One at a time: the same on both databases."""

import pytest

from journal.alone import Busy, alone

pytestmark = pytest.mark.django_db


def test_what_is_held_is_given_to_nobody_not_even_to_its_holder_again():
    with alone("a plan"), pytest.raises(Busy), alone("a plan"):
        pytest.fail("it was given twice")


def test_other_things_are_free_meanwhile():
    with alone("a plan"), alone("a cycle"):
        pass


def test_it_is_free_again_afterwards_also_after_an_error():
    with pytest.raises(ValueError, match="broken"), alone("a plan"):
        raise ValueError("broken")
    with alone("a plan"):
        pass
