"""The tools of the map, with a mouse, keys and a finger: measure, draw, coordinates, geolocation; each story ends on what is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from pyproj import Geod, Transformer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.conftest import Live, OpenPage
    from tests.browser.observed import Opened

GEOD = Geod(ellps="WGS84")
PHONE = (390, 844)
# West of the territory, where nothing is drawn and no panel lies.
RED = "#b3261e"
# A red triangle on the first three, named, and a black point at 3.40, 50.38.
DRAWN = "#dessin=g1:ggqjGgyslgDgm1DginBginB_l1D:%C3%8Elot%20%C3%A0%20revoir,p0:g0wvGgu-igD"
A, B, C, D = (3.20, 50.42), (3.26, 50.44), (3.28, 50.38), (3.21, 50.37)


def tool(opened: Opened, name: str) -> Page:
    opened.page.click(f"[aria-label=Outils] [data-outil={name}]")
    opened.page.locator(f"#atelier[data-outil={name}]").wait_for()
    return opened.page


def click(opened: Opened, *places: tuple[float, float]) -> None:
    for lon, lat in places:
        opened.click_map(lon, lat)


def drawing(opened: Opened) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = opened.page.evaluate("window.atlas.dessin()")
    return found


def wait_drawing(opened: Opened, count: int) -> list[dict[str, Any]]:
    opened.wait("(n) => window.atlas.dessin().length === n", count)
    return drawing(opened)


def wait_colour(opened: Opened, place: list[float], colour: str) -> None:
    opened.until(lambda: colour in opened.colours(place[0], place[1], reach=6))


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def french(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", " ").replace(".", ",")


def near(place: list[float], expected: tuple[float, float], tolerance: float = 2e-3) -> bool:
    return all(abs(a - b) < tolerance for a, b in zip(place, expected, strict=True))


# --- measure -----------------------------------------------------------------------------------------------------


def test_a_distance_then_an_area_are_those_of_the_ellipsoid(first_view: Opened, tmp_path: Path) -> None:
    page = tool(first_view, "mesurer")
    click(first_view, A, B, C)
    assert "dernier segment" in page.inner_text(".mesure-detail")
    click(first_view, C)
    page.get_by_role("button", name="Garder dans le dessin").click()
    [kept] = drawing(first_view)
    points = kept["geometrie"]["coordinates"]
    assert len(points) == 3
    length = GEOD.geometry_length(shapely.LineString(points))
    assert kept["nom"] == f"{french(length / 1000, 2)} km"
    page.locator(".pastille", has_text="Surface").click()
    assert page.inner_text(".mesure-valeur") == "—"
    click(first_view, A, B, C, A)
    first_view.capture(tmp_path, "surface")
    page.get_by_role("button", name="Garder dans le dessin").click()
    [ring] = drawing(first_view)[1]["geometrie"]["coordinates"]
    area, _ = GEOD.geometry_area_perimeter(shapely.Polygon(ring))
    assert drawing(first_view)[1]["nom"] == f"{french(abs(area) / 1e6, 2)} km²"
    assert "ellipsoïde" in page.inner_text("#atelier")
    assert first_view.axe() == []
    page.keyboard.press("Escape")
    assert page.locator("#atelier").is_hidden()
    assert page.locator("#carte.tenue").count() == 0


def test_a_distance_by_keyboard_alone(first_view: Opened) -> None:
    page = first_view.page
    page.locator("[aria-label=Outils] [data-outil=mesurer]").focus()
    page.keyboard.press("Enter")
    page.locator("#atelier").wait_for()
    assert page.evaluate("document.activeElement.id") == "atelier-titre"
    page.locator(".saisie input").fill("50.40, 3.40")
    page.keyboard.press("Enter")
    page.locator(".saisie input").fill("X=732000 Y=7031000")
    page.keyboard.press("Enter")
    assert "Lambert-93" in page.inner_text(".saisie")
    end = Transformer.from_crs(2154, 4326, always_xy=True).transform(732000, 7031000)
    expected = french(GEOD.inv(3.40, 50.40, *end)[2] / 1000, 2)
    first_view.wait("(text) => document.querySelector('.mesure-valeur').textContent.startsWith(text)", expected)
    page.locator(".saisie input").fill("pas un lieu")
    page.keyboard.press("Enter")
    assert page.locator(".saisie input").get_attribute("aria-invalid") == "true"
    page.locator("#carte").focus()
    page.keyboard.press("Enter")  # the centre, then a second time there: the end
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Garder dans le dessin").press("Enter")
    [kept] = drawing(first_view)
    vue = first_view.vue()
    assert near(kept["geometrie"]["coordinates"][2], (vue["lon"], vue["lat"]), 1e-4)
    assert len(kept["geometrie"]["coordinates"]) == 3


# --- draw --------------------------------------------------------------------------------------------------------


def test_a_drawing_is_made_changed_and_undone(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live)
    page = tool(opened, "dessiner")
    page.locator("[data-genre=polygone].bouton").last.click()
    click(opened, A, B, C)
    opened.page.get_by_role("button", name="Retirer un sommet").click()
    click(opened, C, D)
    page.get_by_role("button", name="Terminer").click()
    [zone] = wait_drawing(opened, 1)
    assert len(zone["geometrie"]["coordinates"][0]) == 5
    page.fill("#objet-nom", "Îlot à revoir")
    page.select_option("#objet-couleur", label="Rouge")
    page.locator("[data-genre=texte]").click()
    opened.click_map(3.19, 50.33)
    wait_drawing(opened, 2)
    page.keyboard.type("Ici ?")
    page.keyboard.press("Tab")
    page.locator("[data-genre=point]").click()
    click(opened, (3.24, 50.33), (3.27, 50.33))
    wait_drawing(opened, 4)
    page.get_by_role("button", name="Annuler").click()
    wait_drawing(opened, 3)
    page.keyboard.press("Control+z")
    wait_drawing(opened, 2)
    page.keyboard.press("Control+y")
    page.get_by_role("button", name="Rétablir").click()
    assert [each["nom"] for each in wait_drawing(opened, 4)] == ["Îlot à revoir", "Ici ?", "", ""]
    wait_colour(opened, zone["geometrie"]["coordinates"][0][0], RED)
    opened.capture(tmp_path, "dessin")
    assert opened.axe() == []


def test_a_drawing_travels_in_a_link(open_map: OpenPage, live: Live) -> None:
    first = open_map(live, DRAWN)
    wait_colour(first, list(A), RED)
    page = tool(first, "dessiner")
    page.locator(".objets .ligne").first.click()
    page.fill("#objet-nom", "Autre nom")
    page.keyboard.press("Tab")
    page.select_option("#objet-couleur", label="Vert")
    first.wait("location.hash.includes('dessin=g3:') && location.hash.includes('Autre%20nom')")
    again = open_map(live, page.evaluate("location.hash"))
    assert [each["nom"] for each in drawing(again)] == ["Autre nom", ""]
    assert drawing(again)[0]["geometrie"] == drawing(first)[0]["geometrie"]
    wait_colour(again, list(A), "#1b6e3a")


def test_vertices_are_dragged_chosen_and_typed_then_deleted(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live)
    page = tool(opened, "dessiner")
    page.locator("[data-genre=ligne]").click()
    click(opened, A, B, B)
    [line] = wait_drawing(opened, 1)
    x, y = opened.pixel(*A)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*opened.pixel(*D), steps=6)
    page.mouse.up()
    opened.wait("window.atlas.dessin()[0].geometrie.coordinates[0][1] < 50.39")
    assert near(drawing(opened)[0]["geometrie"]["coordinates"][0], D)
    page.locator(".sommets summary").click()
    page.fill("#objet-sommets", "50.42, 3.20\n50.45 ; 3.25\n50°24′N 3°16′E")
    page.get_by_role("button", name="Appliquer").click()
    opened.wait("window.atlas.dessin()[0].geometrie.coordinates.length === 3")
    assert drawing(opened)[0]["geometrie"]["coordinates"][1] == [3.25, 50.45]
    page.locator(".sommets summary").click()
    page.fill("#objet-sommets", "50.42, 3.20\nrien")
    page.get_by_role("button", name="Appliquer").click()
    page.get_by_text("Ligne 2 : « rien » n’est pas").wait_for()
    page.get_by_role("button", name="Supprimer").click()
    assert wait_drawing(opened, 0) == []
    page.get_by_role("button", name="Annuler").click()
    wait_drawing(opened, 1)
    assert len(line["geometrie"]["coordinates"]) == 2


def test_a_buffer_is_made_by_the_server(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, DRAWN)
    page = tool(opened, "dessiner")
    page.locator(".objets .ligne").last.click()
    page.fill("#objet-tampon", "2000")
    page.locator("#objet-tampon").press("Enter")
    added = wait_drawing(opened, 3)[2]
    [ring] = added["geometrie"]["coordinates"]
    assert len(ring) == 65
    assert all(GEOD.inv(3.40, 50.38, *vertex)[2] == pytest.approx(2000, abs=0.05) for vertex in ring)
    assert added["nom"] == "Point 1 + 2 000 m"
    assert "sur l’ellipsoïde" in page.inner_text("#atelier")


def test_a_drawn_area_limits_a_layer_and_sets_it_free(open_map: OpenPage, live: Live) -> None:
    opened = open_map(live, f"{DRAWN}&couches=commune,espace_nature&filtres=commune:population_municipale%3E2000")
    page = tool(opened, "dessiner")
    page.locator(".objets .ligne").first.click()
    page.select_option("#objet-couche", "commune")
    page.get_by_role("button", name="Limiter", exact=True).click()
    opened.wait("window.atlas.couches()[0].filtre.includes('S_INTERSECTS')")
    filtre = page.evaluate("window.atlas.couches()[0].filtre")
    kept, _, zone = filtre.partition(" AND ")
    assert kept == "(population_municipale>2000)"
    wkt = zone.removeprefix("S_INTERSECTS(geom,").removesuffix(")")
    assert shapely.from_wkt(wkt).equals_exact(shapely.Polygon([A, B, C]), 1e-6)
    client = live.app.test_client()
    assert client.get("/exports/commune.json", query_string={"filter": filtre}).status_code == 200
    opened.wait("decodeURIComponent(location.hash).includes('S_INTERSECTS')")
    page.get_by_role("button", name="Supprimer").click()
    page.get_by_role("button", name="Annuler").click()
    page.locator(".objets .ligne").first.click()
    page.get_by_role("button", name="Ne plus limiter de couche").click()
    assert page.evaluate("window.atlas.couches()[0].filtre") == "population_municipale>2000"


def test_a_drawing_is_exported_and_imported(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, DRAWN)
    before = drawing(opened)
    page = tool(opened, "dessiner")
    with page.expect_download() as download:
        page.get_by_role("button", name="Exporter en GeoJSON").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    assert [each["geometry"]["type"] for each in features] == ["Polygon", "Point"]
    page.get_by_role("button", name="Tout effacer").click()
    wait_drawing(opened, 0)
    page.locator("#dessin-fichier").set_input_files(file)
    assert wait_drawing(opened, 2) == before
    bad = tmp_path / "mauvais.geojson"
    bad.write_text("{", encoding="utf-8")
    page.locator("#dessin-fichier").set_input_files(bad)
    page.get_by_text("Ce fichier n’est pas du GeoJSON").wait_for()


def test_a_vertex_snaps_to_what_is_shown(open_map: OpenPage, live_with_contours: Live) -> None:
    opened = open_map(live_with_contours, "#vue=14/50.36/3.39&couches=commune")
    rows = live_with_contours.rows("commune")
    vertices = [
        (lon, lat)
        for row in rows.values()
        for lon, lat in shapely.get_coordinates(shapely.geometry.shape(row["geometry"])).tolist()
    ]
    box = opened.box("#carte")

    def seen(place: tuple[float, float]) -> bool:
        x, y = opened.pixel(*place)
        inside = box["x"] + 60 < x < box["x"] + box["width"] - 420
        return inside and box["y"] + 80 < y < box["y"] + box["height"] - 60

    # Asking the page where each of thousands is would take minutes.
    near_middle = (place for place in vertices if abs(place[0] - 3.38) < 0.04 and abs(place[1] - 50.36) < 0.02)
    target = next(place for place in near_middle if seen(place))
    page = tool(opened, "dessiner")
    page.locator("[data-genre=point]").click()
    x, y = opened.pixel(*target)
    page.mouse.click(x + 5, y + 4)
    [snapped] = wait_drawing(opened, 1)
    assert GEOD.inv(*target, *snapped["geometrie"]["coordinates"])[2] < 1.5
    page.get_by_text("Accrocher à ce qui est affiché").click()
    page.mouse.click(x + 5, y + 4)
    loose = wait_drawing(opened, 2)[1]
    assert GEOD.inv(*target, *loose["geometrie"]["coordinates"])[2] > 10


def test_a_drawing_too_large_for_a_link_says_so(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live)
    page = tool(opened, "dessiner")
    line = [[3.2 + i / 5000, 50.3 + (i * 37 % 100) / 1000] for i in range(900)]
    file = tmp_path / "long.geojson"
    file.write_text(json.dumps({"type": "LineString", "coordinates": line}), encoding="utf-8")
    page.locator("#dessin-fichier").set_input_files(file)
    page.get_by_text("Ce dessin est trop grand pour un lien").wait_for()
    opened.wait("!location.hash.includes('dessin=')")
    assert len(drawing(opened)[0]["geometrie"]["coordinates"]) == 900


def test_a_finger_draws_on_a_phone(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, size=PHONE, has_touch=True, is_mobile=True)
    page = tool(opened, "dessiner")
    page.locator("[data-genre=ligne]").tap()
    top = opened.box("#carte")["y"]
    for x, y in ((60, 150), (200, 180), (200, 180)):
        page.touchscreen.tap(x, top + y)
        page.wait_for_timeout(120)
    [line] = wait_drawing(opened, 1)
    assert len(line["geometrie"]["coordinates"]) == 2
    opened.capture(tmp_path, "telephone")
    assert opened.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('#atelier button, #atelier summary, .outils button')].filter((b) => b.offsetParent)"
        ".map((b) => b.getBoundingClientRect()).filter((r) => r.width < 24 || r.height < 24).length"
    )
    assert small == 0
    page.locator("#bouton-lieux").tap()
    page.locator("#volet").wait_for()
    assert page.locator("#atelier").is_hidden()
    assert page.locator("#carte.tenue").count() == 0


# --- coordinates, position ---------------------------------------------------------------------------------------


def test_coordinates_under_the_pointer_and_of_a_point(open_map: OpenPage, live: Live, tmp_path: Path) -> None:
    opened = open_map(live, permissions=["clipboard-read", "clipboard-write"])
    page = tool(opened, "reperer")
    page.select_option("#coordonnees-systeme", "3950")
    page.mouse.move(*opened.pixel(*C))
    x, y = Transformer.from_crs(4326, 3950, always_xy=True).transform(*C)
    opened.wait("() => document.querySelector('.lecture').textContent.startsWith('1')")

    def told() -> list[float]:
        return [float(part.replace(" ", "")) for part in plain(page.inner_text(".lecture")).split(";")]

    opened.until(lambda: told() == pytest.approx([x, y], abs=150))  # a pixel is some 100 m here
    click(opened, C)
    page.get_by_role("button", name="Copier en Lambert-93 (EPSG:2154), X ; Y").click()
    copied = [float(part) for part in page.evaluate("navigator.clipboard.readText()").split(",")]
    assert copied == pytest.approx(Transformer.from_crs(4326, 2154, always_xy=True).transform(*C), abs=150)
    links = page.locator("#atelier .liens a")
    assert [link.get_attribute("rel") for link in links.all()] == ["noopener noreferrer"] * 3
    assert (links.first.get_attribute("href") or "").startswith("https://api.panoramax.xyz/?focus=map&map=17/50.3")
    opened.capture(tmp_path, "coordonnees")
    assert opened.axe() == []
    page.locator("#carte").focus()
    page.keyboard.press("ArrowRight")
    opened.steady()
    page.keyboard.press("Enter")
    vue = opened.vue()
    first = plain(page.locator(".coordonnee:not(.lecture)").first.inner_text())
    assert [float(part.replace(",", ".")) for part in first.split(" ; ")] == pytest.approx(
        [vue["lat"], vue["lon"]], abs=2e-5
    )


def test_geolocation_shows_its_circle_or_says_why_not(open_map: OpenPage, live: Live) -> None:
    here = {"longitude": 3.39, "latitude": 50.33, "accuracy": 40}
    opened = open_map(live, geolocation=here, permissions=["geolocation"])
    opened.page.click("[data-outil=localiser]")
    opened.notice("Vous êtes dans le cercle bleu. Précision annoncée : 40,0")
    opened.steady()
    assert opened.vue()["lon"] == pytest.approx(3.39, abs=1e-3)
    assert opened.vue()["zoom"] > 15
    assert "#1a4fd6" in opened.colours(3.39, 50.33, reach=6)
    opened.page.context.set_geolocation({"longitude": 2.35, "latitude": 48.85, "accuracy": 20})
    opened.page.click("[data-outil=localiser]")
    opened.notice("Vous êtes hors de la carte de")
    refused = open_map(live)
    refused.page.click("[data-outil=localiser]")
    refused.notice("La position a été refusée")
    assert refused.axe() == []


def test_the_tools_cost_nothing_until_they_are_used(first_view: Opened) -> None:
    names = ("dessiner", "mesurer", "reperer", "localiser", "map_croquis", "coordonnees")
    assert not [url for url in first_view.requests if any(f"/{name}-" in url for name in names)]
    tool(first_view, "mesurer")
    assert [url for url in first_view.requests if "/map_croquis-" in url]
