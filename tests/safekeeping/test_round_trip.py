"""What is saved comes back, in another place, and nothing is lost on the way."""

import gzip
import io
import json
import sqlite3
import stat
import tarfile
from contextlib import closing

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from config import processes
from config.safekeeping import archive, saving, sqlite, swapping
from forecasting import artefacts
from forecasting.models import TrainingRun
from orders.models import Order
from tests import factories
from tests.factories import NOW
from tests.shops import manage


def open_shop(data_dir):
    """One order by Alice, a trained forecast, an uploaded picture and an import's report."""
    made = factories.order([factories.line()], by=factories.customer("Alice"))
    path, digest = artefacts.save("run-1", {"means": np.arange(3.0)}, {"ids": [4]})
    TrainingRun.objects.create(
        kind="forecast",
        status="champion",
        data_cut=NOW,
        requested_by="Alice",
        requested_at=NOW,
        lease_until=NOW,
        artefact=path,
        artefact_digest=digest,
    )
    (data_dir / "uploads" / "lamps").mkdir(parents=True)
    (data_dir / "uploads" / "lamps" / "oak.svg").write_text("<svg/>")
    (data_dir / "imports").mkdir()
    (data_dir / "imports" / "log-refused.csv").write_text("line,reason\n7,no_price\n")
    return made


@pytest.fixture
def saved(move_in, tmp_path):
    """A backup of Alice's shop; this process works there."""
    made = open_shop(move_in("alice"))
    path = tmp_path / "alice.tar.gz"
    call_command("backup", path, verbosity=0)
    return path, made


def unwatched(what, total):
    return lambda count: None


