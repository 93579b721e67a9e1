"""An import in plain words, for its page and for its files."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from config.importing import wording
from config.models import ImportRun

READ, ACT = "config.view_importrun", "config.add_importrun"


@dataclass(frozen=True)
class Shown:
    """An import in plain words."""

    run: ImportRun

    @property
    def label(self) -> str:
        return _("Needs an answer") if self.asks else str(self.run.get_status_display())

    @property
    def tone(self) -> str:
        return "blocked" if self.asks else ""

    @property
    def asks(self) -> bool:
        return self.run.status == "checked" and wording.asks(self.run.notes)

    @property
    def notes(self) -> list[str]:
        return [wording.said(note) for note in self.run.notes]

    @property
    def state(self) -> str:
        return "queued" if self.run.status in ("uploaded", "queued") else "running"

    @property
    def step(self) -> str:
        return str(wording.STEPS.get(self.run.step, ""))

    @property
    def what(self) -> str:
        checking = self.run.status in ("uploaded", "checking")
        return _("The check") if checking else _("The import")

    @property
    def facts(self) -> list[tuple[str, object]]:
        facts: list[tuple[str, object]] = []
        if self.run.reading:
            facts.append((_("Read as"), wording.layout(self.run.reading)))
        if self.run.origin:
            facts.append((_("Mapping"), self.run.get_origin_display()))
        return facts

    @property
    def figures(self) -> list[tuple[str, int | None]]:
        """What the file holds and what of it came in; None where that is not known yet."""
        counts = self.run.counts
        return [
            (_("Lines"), counts.get("lines")),
            (_("Orders"), counts.get("orders")),
            (_("Orders added"), counts.get("added", {}).get("orders")),
        ]

    @property
    def can_start(self) -> bool:
        return self.run.status == "checked" and self.run.kept and not self.asks

    @property
    def everything_known(self) -> bool:
        """Every order of a checked file was here already, or an import added nothing."""
        counts = self.run.counts
        if "added" in counts:
            return self.run.status == "done" and not any(counts["added"].values())
        return bool(counts.get("orders")) and counts["known_orders"] == counts["orders"]


@dataclass(frozen=True)
class Counted:
    """Lines of one kind: how many, and what is to be done about them."""

    group: str
    words: str
    count: int
    is_data: bool = False  # the words are the mapping's, not ours


def counted(row: ImportRun) -> list[Counted]:
    """Every reason of the counts, the most frequent of its kind first."""
    counts = row.counts
    return [
        *_of_group(_("Set apart"), counts.get("apart", {}), str, is_data=True),
        *_of_group(_("Not taken"), counts.get("refused", {}), wording.reason),
        *_of_group(_("Look at"), counts.get("flagged", {}), wording.flag),
    ]


def _of_group(
    group: str, counts: dict[str, int], words: Callable[[str], str], *, is_data: bool = False
) -> list[Counted]:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [Counted(group, words(code), count, is_data) for code, count in ordered]
