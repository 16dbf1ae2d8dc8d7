"""Whether what communes publish adds up: nothing is published of a table of whole communes that fails one of these.

What is weighed, in every découpage: communes that publish, mask or miss a value, units + outside = whole; sums over the
communes that publish, numerators and denominators with them; each ratio against its numerator and denominator; the bounds
of the whole against those of its parts; classes against communes. A median, a rate and a quantile do not add up: only their
bounds and their communes are weighed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webmap.catalog import counting
from webmap.store.conservation import build_whole_rest
from webmap.store.statistics import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from webmap.catalog.definition import LayerDefinition
    from webmap.catalog.measure import Measure
    from webmap.store.conservation import Rest
    from webmap.store.statistics import LayerStatistics

    Pick = Callable[[Tally], float]


def build_published(layer: LayerDefinition, found: LayerStatistics) -> Iterator[Rest]:
    """Weigh every measure of one table of communes over the units of a découpage."""
    for measure in layer.measures if found.rows else ():
        whole = found.ensemble.get(measure.id, Tally())
        outside = found.hors_unite.get(measure.id, Tally())
        units = [tallies.get(measure.id, Tally()) for tallies in found.unites.values()]
        for name, pick in _adding(measure):
            told = sum(map(pick, units))
            yield build_whole_rest(layer.id, measure.id, name, told, pick(outside), pick(whole))
        for tally in (whole, outside, *units):
            yield from _weigh_one(layer, measure, tally)
        if measure.type == "bornes":
            yield from _weigh_bounds(layer, measure, [outside, *units], whole)


def build_unpublishable(
    layers: Iterable[LayerDefinition], found: Mapping[str, LayerStatistics]
) -> dict[tuple[str, str], str]:
    """(layer, measure) -> why it may not be published."""
    return {
        (layer.id, rest.mesure): counting.unpublished_text(rest.ecart, rest.unite)
        for layer in layers
        for rest in build_published(layer, found[layer.id])
        if not rest.conserve
    }


def _adding(measure: Measure) -> Iterator[tuple[str, Pick]]:
    """Yield what adds up over units whatever the measure: (its unit, how to read it)."""
    yield "communes", lambda tally: tally.communes
    yield "communes qui publient", lambda tally: tally.published
    yield "communes masquées", lambda tally: tally.masked
    if measure.type == "somme":
        yield measure.unit, lambda tally: _at(tally, 0)
    if measure.type == "rapport":
        yield f"de {measure.numerator}", lambda tally: _at(tally, 0)
        yield f"de {measure.denominator}", lambda tally: _at(tally, 1)


def _at(tally: Tally, rank: int) -> float:
    return tally.sums[rank] if tally.sums else 0


def _weigh_one(layer: LayerDefinition, measure: Measure, tally: Tally) -> Iterator[Rest]:
    """Weigh one unit against itself: its classes make its communes, its value is that of its sums."""
    if measure.type == "repartition" and tally.communes:
        yield build_whole_rest(layer.id, measure.id, "communes", sum(tally.classes), 0, tally.published)
    if tally.value is not None:
        recomputed = _at(tally, 0)
        if measure.type == "rapport":
            recomputed = measure.factor * _at(tally, 0) / _at(tally, 1)
        yield build_whole_rest(layer.id, measure.id, measure.unit, recomputed, 0, tally.value)


def _weigh_bounds(layer: LayerDefinition, measure: Measure, parts: Iterable[Tally], whole: Tally) -> Iterator[Rest]:
    """Weigh the bounds of the whole: the lowest and the highest of its parts, communes one by one in their own découpage."""
    parts = list(parts)
    for bound, of_whole in ((min, whole.low), (max, whole.high)):
        told = [value for part in parts if (value := part.low if bound is min else part.high) is not None]
        if told or of_whole is not None:
            least = bound(told) if told else 0
            yield build_whole_rest(layer.id, measure.id, measure.unit, least, 0, of_whole or 0)