def members(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def written(path, changed):
    """The same archive with some members changed (None: left out)."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in changed.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def manifest_with(path, **facts):
    content = members(path)
    manifest = {**json.loads(content["manifest.json"]), **facts}
    written(path, {**content, "manifest.json": json.dumps(manifest).encode()})


def everything(folder):
    """Every file of a shop with its content; of the database its rows, as its pages may move."""
    locks = (".lock", ".turn", "-wal", "-shm")
    return {
        str(path.relative_to(folder)): _content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(locks)
    }


def _content(path):
    if path.name != "tailorline.sqlite3":
        return b"" if path.name == "up.lock" else path.read_bytes()
    with closing(sqlite3.connect(path)) as session:
        return list(session.iterdump())


def orders_in(database):
    with closing(sqlite3.connect(database)) as session:
        return session.execute("SELECT number FROM orders_order").fetchall()


def test_a_shop_comes_back_in_another_folder(saved, move_in):
    path, made = saved
    move_in("bob")
    call_command("restore", path, verbosity=0)
    bob = Order.objects.get()
    assert (bob.number, bob.customer.name) == (made.number, "Alice")
    run = TrainingRun.objects.get()
    arrays, facts = artefacts.load(run.artefact, run.artefact_digest)
    assert (arrays["means"].tolist(), facts) == ([0, 1, 2], {"ids": [4]})
    uploads = settings.DATA_DIR / "uploads"
    assert (uploads / "lamps" / "oak.svg").read_text() == "<svg/>"
    assert "no_price" in (uploads.parent / "imports" / "log-refused.csv").read_text()
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/", follow=True).status_code == 200


def test_nothing_but_the_shop_is_left_in_a_folder_that_was_empty(saved, move_in):
    path, _ = saved
    bob = move_in("bob")
    call_command("restore", path, verbosity=0)
    left = {entry.name for entry in bob.iterdir() if not entry.name.startswith("tailorline")}
    assert left == {"uploads", "models", "imports", "up.lock"}


def test_a_backup_is_for_its_owner_alone_and_leaves_no_draft(saved):
    path, _ = saved
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir() if "." in entry.name] == [path.name]


def test_no_key_is_inside_but_its_fingerprint(saved):
    path, _ = saved
    content = members(path)
    assert not [name for name in content if name.startswith("keys/")]
    plain = gzip.decompress(path.read_bytes())
    for key in (settings.SECRET_KEY, settings.FIELD_KEY):
        assert key.encode() not in plain
    assert json.loads(content["manifest.json"])["keys"].keys() == {"SECRET_KEY", "FIELD_KEY"}


def test_keys_that_were_put_in_open_the_shop_elsewhere(move_in, tmp_path, settings, capsys):
    open_shop(move_in("alice"))
    path = tmp_path / "alice.tar.gz"
    call_command("backup", path, with_keys=True, verbosity=0)
    assert "whoever has it can read everything" in capsys.readouterr().out
    alices = settings.FIELD_KEY
    bob = move_in("bob")
    settings.FIELD_KEY = "bob's own"
    call_command("restore", path, verbosity=0)
    assert (bob / "field_key").read_text() == alices
    assert stat.S_IMODE((bob / "field_key").stat().st_mode) == 0o600


def test_a_wrong_field_key_is_refused_and_nothing_is_written(saved, move_in, settings):
    path, _ = saved
    bob = move_in("bob")
    settings.FIELD_KEY = "bob's own"
    before = everything(bob)
    with pytest.raises(CommandError, match=r"FIELD_KEY here is not the one.*Nothing was changed"):
        call_command("restore", path, verbosity=0)
    assert everything(bob) == before


def test_another_secret_key_is_said(saved, move_in, settings, capsys):
    path, _ = saved
    move_in("bob")
    settings.SECRET_KEY = "bob's own"
    call_command("restore", path, verbosity=0)
    assert "everybody signs in again" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["uploads/lamps/oak.svg", "database/shop.sqlite3"])
def test_a_damaged_member_is_named_and_the_shop_stays(saved, name):
    path, _ = saved
    content = members(path)
    damaged = bytearray(content[name])
    damaged[len(damaged) // 2] ^= 1
    written(path, {**content, name: bytes(damaged)})
    shop = settings.DATA_DIR
    before = everything(shop)
    with pytest.raises(CommandError, match=f"“{name}” is damaged"):
        call_command("restore", path, force=True, verbosity=0)
    assert {**everything(shop), "up.lock": b""} == {**before, "up.lock": b""}


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_file_that_was_cut_short_is_refused(saved, share):
    path, _ = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CommandError, match=r"damaged|too early"):
        call_command("restore", path, force=True, verbosity=0)
    assert Order.objects.count() == 1


def test_a_member_that_is_missing_is_named(saved):
    path, _ = saved
    content = members(path)
    del content["models/run-1.npz"]
    written(path, content)
    with pytest.raises(CommandError, match=r"“models/run-1.npz” is missing"):
        call_command("restore", path, force=True, verbosity=0)


def test_a_file_that_is_no_backup_is_refused(move_in, tmp_path):
    move_in("bob")
    (tmp_path / "letter.txt").write_text("Dear Alice")
    with pytest.raises(CommandError, match="no backup of Tailorline"):
        call_command("restore", tmp_path / "letter.txt", verbosity=0)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"format": 2}, "A newer Tailorline made this backup. It has format 2"),
        ({"migrations": ["orders.0999_drones"]}, r"does not know orders.0999_drones. Update"),
        ({"vendor": "postgresql"}, "holds a PostgreSQL database, and this shop uses SQLite"),
        ({"bytes": 10**18}, "MB are needed"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused_with_what_to_do(saved, move_in, facts, says):
    path, _ = saved
    manifest_with(path, **facts)
    bob = move_in("bob")
    before = everything(bob)
    with pytest.raises(CommandError, match=says):
        call_command("restore", path, verbosity=0)
    assert everything(bob) == before


def test_a_running_shop_is_left_alone(saved, move_in):
    path, _ = saved
    bob = move_in("bob")
    with (
        processes.claim_folder(bob),
        pytest.raises(CommandError, match="already runs"),
    ):
        call_command("restore", path, verbosity=0)


def test_a_program_that_has_the_database_open_stops_a_restore(saved, move_in):
    path, _ = saved
    bob = move_in("bob")
    other = sqlite3.connect(bob / "tailorline.sqlite3")
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("SELECT count(*) FROM orders_order").fetchone()
    with pytest.raises(CommandError, match="another process has the database open"):
        call_command("restore", path, verbosity=0)
    other.close()


def test_a_shop_that_is_there_is_not_replaced_unasked(saved):
    path, _ = saved
    factories.order([factories.line()], by=factories.customer("Bob"))
    with pytest.raises(CommandError, match=r"already. --force"):
        call_command("restore", path, verbosity=0)
    assert Order.objects.count() == 2


def test_what_was_there_is_kept_beside_and_named(saved, capsys):
    path, made = saved
    shop = settings.DATA_DIR
    late = factories.order([factories.line()], by=factories.customer("Bob"))
    call_command("restore", path, force=True, verbosity=0)
    assert Order.objects.get().number == made.number
    (kept,) = shop.glob("tailorline.sqlite3.before-restore-*")
    assert str(kept) in capsys.readouterr().out
    assert sorted(orders_in(kept)) == sorted([(made.number,), (late.number,)])
    (uploads,) = shop.glob("uploads.before-restore-*")
    assert (uploads / "lamps" / "oak.svg").exists()


class Killed(BaseException):
    """Stands for a kill."""


@pytest.mark.parametrize("moves", range(7))
def test_killed_in_the_swap_the_next_start_finds_the_old_shop_whole(saved, monkeypatch, moves):
    path, _ = saved
    factories.order([factories.line()], by=factories.customer("Bob"))
    shop = settings.DATA_DIR
    (shop / "uploads" / "new.svg").write_text("<svg/>")
    left = [moves]
    move = swapping.Part.move

    def die_in_time(part):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        move(part)

    monkeypatch.setattr(swapping.Part, "move", die_in_time)
    # a kill runs no clean-up
    monkeypatch.setattr(swapping, "_undo", lambda parts: None)
    monkeypatch.setattr(swapping, "remove", lambda part: None)
    if moves < 6:
        with pytest.raises(Killed):
            call_command("restore", path, force=True, verbosity=0)
    else:
        monkeypatch.setattr(swapping, "_end", lambda parts: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            call_command("restore", path, force=True, verbosity=0)
    monkeypatch.undo()
    connections.close_all()

    assert swapping.mend(sqlite)
    assert Order.objects.count() == 2
    assert (shop / "uploads" / "new.svg").exists()
    run = TrainingRun.objects.get()
    artefacts.load(run.artefact, run.artefact_digest)
    assert not list(shop.glob("*.before-restore-*"))
    assert not swapping.mend(sqlite)


def test_what_cannot_be_tidied_up_after_the_swap_is_named_and_the_shop_is_there(
    saved, move_in, monkeypatch, capsys
):
    path, made = saved
    bob = move_in("bob")
    remove = swapping.remove

    def keeps_what_was_before(path):
        if "before-restore" in path.name:
            raise PermissionError(1, "Operation not permitted", str(path))
        remove(path)

    monkeypatch.setattr(swapping, "remove", keeps_what_was_before)
    call_command("restore", path, verbosity=0)
    assert Order.objects.get().number == made.number
    said = capsys.readouterr().out
    left = {str(entry) for entry in bob.iterdir() if "before-restore" in entry.name}
    assert left
    assert all(f"What was here before: {name}" in said for name in left)


@pytest.mark.parametrize(
    "name", ["/etc/cron.d/x", "uploads/../../x", "uploads/./x", "logs/x", "uploads"]
)
def test_a_member_that_leads_elsewhere_is_refused(saved, move_in, tmp_path, name):
    path, _ = saved
    written(path, {**members(path), name: b"x"})
    content = members(path)
    digests = content.pop("digests.json")
    written(path, {**content, name: b"x", "digests.json": digests})
    bob = move_in("bob")
    before = everything(bob)
    with pytest.raises(CommandError, match="has no place in a backup"):
        call_command("restore", path, verbosity=0)
    assert {**everything(bob), "up.lock": b""} == {**before, "up.lock": b""}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_is_refused(saved, move_in, kind):
    path, _ = saved
    content = members(path)
    with tarfile.open(path, "w:gz") as tar:
        for name in ("manifest.json", "database/shop.sqlite3"):
            info = tarfile.TarInfo(name)
            info.size = len(content[name])
            tar.addfile(info, io.BytesIO(content[name]))
        link = tarfile.TarInfo("uploads/link")
        link.type, link.linkname = kind, "database/shop.sqlite3"
        tar.addfile(link)
    move_in("bob")
    with pytest.raises(CommandError, match="“uploads/link” has no place"):
        call_command("restore", path, verbosity=0)


def test_more_than_the_manifest_says_is_not_unpacked(saved, move_in):
    path, _ = saved
    manifest_with(path, bytes=1000)
    move_in("bob")
    with pytest.raises(CommandError, match="more in the file than its manifest says"):
        call_command("restore", path, verbosity=0)


def test_a_backup_is_of_one_moment_though_somebody_writes(move_in, tmp_path, monkeypatch):
    """Orders come in between two steps of the copy; they are in the next backup, not in this."""
    shop = move_in("alice")
    first = open_shop(shop)
    monkeypatch.setattr(sqlite, "PAGES", 10)
    seen: list[Order] = []

    def watch(what, total):
        def advance(count):
            if what == "Database" and len(seen) < 3:
                seen.append(factories.order(by=factories.customer("Bob")))

        return advance

    done = saving.save(tmp_path / "b.tar.gz", with_keys=False, keep=None, now=NOW, watch=watch)
    assert len(seen) == 3
    assert done.rows["orders_order"] == 1
    content = members(tmp_path / "b.tar.gz")["database/shop.sqlite3"]
    (tmp_path / "copy").write_bytes(content)
    assert orders_in(tmp_path / "copy") == [(first.number,)]


def test_a_full_disk_leaves_no_half_file(saved, monkeypatch, tmp_path):
    def full(self, piece, advance):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.Writer, "add", full)
    folder = tmp_path / "usb"
    folder.mkdir()
    with pytest.raises(CommandError, match=r"No backup was made. The disk is full."):
        call_command("backup", folder / "b.tar.gz", verbosity=0)
    assert list(folder.iterdir()) == []


def test_a_backup_that_is_whole_is_not_called_missing_because_old_ones_stay(move_in, monkeypatch):
    open_shop(move_in("alice"))

    def refuses(keep):
        raise PermissionError(1, "Operation not permitted", "old.tar.gz")

    monkeypatch.setattr(saving, "_prune", refuses)
    with pytest.raises(CommandError, match=r"tailorline-.* is whole, but .*old.tar.gz") as said:
        call_command("backup", keep=1, verbosity=0)
    assert "No backup was made" not in str(said.value)
    (only,) = saving.folder().iterdir()
    assert archive.read_manifest(only).rows["orders_order"] == 1


def test_a_folder_that_is_not_there_is_named(saved, tmp_path):
    with pytest.raises(CommandError, match=r"No backup was made. .*usb.*No such file"):
        call_command("backup", tmp_path / "usb" / "b.tar.gz", verbosity=0)


def test_a_file_that_is_there_is_not_written_over(saved):
    path, _ = saved
    before = path.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", path, verbosity=0)
    assert path.read_bytes() == before


def test_what_a_killed_backup_left_is_removed_by_the_next(move_in):
    open_shop(move_in("alice"))
    left = saving.folder() / ".backing-up-x"
    left.mkdir(parents=True)
    (left / "shop.sqlite3").write_bytes(b"half")
    (saving.folder() / ".tailorline-20260301T090000Z.tar.gz.77").write_bytes(b"half")
    call_command("backup", verbosity=0)
    (only,) = saving.folder().iterdir()
    assert only.name.startswith("tailorline-")


def test_a_folder_without_a_shop_makes_no_backup(tmp_path, settings, move_in):
    shop = move_in("nobody")
    connections.close_all()
    (shop / "tailorline.sqlite3").write_bytes(b"")
    with pytest.raises(CommandError, match="There is no shop here"):
        call_command("backup", verbosity=0)
    assert list(saving.folder().iterdir()) == []


def test_only_the_newest_are_kept_in_the_default_folder(move_in):
    open_shop(move_in("alice"))
    for day in (2, 3, 4, 5):
        now = NOW.replace(day=day)
        saving.save(None, with_keys=False, keep=2, now=now, watch=unwatched)
    names = sorted(path.name for path in saving.folder().iterdir())
    assert names == ["tailorline-20260304T090000Z.tar.gz", "tailorline-20260305T090000Z.tar.gz"]


def test_both_commands_work_from_a_shell(saved, tmp_path):
    """A folder where nothing was ever started: not even tables."""
    _, made = saved
    alice, bob = settings.DATA_DIR, tmp_path / "new machine"
    again = tmp_path / "again.tar.gz"
    for name in ("field_key", "secret_key"):
        (alice / name).write_text(f"the {name} of Alice")
    connections.close_all()
    status, said = manage(alice, "backup", again)
    assert (status, "The keys are not inside" in said) == (0, True), said
    status, said = manage(bob, "restore", again)
    assert (status, "FIELD_KEY here is not" in said) == (1, True), said
    (bob / "field_key").write_text("the field_key of Alice")
    status, said = manage(bob, "restore", again)
    assert status == 0, said
    assert orders_in(bob / "tailorline.sqlite3") == [(made.number,)]
