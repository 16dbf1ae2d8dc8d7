"""The statements of tiles: one per layer and band of zooms, composed once; a tile is one of them.

A tile that weighs more than MAX_BYTES is drawn by the next of its statements, each coarser than the one before: it is never
cut. What each one leaves out is told by `webmap.formats.tuilage`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from psycopg import sql

from webmap.catalog.bands import LABELS
from webmap.store.attachment import sql_source
from webmap.store.drawn import DRAWN
from webmap.store.drawn_columns import FLAGS, drawn_values, has_labels, shape_column, traced_bands
from webmap.store.statements import load_sql
from webmap.store.traces import sql_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webmap.catalog.bands import Band
    from webmap.catalog.definition import LayerDefinition

MAX_BYTES = 2_500_000  # before compression, for one layer
COARSER_DROPS = (1, 2, 4)  # pixels: what is dropped, band after band, from a tile that weighs more
COARSER_GROUPS = (16, 32, 64)  # pixels: the squares by which points are grouped in such a tile


class TileStatements:
    """The statements of one layer, whole or of the rows (alias t) that meet a condition."""

    def __init__(
        self, layer: LayerDefinition, condition: sql.Composable | None = None, state: sql.Composable | None = None
    ) -> None:
        """Compose nothing yet: each band is composed when it is first asked for, and kept.

        `state` is an expression that says what the bytes are of: in the same statement, neither can be ahead of the other.
        """
        self._layer = layer
        self._condition = condition
        self._state = sql.SQL("") if state is None else sql.SQL(", {} AS etat").format(state)
        self._kept: dict[int, tuple[sql.SQL, ...]] = {}

    def at(self, z: int) -> Sequence[sql.SQL]:
        """Return the statements of a tile of zoom `z`, from fine to coarse: the first that is light enough is the tile.

        Each is a SELECT of one row, `mvt` and `etat` when a state is asked, with parameters z, x, y and those of the condition.
        """
        rank = next(rank for rank, band in enumerate(self._layer.drawing) if z <= band.zoom_max)
        if rank not in self._kept:
            whole = sql.SQL("SELECT tuile.mvt{} FROM ({}) tuile")
            # Written once: that takes as long as to run it.
            self._kept[rank] = tuple(
                sql.SQL(whole.format(self._state, each).as_string()) for each in self._compose(rank)
            )
        return self._kept[rank]

    def _compose(self, rank: int) -> list[sql.Composed]:
        bands = self._layer.drawing
        band = bands[rank]
        if self._layer.geometry == "point":
            sides = [side for side in COARSER_GROUPS if side > (band.group or 0)]
            first = self._points(band.group) if band.group else self._shapes(band, band.drop)
            return [first, *(self._points(side) for side in sides)]
        coarser = [*reversed(bands[:rank]), band, band, band][: len(COARSER_DROPS)]
        wanted = zip(coarser, COARSER_DROPS, strict=True)
        traced = band in traced_bands(self._layer)
        return [
            self._shapes(band, band.drop, traced=traced),
            *(self._shapes(other, max(drop, band.drop)) for other, drop in wanted),
        ]

    @cached_property
    def _parts(self) -> dict[str, sql.Composable]:
        layer = self._layer
        rows: sql.Composable = sql.SQL("")
        if self._condition is not None:
            rows = sql.SQL(" JOIN {} ON t.{} = d.cle").format(sql_source(layer), sql.Identifier(layer.key))
        return {
            "drawn": sql.Identifier(DRAWN, layer.id),
            "layer": sql.Literal(layer.id),
            "rows": rows,
            "kept": sql.SQL("true") if self._condition is None else self._condition,
            "order": sql.SQL("d.cle"),
        }

    def _columns(self, names: Sequence[str]) -> sql.Composed:
        others = [sql.SQL("d.{}").format(sql.Identifier(name)) for name in names]
        return sql.SQL(", ").join([sql.SQL("d.cle::text AS cle"), *others])

    def _shapes(self, band: Band, drop: float, *, traced: bool = False) -> sql.Composed:
        """Compose a tile of shapes, encoded here or put together from those that were when they were written."""
        layer, parts = self._layer, self._parts
        if drop:
            small = sql.SQL("d._taille >= {} * c.pixel").format(sql.Literal(drop))
            parts = parts | {"kept": sql.SQL("{} AND {}").format(small, parts["kept"])}
        shape = sql.Identifier("d", shape_column(band) if layer.geometry != "point" else "geom")
        features = sql_features(layer, band, parts) if traced else self._encoded(shape, parts)
        if layer.covers and band.tolerance:
            whole = self._encoded(sql.Identifier("d", "geom"), parts)
            features = sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(self._together, features, whole)
        return load_sql("tile").format(features=features, labels=self._labels(parts))

    @property
    def _together(self) -> sql.Composed:
        """Whether the rows of a layer that paves the ground are simplified, together."""
        return sql.SQL("(SELECT k.generalisee FROM tuile.couverture k WHERE k.couche = {})").format(
            sql.Literal(self._layer.id)
        )

    def _encoded(self, shape: sql.Composable, parts: Mapping[str, sql.Composable]) -> sql.Composed:
        columns = self._columns([*drawn_values(self._layer), *FLAGS])
        return load_sql("tile_shapes").format(**parts, shape=shape, columns=columns)

    def _labels(self, parts: Mapping[str, sql.Composable]) -> sql.Composable:
        layer = self._layer
        if not (has_labels(layer) and layer.style and layer.style.label):
            return sql.SQL("")
        read = dict.fromkeys(name for name in (layer.style.label.field, layer.style.field) if name not in {None, "cle"})
        return load_sql("tile_labels").format(
            **{
                **parts,
                "layer": sql.Literal(layer.id + LABELS),
                # Our zooms of the screen are those of 256 pixel tiles, one more than that of the tile.
                "zoom": sql.Literal(layer.style.label.zoom_min - 1),
                "columns": self._columns([*read, *FLAGS, "_taille"]),
            }
        )

    def _points(self, side: int) -> sql.Composed:
        alone = self._columns([*drawn_values(self._layer), *FLAGS])
        return load_sql("tile_groups").format(**self._parts, side=sql.Literal(side), alone=alone)
