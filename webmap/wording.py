"""French that any storey may need: counts that agree, and what the standard readers say in English."""

from __future__ import annotations

import csv
import errno
import re
import zipfile
import zlib

_PLURAL = 2  # zero is singular in French
_ENDING = re.compile(r"\(([^()|]*)(?:\|([^()|]*))?\)")
_PLACE = re.compile(r"line (\d+),? column (\d+)")
# A class, a piece of its English message, and what it means for the person who has the file; the first that fits.
_SAID: tuple[tuple[type[Exception], str, str], ...] = (
    (csv.Error, "field larger", "une cellule démesurée, sans doute un guillemet jamais fermé"),
    (csv.Error, "NUL", "un caractère nul"),
    (csv.Error, "new-line", "une fin de ligne au milieu d'une cellule"),
    (csv.Error, "", "un guillemet mal placé ou jamais fermé"),
    (RecursionError, "", "des objets imbriqués sans fin"),
    (NotImplementedError, "", "une compression inconnue"),
    (RuntimeError, "", "une archive protégée par un mot de passe"),  # zipfile has no class of its own for it
    (zipfile.BadZipFile, "", "une archive interrompue ou abîmée"),
    (zlib.error, "", "une archive interrompue ou abîmée"),
    (EOFError, "", "une archive interrompue ou abîmée"),
    (OSError, "", "une archive interrompue ou abîmée"),
    (ValueError, "digits", "un nombre démesuré"),
    (ValueError, "end of document", "interrompu avant la fin"),
)
# What the system answers, which Python says in English whatever the machine's language.
_SYSTEM = {
    errno.ENOENT: "il n'existe pas",
    errno.EISDIR: "c'est un dossier",
    errno.ENOTDIR: "ce n'est pas un dossier",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le quota de disque est atteint",
    errno.EROFS: "le disque est en lecture seule",
    errno.EIO: "le disque ne répond pas",
    errno.ENAMETOOLONG: "le nom est trop long",
    errno.EADDRNOTAVAIL: "cette adresse n'est pas à cette machine",
}


def agree(count: int, pattern: str) -> str:
    """« 1 source n'a » or « 3 sources n'ont » from « source(s) n'(a|ont) »: endings in parentheses follow the count."""
    return f"{count} {choose(count, pattern)}"


def choose(count: float, pattern: str) -> str:
    """Return the words of `agree` without the number."""

    def end(found: re.Match[str]) -> str:
        first, second = found[1], found[2]
        if second is None:
            return "" if abs(count) < _PLURAL else first
        return first if abs(count) < _PLURAL else second

    return _ENDING.sub(end, pattern)


def explain(error: Exception) -> str:
    """Say what a reader of JSON, TOML, CSV or ZIP found wrong, without its own English words."""
    text = str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"l'octet {error.start + 1} n'est pas de l'UTF-8"
    if place := _PLACE.search(text):
        return f"illisible à partir de la ligne {place[1]}, colonne {place[2]}"
    return next((said for kind, piece, said in _SAID if isinstance(error, kind) and piece in text), "contenu illisible")


def explain_system(error: OSError) -> str:
    """Say why the system refused a file or an address; what is rare stays in the system's own words."""
    return _SYSTEM.get(error.errno or 0, error.strerror or str(error))
