"""A mapping as a form asks for it: its entries, with what a person changed."""

import tomllib
from collections.abc import Mapping
from typing import Any

from orders import importing

Entries = Mapping[str, Any]

SHOP = ("time_zone", "currency", "lead_days", "order_prefix")
LINES = ("cancellation_prefix", "decimal", "date_format")


def parsed(content: bytes) -> dict[str, Any]:
    """The entries of an uploaded mapping. Raises `BadMapping` where it cannot be used."""
    try:
        entries = tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise importing.BadMapping("The mapping is no UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise importing.BadMapping(f"The mapping is not valid TOML: {error}.") from error
    importing.build_mapping(entries, "The mapping")
    return entries


def asked(entries: Entries) -> dict[str, Any]:
    """What a form shows of a mapping."""
    shop, lines = entries.get("shop", {}), entries.get("lines", {})
    return {
        **{f"column_{ours}": theirs for ours, theirs in entries.get("columns", {}).items()},
        **{name: shop.get(name, "") for name in SHOP},
        **{name: lines.get(name, "") for name in LINES},
        "set_apart": "\n".join(
            f"{apart['kind']}: {', '.join(apart['items'])}"
            for apart in entries.get("set_apart", [])
        ),
    }


def adjusted(entries: Entries, said: Mapping[str, Any]) -> dict[str, Any]:
    """The entries with what a form said; families and all that no form asks for stay.

    Raises `BadMapping` where they cannot be used.
    """
    columns = {ours: said[f"column_{ours}"] for ours in importing.COLUMNS}
    changed = {
        **entries,
        "columns": {ours: theirs for ours, theirs in columns.items() if theirs},
        "shop": {**entries.get("shop", {}), **{name: said[name] for name in SHOP}},
        "lines": {**entries.get("lines", {}), **{name: said[name] for name in LINES}},
        "set_apart": set_apart(said["set_apart"]),
    }
    importing.build_mapping(changed, "The mapping")
    return changed


def set_apart(text: str) -> list[dict[str, Any]]:
    """Lines of “postage: SHIP, EXPRESS”. Raises `BadMapping` naming one that is not."""
    found = []
    for line in filter(None, map(str.strip, text.replace("：", ":").splitlines())):
        kind, _colon, codes = line.partition(":")
        items = [code.strip() for code in codes.replace("，", ",").split(",") if code.strip()]
        if not kind.strip() or not items:
            raise importing.BadMapping(line)
        found.append({"kind": kind.strip(), "items": items})
    return found
