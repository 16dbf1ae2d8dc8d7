"""Settings of one deployment: the environment and `webmap.toml`, read once, frozen, every problem told at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from webmap.errors import ConfigError
from webmap.wording import explain, explain_system

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parent.parent
_LONGITUDES = (-180.0, 180.0)
_LATITUDES = (-85.06, 85.06)  # Web Mercator ends at ±85.0511°

_WHY = {"extra_forbidden": "clé inconnue", "missing": "clé manquante", "json_invalid": "ce n'est pas du JSON"}
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
PublicAddress = Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
Email = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$")]
KeyFigure = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}:[a-z][a-z0-9_]{0,39}$")]
# What any territory knows of its units, once its communes are written.
_KEY_FIGURES = ("commune:population_municipale", "commune:nombre", "commune:surface_km2", "commune:densite")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Territoire(_Strict):
    """The agglomeration this atlas is about. `etendue` is west, south, east, north in WGS84 degrees."""

    code: str = Field(pattern=r"^\d{9}$")
    nom: str = Field(min_length=1)
    titre: str = Field(min_length=1)
    etendue: tuple[float, float, float, float]
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _extent_in_order(self) -> Territoire:
        west, south, east, north = self.etendue
        if not (_LONGITUDES[0] <= west < east <= _LONGITUDES[1] and _LATITUDES[0] <= south < north <= _LATITUDES[1]):
            msg = "etendue : attendu [ouest, sud, est, nord] en degrés WGS84"
            raise ValueError(msg)
        return self


class Fond(_Strict):
    """A basemap: `communal` is drawn from our own tiles, `xyz` is fetched by the reader's browser from `url`."""

    id: Slug
    titre: str = Field(min_length=1)
    type: Literal["communal", "xyz", "aucun"]
    url: str | None = None
    attribution: str | None = None
    zoom_max: int = Field(default=19, ge=0, le=22)

    @model_validator(mode="after")
    def _url_where_needed(self) -> Fond:
        if self.type == "xyz":
            address = urlsplit(self.url or "")
            if address.scheme not in {"http", "https"} or not address.netloc or not self.attribution:
                msg = f"fond « {self.id} » : un fond xyz a une `url` http(s) et une `attribution`"
                raise ValueError(msg)
            if not _HOST.fullmatch(address.netloc):  # it goes into the page's policy, where {s} or a space mean nothing
                msg = f"fond « {self.id} » : « {address.netloc} » n'est pas un nom de serveur (ni {{s}}, ni compte)"
                raise ValueError(msg)
        return self

    @property
    def origin(self) -> str | None:
        """Scheme and host the browser may fetch images from, for the CSP; None for our own basemaps."""
        if self.type != "xyz" or self.url is None:
            return None
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc}"


class Geocodage(_Strict):
    """A geocoder that answers GeocodeJSON: this server asks it for addresses, the browser never does."""

    url: str = Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$")
    attribution: str = Field(min_length=1, max_length=80)


class Deployment(_Strict):
    """What `webmap.toml` says."""

    territoire: Territoire
    fonds: tuple[Fond, ...] = Field(min_length=1)
    faits: str | None = Field(default=None, description="folder of the territory's own layers, beside the file")
    couches: tuple[str, ...] = Field(default=(), description="shared layers it takes; only with `faits`")
    decoupages: tuple[str, ...] = Field(default=(), description="découpages it reads by first, in order; others follow")
    chiffres_cles: tuple[KeyFigure, ...] = Field(
        default=_KEY_FIGURES, min_length=1, max_length=5, description="couche:mesure, at the head of each unit's page"
    )
    adresse: PublicAddress | None = Field(default=None, description="where the public reads the atlas, without a path")
    contact: Email | None = Field(default=None, description="who answers for the data: written in every metadata")
    sites_integration: tuple[PublicAddress, ...] = Field(
        default=(), max_length=50, description="sites that may show the map in a frame; none by default"
    )
    geocodage: Geocodage | None = Field(default=None, description="who is asked for addresses; nobody without it")

    @model_validator(mode="after")
    def _couches_with_faits(self) -> Deployment:
        if self.couches and self.faits is None:
            msg = "couches : ne va qu'avec `faits`, le dossier des faits de ce territoire"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _key_figures_once(self) -> Deployment:
        repeated = sorted({name for name in self.chiffres_cles if self.chiffres_cles.count(name) > 1})
        if repeated:
            msg = f"chiffres_cles : donné deux fois ({', '.join(repeated)})"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _fonds_told_apart(self) -> Deployment:
        ids = [fond.id for fond in self.fonds]
        repeated = sorted({name for name in ids if ids.count(name) > 1})
        if repeated:
            msg = f"fonds : identifiant donné deux fois ({', '.join(repeated)})"
            raise ValueError(msg)
        return self


