from datetime import timedelta

import pytest

from orders import collecting
from orders.catalogue import sheet
from orders.models import BehaviourEvent, Consent
from tests.factories import NOW, OAK, lamp

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def alice(agree=True, **fields):
    who = collecting.visitor("alice-session", user_agent=FIREFOX, **fields)
    if agree:
        collecting.give_consent(who.subject, collecting.MEASURE, NOW)
    return who


def stored():
    return list(BehaviourEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_without_consent_nothing_is_stored():
    assert collecting.viewed(alice(agree=False), lamp().pk, NOW) == 0
    assert stored() == []


def test_consent_to_suggestions_alone_measures_nothing():
    who = alice(agree=False)
    collecting.give_consent(who.subject, collecting.PERSONALISE, NOW)
    collecting.viewed(who, lamp().pk, NOW)
    assert stored() == []


def test_withdrawn_consent_ends_it_and_can_be_given_again():
    who = alice()
    collecting.give_consent(who.subject, collecting.MEASURE, NOW)
    collecting.viewed(who, lamp().pk, NOW)
    collecting.withdraw_consent(who.subject, collecting.MEASURE, NOW)
    collecting.searched(who, "lamp", [], 0, NOW)
    assert stored() == ["view"]
    collecting.give_consent(who.subject, collecting.MEASURE, NOW)
    assert Consent.objects.count() == 2
    assert collecting.allowed(who.subject, NOW) == {"measure"}


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "Googlebot/2.1",
        "Mozilla/5.0 (compatible; bingbot/2.0)",
        "curl/8.5",
        "HeadlessChrome/120",
    ],
)
def test_bots_are_left_out(user_agent):
    bot = collecting.visitor("alice-session", user_agent=user_agent)
    collecting.give_consent(bot.subject, collecting.MEASURE, NOW)
    collecting.viewed(bot, lamp().pk, NOW)
    assert stored() == []


def test_staff_and_strangers_without_a_session_are_left_out():
    collecting.viewed(alice(staff=True), lamp().pk, NOW)
    nobody = collecting.visitor("", user_agent=FIREFOX)
    collecting.give_consent(nobody.subject, collecting.MEASURE, NOW)
    collecting.viewed(nobody, lamp().pk, NOW)
    assert stored() == []


def test_the_subject_tells_nobody_who_it_is():
    who = alice()
    collecting.viewed(who, lamp().pk, NOW)
    [event] = BehaviourEvent.objects.all()
    assert len(event.subject) == 64
    assert "alice" not in event.subject
    assert collecting.subject_of_customer(7) != collecting.subject_of_session("7")


def test_a_key_of_its_own_makes_every_shop_another_pseudonym(settings):
    first = collecting.subject_of_customer(7)
    settings.SECRET_KEY = "another"
    assert collecting.subject_of_customer(7) != first


def test_the_same_thing_counts_once_a_day_and_the_longest_look_is_kept():
    who = alice()
    for seconds in (0, 40, 15, 10**7):
        collecting.viewed(who, lamp().pk, NOW, seconds)
    [event] = BehaviourEvent.objects.all()
    assert event.dwell_seconds == collecting.LONGEST_LOOK
    collecting.viewed(who, lamp().pk, NOW + timedelta(days=1))
    assert stored() == ["view", "view"]


def test_what_a_visitor_writes_is_not_stored():
    collecting.configured(alice(), sheet(lamp().pk), {**OAK, "engraving": "For Bob"}, NOW)
    [event] = BehaviourEvent.objects.all()
    assert event.details == OAK


def test_a_search_without_result_is_kept_too():
    collecting.searched(alice(), "  Floor  LAMP ", [], 0, NOW)
    [event] = BehaviourEvent.objects.all()
    assert event.product is None
    assert event.details == {"query": "floor lamp", "results": 0}


def test_many_events_take_three_queries(django_assert_max_num_queries):
    who, product_id = alice(), lamp().pk
    events = [collecting.Event("search", product_id, {"query": str(n)}) for n in range(20)]
    with django_assert_max_num_queries(4):
        assert collecting.record(who, events, NOW) == 20


def test_a_configuration_that_nothing_follows_is_left_behind_once():
    who, of = alice(), sheet(lamp().pk)
    collecting.configured(who, of, OAK, NOW)
    collecting.configured(who, of, {**OAK, "height": "20"}, NOW + timedelta(minutes=1))
    assert collecting.note_abandonments(NOW + timedelta(minutes=30)) == 0
    assert collecting.note_abandonments(NOW + timedelta(hours=2)) == 1
    assert collecting.note_abandonments(NOW + timedelta(hours=3)) == 0
    assert stored() == ["configure", "configure", "abandon"]


def test_a_configuration_in_the_basket_is_not_left():
    who, of = alice(), sheet(lamp().pk)
    collecting.configured(who, of, OAK, NOW)
    collecting.put_into_basket(who, of, OAK, NOW + timedelta(minutes=2))
    assert collecting.note_abandonments(NOW + timedelta(hours=2)) == 0


def test_an_order_is_known_under_both_names_of_who_signed_in():
    session = alice()
    signed_in = collecting.visitor("alice-session", 7, FIREFOX)
    collecting.carry_over(session.subject, signed_in.subject, NOW)
    assert collecting.ordered([session, signed_in], "2026-000001", [lamp().pk], NOW) == 2
    assert BehaviourEvent.objects.values("subject").distinct().count() == 2
