"""Surfaces that pave the ground, simplified together: the boundary two of them share is simplified once, for both.

Boundaries are cut where three surfaces meet, and each piece is simplified by Douglas and Peucker: neighbours never part,
and nothing moves by more than the tolerance. shapely.coverage_simplify weighs areas: at equal tolerance it keeps twice the
vertices and strays up to fourteen times farther (docs/architecture.md).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_MIN_RING = 4  # vertices, the first one twice


def simplify_coverage(surfaces: Sequence[bytes], tolerances: Sequence[float]) -> list[list[bytes]]:
    """Return the surfaces (WKB) simplified by each tolerance, in the unit of their coordinates; in the order given.

    The result may touch itself where a neck is thinner than the tolerance: what draws it makes it valid. A surface that
    has no area left is given whole, since nothing is dropped here.
    """
    if not surfaces:
        return [[] for _ in tolerances]
    shapes = shapely.from_wkb(list(surfaces))
    parts, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_part = shapely.get_rings(parts, return_index=True)
    arcs, uses = _cut(rings)
    return [
        _rebuild(shapely.simplify(arcs, t, preserve_topology=False), uses, rings, of_part, of_shape) for t in tolerances
    ]


def _cut(rings: NDArray[np.object_]) -> tuple[NDArray[np.object_], list[list[tuple[int, bool]]]]:
    """Return the pieces of boundary, each once, and for each ring the pieces it is made of, and whether it runs them backwards."""
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    _, first, vertex = np.unique(points.view(np.complex128).ravel(), return_index=True, return_inverse=True)
    places = points[first]
    follows = of_ring[1:] == of_ring[:-1]
    ends = np.sort(np.stack([vertex[:-1], vertex[1:]], axis=1)[follows], axis=1)
    edges = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    is_node = np.bincount(edges.ravel(), minlength=len(places)) != 2  # noqa: PLR2004 - a plain vertex has two neighbours
    pieces: dict[tuple[int, ...], int] = {}
    lines: list[NDArray[np.int64]] = []
    uses: list[list[tuple[int, bool]]] = []
    starts = np.flatnonzero(np.r_[True, ~follows])
    for chain in np.split(vertex, starts[1:]):
        loop = chain[:-1]
        nodes = np.flatnonzero(is_node[loop])
        turn = int(nodes[0]) if len(nodes) else int(np.argmin(loop))
        loop = np.r_[np.roll(loop, -turn), loop[turn]]
        bounds = [*((nodes - turn).tolist() if len(nodes) else [0]), len(loop) - 1]
        used = []
        for begin, end in pairwise(bounds):
            line = loop[begin : end + 1]
            forwards, backwards = (line[0], line[1], line[-2], line[-1]), (line[-1], line[-2], line[1], line[0])
            key = tuple(map(int, min(forwards, backwards)))
            if key not in pieces:
                pieces[key] = len(lines)
                lines.append(line if forwards <= backwards else line[::-1])
            used.append((pieces[key], forwards > backwards))
        uses.append(used)
    owner = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    return np.asarray(shapely.linestrings(places[np.concatenate(lines)], indices=owner)), uses


def _rebuild(
    arcs: NDArray[np.object_],
    uses: list[list[tuple[int, bool]]],
    rings: NDArray[np.object_],
    of_part: NDArray[np.int64],
    of_shape: NDArray[np.int64],
) -> list[bytes]:
    points, of_arc = shapely.get_coordinates(arcs, return_index=True)
    lines = np.split(points, np.searchsorted(of_arc, np.arange(1, len(arcs))))
    polygons = []
    for own in np.split(np.arange(len(rings)), np.searchsorted(of_part, np.arange(1, of_part[-1] + 1))):
        built = [_close(lines, uses[ring]) for ring in own]
        shell = built[0] if len(built[0]) >= _MIN_RING else shapely.get_coordinates(rings[own[0]])
        polygons.append(shapely.Polygon(shell, [hole for hole in built[1:] if len(hole) >= _MIN_RING]))
    shapes = shapely.multipolygons(polygons, indices=of_shape)
    return list(shapely.to_wkb(shapes))


def _close(lines: list[NDArray[np.float64]], used: list[tuple[int, bool]]) -> NDArray[np.float64]:
    """Return the vertices of a ring, the first one again at the end."""
    chained = [lines[rank][::-1] if backwards else lines[rank] for rank, backwards in used]
    return np.concatenate([chained[0][:1], *(line[1:] for line in chained)])
