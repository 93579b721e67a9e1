"""A repeated write gets the first answer; the same key with another body is refused."""

from datetime import UTC, datetime

import pytest

from journal.idempotency import Answer, KeyReused, fingerprint, once

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def counter():
    return {"calls": 0}


def report(counter, body, key="k1"):
    def write():
        counter["calls"] += 1
        return Answer(200, {"good": body["good"]})

    request = fingerprint("POST", "/jobs/1/report", body)
    return once(scope="terminal:1", key=key, request=request, now=NOW, write=write)


def test_the_same_key_counts_once_and_gets_the_first_answer(counter):
    first = report(counter, {"good": 3})
    again = report(counter, {"good": 3})
    assert counter["calls"] == 1
    assert (first.repeated, again.repeated) == (False, True)
    assert again.body == {"good": 3}


def test_the_same_key_with_another_body_is_refused(counter):
    report(counter, {"good": 3})
    with pytest.raises(KeyReused):
        report(counter, {"good": 4})
    assert counter["calls"] == 1


def test_another_terminal_may_use_the_same_key(counter):
    report(counter, {"good": 3})
    answer = once(
        scope="terminal:2",
        key="k1",
        request="other",
        now=NOW,
        write=lambda: Answer(200, {"good": 9}),
    )
    assert answer.body == {"good": 9}


def test_a_write_that_fails_may_be_tried_again_with_its_key(counter):
    def fails():
        raise RuntimeError("disk full")

    request = fingerprint("POST", "/jobs/1/report", {"good": 3})
    with pytest.raises(RuntimeError):
        once(scope="terminal:1", key="k1", request=request, now=NOW, write=fails)
    assert report(counter, {"good": 3}).body == {"good": 3}


def test_the_order_of_keys_in_a_body_does_not_matter():
    assert fingerprint("POST", "/x", {"a": 1, "b": 2}) == fingerprint(
        "POST", "/x", {"b": 2, "a": 1}
    )
