"""KML 2.2: a placemark a row, with the colours of the map and the fields as typed data. Nothing in it asks the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from webmap.formats.extrait import describe, flatten

if TYPE_CHECKING:
    from pathlib import Path

    from webmap.catalog.style import Rule
    from webmap.formats.extrait import Extrait

# Its « int » has 32 bits, too few for an identifier.
_TYPES = {"integer": "double", "number": "double", "boolean": "bool"}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot write


def write_kml(path: Path, extrait: Extrait, *, styled: bool) -> None:
    """Write a layer whose geometry comes as KML text, after the value its style reads when it is `styled` by a field."""
    ids = [field.id for field in extrait.fields]
    name = ids.index(extrait.layer.name) if extrait.layer.name in ids else None
    rules = list(extrait.layer.style.rules) if extrait.layer.style else []
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n')
        out.write(f"<name>{_text(extrait.layer.title)}</name>\n")
        told = "\n".join(f"{key} : {value}" for key, value in extrait.facts.items())
        out.write(f"<description>{_text(told)}</description>\n")
        out.writelines(_build_style(rank, rule) for rank, rule in enumerate(rules))
        out.write(_build_schema(extrait))
        for rows in extrait.rows:
            for row in rows:
                title = extrait.layer.singular if name is None else row[name]
                rule = _find_rule(extrait, row[len(ids)] if styled else None)
                link = f"<styleUrl>#regle{rules.index(rule)}</styleUrl>" if rule else ""
                data = "".join(
                    f"<SimpleData name={quoteattr(each)}>{_write(value)}</SimpleData>"
                    for each, value in zip(ids, row, strict=False)
                    if value is not None
                )
                place = row[-1] if extrait.layer.drawn and row[-1] else ""
                out.write(
                    f"<Placemark><name>{_write(title)}</name>{link}<ExtendedData><SchemaData schemaUrl="
                    f'"#champs">{data}</SchemaData></ExtendedData>{place}</Placemark>\n'
                )
        out.write("</Document></kml>\n")


def _find_rule(extrait: Extrait, value: object) -> Rule | None:
    style = extrait.layer.style
    return style.rule_for({style.field or "": value}) if style else None


def _build_schema(extrait: Extrait) -> str:
    fields = "".join(
        f"<SimpleField type={quoteattr(_TYPES.get(field.type, 'string'))} name={quoteattr(field.id)}>"
        f"<displayName>{_text(describe(field))}</displayName></SimpleField>\n"
        for field in extrait.fields
    )
    return f'<Schema name={quoteattr(extrait.id)} id="champs">\n{fields}</Schema>\n'


def _build_style(rank: int, rule: Rule) -> str:
    # KML writes colours as opacity, blue, green, red; circles and hatches it does not have.
    line, fill = _color(rule.stroke, 1), _color(rule.color, rule.opacity)
    return (
        f'<Style id="regle{rank}"><IconStyle><color>{_color(rule.color, 1)}</color></IconStyle><LineStyle><color>{line}'
        f"</color><width>{rule.width:g}</width></LineStyle><PolyStyle><color>{fill}</color></PolyStyle></Style>\n"
    )


def _color(color: str, opacity: float) -> str:
    return f"{round(255 * opacity):02x}{color[5:7]}{color[3:5]}{color[1:3]}"


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _text(str(flatten(value)))


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))