class Settings(_Strict):
    """Everything a process needs to know, from the environment and from `webmap.toml`."""

    root: Path
    config_file: Path
    layers_folder: Path
    static_folder: Path
    octets_folder: Path  # tiles and figures already made: one a territory, shared by the processes that serve it
    host: str
    port: int
    database_url: str | None
    prechauffage: bool
    territoire: Territoire
    fonds: tuple[Fond, ...]
    facts_folder: Path | None = None
    couches: tuple[str, ...] = ()
    decoupages: tuple[str, ...] = ()
    chiffres_cles: tuple[str, ...] = _KEY_FIGURES
    adresse: str | None = None
    contact: str | None = None
    sites_integration: tuple[str, ...] = ()
    geocodage: Geocodage | None = None

    @property
    def database_name(self) -> str:
        """Database of the private cluster: each territory has its own, beside the first."""
        return "webmap" if self.config_file == PROJECT / "webmap.toml" else f"webmap_{self.territoire.code}"


def _parse_port(text: str, problems: list[str]) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:  # noqa: PLR2004 - the range of TCP ports
        return int(text)
    problems.append(f"PORT = « {text} » : attendu un nombre de 1 à 65535")
    return 0


def _parse_yes(name: str, text: str, problems: list[str]) -> bool:
    if text not in {"oui", "non"}:
        problems.append(f"{name} = « {text} » : attendu oui ou non")
    return text == "oui"


def _read_deployment(path: Path, problems: list[str]) -> Deployment | None:
    try:
        return Deployment.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        problems.append(f"{path} ne se lit pas ({explain_system(error)}) : WEBMAP_CONFIG désigne-t-il le bon fichier ?")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{path} n'est pas du TOML en UTF-8 ({explain(error)})")
    except ValidationError as error:
        problems += [f"{path} : {where_and_why(problem)}" for problem in error.errors()]
    return None


def where_and_why(problem: Mapping[str, object]) -> str:
    """Turn one pydantic error into « section.key : reason »; shared by every file webmap reads."""
    location = problem["loc"]
    where = ".".join(str(part) for part in location) if isinstance(location, tuple) else ""
    why = _WHY.get(str(problem["type"]), str(problem["msg"]))
    return f"{where} : {why}" if where else why


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read `PORT`, `HOST`, `DATABASE_URL`, `WEBMAP_PRECHAUFFAGE`, `WEBMAP_CONFIG` and the TOML file.

    Raises ConfigError carrying every problem found, in French.
    """
    problems: list[str] = []
    config_file = Path(environ.get("WEBMAP_CONFIG") or PROJECT / "webmap.toml").resolve()
    port = _parse_port(environ.get("PORT") or "8000", problems)
    prechauffage = _parse_yes("WEBMAP_PRECHAUFFAGE", environ.get("WEBMAP_PRECHAUFFAGE") or "oui", problems)
    deployment = _read_deployment(config_file, problems)
    if problems or deployment is None:
        raise ConfigError(problems)
    return Settings(
        root=PROJECT,
        config_file=config_file,
        layers_folder=PROJECT / "layers",
        static_folder=PROJECT / "static" / "dist",
        octets_folder=PROJECT / ".webmap" / "octets" / deployment.territoire.code,
        host=environ.get("HOST") or "127.0.0.1",
        port=port,
        database_url=environ.get("DATABASE_URL") or None,
        prechauffage=prechauffage,
        territoire=deployment.territoire,
        fonds=deployment.fonds,
        facts_folder=config_file.parent / deployment.faits if deployment.faits else None,
        couches=deployment.couches,
        decoupages=deployment.decoupages,
        chiffres_cles=deployment.chiffres_cles,
        adresse=deployment.adresse,
        contact=deployment.contact,
        sites_integration=deployment.sites_integration,
        geocodage=deployment.geocodage,
    )
