// « Dessiner une zone »: the button and its help, then the page that counts what the zone holds.
import { removeAvis, showAvis } from "./avis.js";
import { byId, element } from "./dom.js";
import { fitsAddress, writeZone, zoneAddress } from "./zone.js";

export function initDessin({ atlas, map, panneau }) {
  const [start, tools, done] = ["dessiner", "dessin-outils", "dessin-terminer"].map(byId);

  function show(drawing) {
    start.setAttribute("aria-pressed", String(drawing));
    start.textContent = drawing ? "Abandonner le dessin" : "Dessiner une zone";
    tools.hidden = !drawing;
    done.disabled = true;
    byId("carte").classList.toggle("en-dessin", drawing);
    if (drawing) showAvis("dessin", "Cliquer chaque sommet de la zone, puis le premier pour la fermer. Échap abandonne.", { closable: false });
    else removeAvis("dessin");
  }

  function ask(wkt) {
    if (fitsAddress(wkt)) return location.assign(zoneAddress(atlas.urls.polygone, wkt));
    const form = element("form", { method: "post", action: atlas.urls.polygone, hidden: true }, element("input", { type: "hidden", name: "wkt", value: wkt }));
    document.body.append(form);
    form.submit();
  }

  function end(lonLats) {
    show(false);
    const wkt = writeZone(lonLats);
    if (wkt) ask(wkt);
    else showAvis("dessin", "Une zone a au moins trois sommets.", { kind: "alerte", seconds: 6 });
  }

  const dessin = map.createDessin({ onChange: (count) => (done.disabled = count < 3), onEnd: end });

  function cancel() {
    dessin.stop();
    show(false);
  }

  start.addEventListener("click", () => {
    if (dessin.active()) return cancel();
    if (panneau.narrow()) panneau.set(false);
    dessin.start();
    show(true);
  });
  done.addEventListener("click", () => dessin.finish());
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !dessin.active()) return;
      event.preventDefault();
      cancel();
    },
    true,
  );
}
