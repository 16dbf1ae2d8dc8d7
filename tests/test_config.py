"""Settings: what the environment and `webmap.toml` say, and every problem at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webmap.config import PROJECT, Settings, load_settings
from webmap.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = """
[territoire]
code = "200072460"
nom = "Béthune-Bruay, Artois Lys Romane"
titre = "Atlas"
etendue = [2.3, 50.4, 2.9, 50.7]
source = "DGCL"

[[fonds]]
id = "communal"
titre = "Fond communal"
type = "communal"
"""
XYZ = """
[[fonds]]
id = "plan"
titre = "Plan"
type = "xyz"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Return a function that writes a configuration file, and gives the environment that names it."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "atlas.toml"
        path.write_text(text, encoding="utf-8")
        return {"WEBMAP_CONFIG": str(path)}

    return write


def refuse(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as refused:
        load_settings(environ)
    assert str(refused.value) == "\n".join(refused.value.problems)
    assert refused.value.problems
    return str(refused.value)


def test_an_empty_environment_is_this_repository() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings.config_file == PROJECT / "webmap.toml"
    assert settings.layers_folder == PROJECT / "layers"
    assert settings.static_folder == PROJECT / "static" / "dist"
    assert settings.territoire.code == "200042190"
    assert settings.fonds[0].id == "communal"


def test_the_environment_is_read() -> None:
    settings = load_settings({"PORT": "8777", "HOST": "::1", "DATABASE_URL": "postgresql://sig/atlas"})
    assert (settings.host, settings.port, settings.database_url) == ("::1", 8777, "postgresql://sig/atlas")


@pytest.mark.parametrize("name", ["PORT", "HOST", "DATABASE_URL", "WEBMAP_CONFIG"])
def test_an_empty_variable_is_as_if_absent(name: str) -> None:
    assert load_settings({name: ""}) == load_settings({})


def test_another_territory_is_another_file(write: Callable[[str], dict[str, str]]) -> None:
    settings = load_settings(write(GOOD))
    assert settings.territoire.nom == "Béthune-Bruay, Artois Lys Romane"
    assert settings.config_file.name == "atlas.toml"
    assert settings.layers_folder == PROJECT / "layers"


def test_a_relative_configuration_is_read_from_here(
    write: Callable[[str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(write(GOOD)["WEBMAP_CONFIG"])
    monkeypatch.chdir(path.parent)
    assert load_settings({"WEBMAP_CONFIG": path.name}).config_file == path.resolve()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).port = 1


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80.0", " ", "8000 ", "1e3", "99999999999"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert f"PORT = « {port} » : attendu un nombre de 1 à 65535" in refuse({"PORT": port})


@given(st.integers(1, 65535))
def test_every_port_is_accepted(port: int) -> None:
    assert load_settings({"PORT": str(port)}).port == port


def test_every_problem_is_told_at_once(write: Callable[[str], dict[str, str]]) -> None:
    text = GOOD.replace('titre = "Atlas"\n', 'tittre = "Atlas"\n').replace('"200072460"', '"20007246"')
    said = refuse({**write(text + XYZ), "PORT": "x"})
    for expected in (
        "PORT = « x »",
        "territoire.titre : clé manquante",
        "territoire.tittre : clé inconnue",
        "territoire.code : ",
        "fond « plan » : un fond xyz a une `url` http(s) et une `attribution`",
    ):
        assert expected in said
    assert len(said.splitlines()) == 5


def test_a_missing_file_says_which_variable_names_it(tmp_path: Path) -> None:
    said = refuse({"WEBMAP_CONFIG": str(tmp_path / "absent.toml")})
    assert "absent.toml" in said
    assert "WEBMAP_CONFIG" in said
    assert "WEBMAP_CONFIG" in refuse({"WEBMAP_CONFIG": str(tmp_path)})


@pytest.mark.parametrize("content", [b"[territoire", b"a = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "atlas.toml"
    path.write_bytes(content)
    assert "n'est pas du TOML en UTF-8" in refuse({"WEBMAP_CONFIG": str(path)})


def test_an_empty_file_says_what_is_missing(write: Callable[[str], dict[str, str]]) -> None:
    said = refuse(write(""))
    assert "territoire : clé manquante" in said
    assert "fonds : clé manquante" in said


@pytest.mark.parametrize("key", ["[serveur]\nport = 1\n", "debug = true\n"])
def test_an_unknown_key_is_refused(write: Callable[[str], dict[str, str]], key: str) -> None:
    assert "clé inconnue" in refuse(write(key + GOOD))


@pytest.mark.parametrize(
    "etendue",
    [
        "[3.6, 50.2, 3.2, 50.6]", "[3.2, 50.6, 3.6, 50.2]", "[50.2, 3.2, 50.6, 190.0]", "[3.2, 50.2, 3.2, 50.6]",
        "[nan, 50.2, 3.6, 50.6]", "[3.2, 50.2, inf, 50.6]", "[3.2, 50.2, 3.6, 89.0]", "[3.2, 50.2, 3.6]",
        "[3.2, 50.2, 3.6, 50.6, 0]", '"3.2,50.2,3.6,50.6"',
    ],
)  # fmt: skip
def test_an_extent_that_is_none_is_refused(write: Callable[[str], dict[str, str]], etendue: str) -> None:
    assert "etendue" in refuse(write(GOOD.replace("[2.3, 50.4, 2.9, 50.7]", etendue)))


@pytest.mark.parametrize(
    "lines",
    [
        "",
        'url = "https://tuiles.example/{z}/{x}/{y}.png"',
        'attribution = "© X"',
        'url = "ftp://x/{z}"\nattribution = "© X"',
        'url = "javascript:alert(1)"\nattribution = "© X"',
        'url = "tuiles/{z}"\nattribution = "© X"',
        'url = ""\nattribution = "© X"',
        'url = "https://tuiles.example/{z}"\nattribution = ""',
    ],
)
def test_a_remote_basemap_has_an_address_and_an_attribution(write: Callable[[str], dict[str, str]], lines: str) -> None:
    assert "fond « plan » : un fond xyz a une `url` http(s) et une `attribution`" in refuse(write(GOOD + XYZ + lines))


@pytest.mark.parametrize(
    "host", ["{s}.tuiles.example", "tuiles.example; script-src *", "moi:secret@tuiles.example", "a b", "[::1]", "é.fr"]
)
def test_a_host_the_policy_could_not_name_is_refused(write: Callable[[str], dict[str, str]], host: str) -> None:
    said = refuse(write(f'{GOOD}{XYZ}url = "https://{host}/{{z}}"\nattribution = "© X"'))
    assert f"« {host} » n'est pas un nom de serveur" in said


def test_two_basemaps_of_one_name_are_refused(write: Callable[[str], dict[str, str]]) -> None:
    again = GOOD[GOOD.index("[[fonds]]") :]
    assert "identifiant donné deux fois (communal)" in refuse(write(GOOD + again))


@pytest.mark.parametrize(
    ("key", "value"), [("type", '"wms"'), ("id", '"Fond communal"'), ("zoom_max", "30"), ("titre", '""')]
)
def test_a_basemap_that_is_none_is_refused(write: Callable[[str], dict[str, str]], key: str, value: str) -> None:
    base = {"id": '"un"', "titre": '"Un"', "type": '"aucun"'} | {key: value}
    lines = "\n".join(f"{name} = {text}" for name, text in base.items())
    assert f"fonds.1.{key}" in refuse(write(f"{GOOD}\n[[fonds]]\n{lines}\n"))


def test_no_basemap_at_all_is_refused(write: Callable[[str], dict[str, str]]) -> None:
    assert "fonds" in refuse(write("fonds = []\n" + GOOD[: GOOD.index("[[fonds]]")]))


def test_the_facts_of_another_territory_are_beside_its_file(write: Callable[[str], dict[str, str]]) -> None:
    environ = write('faits = "faits"\ncouches = ["irve", "qpv"]\n' + GOOD)
    settings = load_settings(environ)
    assert settings.facts_folder == Path(environ["WEBMAP_CONFIG"]).parent / "faits"
    assert settings.couches == ("irve", "qpv")
    assert settings.database_name == "webmap_200072460"
    assert load_settings({}).database_name == "webmap"


def test_shared_layers_without_facts_are_refused(write: Callable[[str], dict[str, str]]) -> None:
    assert "ne va qu'avec `faits`" in refuse(write('couches = ["irve"]\n' + GOOD))


def test_the_address_of_a_basemap_is_never_in_the_code() -> None:
    code = [path.read_text(encoding="utf-8") for path in (PROJECT / "webmap").rglob("*.py")]
    assert not [text for text in code if "data.geopf.fr" in text]


def test_settings_hold_no_more_than_what_is_documented() -> None:
    assert Settings.model_fields.keys() == {
        "root", "config_file", "layers_folder", "static_folder", "octets_folder", "host", "port", "database_url", "territoire", "fonds",
        "prechauffage",
        "facts_folder", "couches", "decoupages", "chiffres_cles", "adresse", "contact", "geocodage",
        "sites_integration",
    }  # fmt: skip


# --- key figures -------------------------------------------------------------------------------------------------


def test_key_figures_default_to_what_any_territory_knows(write: Callable[[str], dict[str, str]]) -> None:
    settings = load_settings(write(GOOD))
    assert {name.partition(":")[0] for name in settings.chiffres_cles} == {"commune"}
    assert "commune:population_municipale" in settings.chiffres_cles


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ('["population"]', "chiffres_cles.0"),
        ('["commune:nombre", "commune:nombre"]', "chiffres_cles : donné deux fois (commune:nombre)"),
        ("[]", "chiffres_cles"),
        ('["a:a", "a:b", "a:c", "a:d", "a:e", "a:f"]', "chiffres_cles"),
        ("12", "chiffres_cles"),
    ],
)
def test_key_figures_badly_written_are_refused(write: Callable[[str], dict[str, str]], listed: str, said: str) -> None:
    assert said in refuse(write(f"chiffres_cles = {listed}\n{GOOD}"))
