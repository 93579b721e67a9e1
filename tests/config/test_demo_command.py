"""`manage.py demo`: seeded once, whole or not at all, and never over another shop."""

import stat
from datetime import UTC, date, datetime
from functools import partial

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from config import cycle, roles
from config.demo import logins, seeding
from config.models import CycleRun
from journal.models import Transition, User
from orders.models import BehaviourEvent, Order, OrderLine, Product, ProductFamily
from production.models import Operator, Plant, WorkCenter
from production.terminals import recognise

ANCHOR = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def silently(total):
    return lambda count: None


small = partial(seeding.seed, ANCHOR, scale=0.1, weeks=8, watch=silently)


class Killed(BaseException):
    """Stands for a kill in the middle of writing."""


def die_after(calls):
    left = [calls]

    def watch(total):
        def count(_rows):
            left[0] -= 1
            if left[0] <= 0:
                raise Killed

        return count

    return watch


def story():
    """Everything that was sold and seen, without the keys of the rows."""
    lines = OrderLine.objects.order_by("order__external_ref", "position").values_list(
        "order__number",
        "order__placed_at",
        "order__customer__external_ref",
        "configuration__digest",
        "quantity",
        "unit_price",
        "status",
        "committed_date",
    )
    events = BehaviourEvent.objects.order_by("dedup_key").values_list(
        "dedup_key", "kind", "product__sku", "at", "dwell_seconds", "details"
    )
    return list(lines), list(events)


@pytest.fixture
def command(monkeypatch, tmp_path, settings):
    """The command over a small shop, with a cycle that only says that it ran."""
    settings.DATA_DIR = tmp_path
    ran = []

    def run(as_of, **_others):
        ran.append(as_of)
        return CycleRun.objects.create(as_of=as_of, started_at=NOW, status=CycleRun.Status.DONE)

    def seed(anchor, number, *, watch):
        return small(number=number, watch=watch)

    monkeypatch.setattr(cycle, "run", run)
    monkeypatch.setattr("config.management.commands.demo.seeding.seed", seed)
    return ran


def test_the_command_fills_the_shop_runs_a_cycle_and_shows_the_logins(command, capsys):
    call_command("demo", "--date", "2026-11-23", verbosity=0)
    text = logins.file().read_text()
    assert text in capsys.readouterr().out
    assert stat.S_IMODE(logins.file().stat().st_mode) == 0o600
    assert len(command) == 3
    passwords = dict(line.split()[:2] for line in text.splitlines() if line.startswith("  "))
    alice = authenticate(username="alice", password=passwords["alice"])
    assert alice is not None
    assert alice.is_staff
    assert alice.groups.get().name == "planner"
    bob = User.objects.get(username="bob")
    assert bob.customer.orders.count() >= 1
    assert not bob.is_staff


def test_every_cell_has_a_terminal_whose_token_is_known(command):
    call_command("demo", "--date", "2026-11-23", verbosity=0)
    lines = logins.file().read_text().split("Terminal tokens")[1].splitlines()[2:]
    tokens = {line.split()[-1]: line.split()[-2] for line in lines if line.strip()}
    assert set(tokens) == set(WorkCenter.objects.values_list("code", flat=True))
    for code, token in tokens.items():
        assert recognise(token, now=NOW).work_center.code == code
    assert Operator.objects.get(badge="B042").user == User.objects.get(username="operator")


def test_the_second_run_changes_nothing(command):
    call_command("demo", "--date", "2026-11-23", verbosity=0)
    before, kept = story(), logins.file().read_text()
    call_command("demo", "--date", "2027-02-01", "--seed", "5", verbosity=0)
    assert story() == before
    assert logins.file().read_text() == kept
    assert len(command) == 3


def test_a_shop_without_its_login_file_gets_new_passwords_and_keeps_its_rows(command):
    call_command("demo", "--date", "2026-11-23", verbosity=0)
    before = story()
    logins.file().unlink()
    call_command("demo", verbosity=0)
    assert logins.file().exists()
    assert story() == before


def test_the_same_date_and_seed_write_the_same_rows():
    small(number=2)
    first = story()
    Plant.objects.update(name=seeding.UNFINISHED)
    User.objects.all().delete()
    assert seeding.remove_leftovers()
    assert not Order.objects.exists()
    small(number=2)
    assert story() == first


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_seeding_that_was_killed_is_begun_anew(calls):
    with pytest.raises(Killed):
        small(watch=die_after(calls))
    assert not seeding.is_here()
    assert small() is not None
    assert seeding.is_here()
    again = story()
    Plant.objects.update(name=seeding.UNFINISHED)
    User.objects.all().delete()
    small()
    assert story() == again


def test_a_shop_with_products_of_its_own_is_left_alone():
    family = ProductFamily.objects.create(code="cups", name="Cups")
    Product.objects.create(sku="CUP-1", name="Cup", family=family, base_price=3)
    with pytest.raises(seeding.NotEmpty, match="already has products"):
        small()
    assert not Plant.objects.exists()


def test_the_command_says_plainly_why_it_refuses(command):
    family = ProductFamily.objects.create(code="cups", name="Cups")
    Product.objects.create(sku="CUP-1", name="Cup", family=family, base_price=3)
    with pytest.raises(CommandError, match="fills an empty shop only"):
        call_command("demo", verbosity=0)
    assert command == []


def test_leftovers_that_somebody_built_on_are_not_removed():
    with pytest.raises(Killed):
        small(watch=die_after(2))
    Order.objects.create(status="draft", created_at=NOW)
    orders = Order.objects.count()
    with pytest.raises(seeding.NotEmpty, match="half made"):
        small()
    assert Order.objects.count() == orders


def test_history_comes_without_transitions():
    small()
    assert not Transition.objects.exists()


# Roles


def test_roles_are_made_once_and_keep_what_an_owner_added():
    roles.ensure()
    extra = roles.permissions([("orders.review", ("view",)), ("orders.invoice", ("delete",))])
    operator = Group.objects.get(name="operator")
    operator.permissions.add(*extra)
    held = set(operator.permissions.all())
    roles.ensure()
    assert set(operator.permissions.all()) == held
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)


def test_a_release_gives_each_role_the_rights_that_it_lacks():
    planner = Group.objects.get(name="planner")
    [right] = planner.permissions.filter(codename="change_plan")
    planner.permissions.remove(right)
    call_command("migrate", verbosity=0)
    assert right in planner.permissions.all()


def test_each_role_may_do_its_own_work_only():
    roles.ensure()
    may = {
        name: set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))
        for name in roles.ROLES
    }
    assert may["customer"] == set()
    assert "change_job" in may["operator"]
    assert "view_order" not in may["operator"]
    assert {"change_order", "add_trainingrun", "change_plan"} <= may["planner"]
    assert "delete_order" not in may["planner"]
    assert "change_user" not in may["planner"]
    assert "change_order" not in may["quality"]
    assert {"change_user", "delete_product"} <= may["admin"]
