"""From typed rows to the layer, in the caller's transaction: checks that may still refuse, then the writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webmap.errors import ImportRefusedError
from webmap.store import contours, staging
from webmap.store.writing import take_turn
from webmap.wording import agree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webmap.catalog.connector import Connector
    from webmap.catalog.definition import LayerDefinition
    from webmap.importing.reading import Tally
    from webmap.store.writing import Connection

    Row = dict[str, Any]

_TOLD = 20
_WHOLE = 0.98  # a perimeter and contours digitised apart never fit to the metre


@dataclass(frozen=True)
class Arrival:
    """One connector's rows on their way into one layer; `known` are the columns that its last load read."""

    layer: LayerDefinition
    connector: Connector
    extent: tuple[float, float, float, float]
    known: frozenset[str]
    accept: bool


def bring_in(
    arrival: Arrival, connection: Connection, rows: Iterable[Row], tally: Tally
) -> tuple[staging.Changes, list[str]]:
    """Stage the rows, wait for this writer's turn, check, write. Returns counts and what to tell. Raises ImportRefusedError."""
    layer = arrival.layer
    read, doubles = staging.stage(connection, layer, rows)
    _check_columns(arrival, tally)
    _check_aside(arrival, tally.aside, read)
    take_turn(connection)
    repaired, without = staging.build_geometries(connection, layer) if layer.drawn else (0, 0)
    told = [agree(doubles, "doublon(s) d'identifiant réuni(s)")] if doubles else []
    bring = _bring_perimeters if arrival.connector.mode == "geometry" else _bring_rows
    changes, more = bring(
        arrival, connection, staging.Changes(lues=read, sans_geometrie=without, reparees=repaired), tally
    )
    return changes, [*told, *more]


def _bring_rows(
    arrival: Arrival,
    connection: Connection,
    staged: staging.Changes,
    tally: Tally,
) -> tuple[staging.Changes, list[str]]:
    layer, connector = arrival.layer, arrival.connector
    # The list of communes is the territory: it cannot be cut by the communes that are already there.
    outside = 0 if layer.id == "commune" else staging.keep_territory(connection, arrival.extent)
    others = [other.source for other in layer.connectors if other.source != connector.source]
    foreign = staging.drop_foreign(connection, layer, others)
    contradictions = staging.tie_communes(connection) if layer.geometry == "point" else 0
    if layer.id == "commune":
        contours.check_staged_coverage(connection, connector.file, accept=arrival.accept)
    before, after = staging.count_source(connection, layer, connector.source), staging.count_staged(connection)
    _check_shrink(arrival, before - after, before)
    given = {name for name in layer.field_ids if connector.columns.get(name, name) in tally.columns | arrival.known}
    created, changed, removed = staging.replace_rows(
        connection, layer, connector.source, given | connector.constants.keys() | _hiding(arrival)
    )
    counts = (staged.lues, outside, staged.sans_geometrie, staged.reparees, contradictions, created, changed, removed)
    told = [f"déjà donnés par une autre source de la couche, laissés : {_list(foreign)}"] if foreign else []
    return staging.Changes(*counts), told


def _hiding(arrival: Arrival) -> set[str]:
    """Name the lists of fields without a value that this source fills: another source may fill the same one."""
    layer, connector = arrival.layer, arrival.connector
    lists = ((layer.secret, connector.secret), (layer.unavailable, connector.unavailable))
    return {name for name, marks in lists if name and marks}


def _bring_perimeters(
    arrival: Arrival,
    connection: Connection,
    staged: staging.Changes,
    _tally: Tally,
) -> tuple[staging.Changes, list[str]]:
    layer, connector = arrival.layer, arrival.connector
    before, absent, unknown = staging.compare_keys(connection, layer)
    _check_shrink(arrival, len(absent), before, absent)
    changed, different = staging.set_geometries(connection, layer, connector.compare)
    told = [f"absentes de la source ou sans périmètre : {_list(absent)}"] if absent else []
    told += [f"touchent le territoire et ne sont pas dans la liste : {_list(unknown)}"] if unknown else []
    told += _tell_shares(staging.measure_shares(connection, layer, connector.shared)) if connector.shared else []
    counts = staging.Changes(
        lues=staged.lues, sans_geometrie=staged.sans_geometrie, reparees=staged.reparees, modifiees=changed
    )
    return counts, told + different


def _tell_shares(shares: Sequence[tuple[str, float, bool | None]]) -> list[str]:
    """Say which perimeters go beyond the territory, as measured, and where the layer says otherwise."""
    if not shares:
        return []
    parted = [f"{key} {100 * share:.0f} %" for key, share, _ in shares if share < _WHOLE]
    whole = len(shares) - len(parted)
    told = [f"mesurés : {whole} entièrement dans le territoire, {agree(len(parted), 'partagé(s)')} ({_list(parted)})"]
    return told + [
        f"{key} : dit « {'partagé' if said else 'entier'} », {100 * share:.0f} % de sa surface est dans le territoire"
        for key, share, said in shares
        if said is not None and said != (share < _WHOLE)
    ]


def _check_columns(arrival: Arrival, tally: Tally) -> None:
    lost = sorted(arrival.known - tally.columns)
    if lost and tally.read and not arrival.accept:
        msg = f"La source n'a plus la colonne {', '.join(lost)} : la couche reste comme elle était."
        raise ImportRefusedError(msg + " Si c'est voulu, ajoutez --accepter.")


def _check_aside(arrival: Arrival, aside: Sequence[str], kept: int) -> None:
    if not arrival.accept and len(aside) > arrival.connector.max_shrink * (len(aside) + kept):
        which = agree(len(aside), "ligne(s)")
        verb = "suivent" if len(aside) > 1 else "suit"
        msg = f"{which} sur {len(aside) + kept} ne {verb} plus la définition de la couche, qui reste comme elle était."
        raise ImportRefusedError(f"{msg} Si c'est voulu, ajoutez --accepter.", list(aside[:_TOLD]))


def _check_shrink(arrival: Arrival, lost: int, before: int, names: Sequence[str] = ()) -> None:
    if not arrival.accept and before and lost > arrival.connector.max_shrink * before:
        share = f"{100 * lost / before:.0f} %"
        which = f", {_list(names)}" if names else ""
        msg = f"La source a perdu {agree(lost, 'ligne(s)')} sur {before} ({share}{which}) : la couche reste comme elle était."
        raise ImportRefusedError(f"{msg} Si c'est voulu, ajoutez --accepter.")


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_TOLD]) + ("…" if len(names) > _TOLD else "")
