"""`/accessibilite`: the declaration of accessibility, in the form of the French official model (RGAA 4.1.2)."""

from __future__ import annotations

from flask import render_template

from webmap.web import params
from webmap.web.services import services

# The ways out that the official model names, to which a reader may go.
DEFENSEUR = {
    "message": "https://formulaire.defenseurdesdroits.fr/",
    "delegues": "https://www.defenseurdesdroits.fr/saisir/delegues",
}


def page() -> str:
    """Answer the declaration: what was tested and how, what does not conform, who to write to."""
    params.refuse_unknown(())
    return render_template("accessibilite.html", contact=services().settings.contact, defenseur=DEFENSEUR)
