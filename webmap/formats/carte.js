// Runs inside the standalone map, once Leaflet and the constant CARTE (every text) are there.
// A text of a fact is only ever set as textContent.
function carteText(parent, tag, text, className) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  parent.append(node);
  return node;
}
function carteSheet(layer, row) {
  const box = document.createElement("div");
  box.className = "fiche";
  carteText(box, "h2", row[0]);
  carteText(box, "p", layer.singular);
  const list = document.createElement("dl");
  layer.labels.forEach((label, i) => {
    carteText(list, "dt", label);
    const missing = row[i + 1] === null;
    carteText(list, "dd", missing ? "non renseigné" : row[i + 1], missing ? "vide" : "");
  });
  box.append(list);
  return box;
}
function carteReachable(item, name) {
  if (item.eachLayer) item.eachLayer((part) => carteReachable(part, name));
  item.on("add", () => {
    const node = item.getElement && item.getElement();
    if (!node) return;
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", name);
    node.onkeydown = (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      item.openPopup();
    };
  });
}
function carteFeature(index, feature, item) {
  const layer = CARTE.layers[index];
  const row = layer.rows[feature.properties.i];
  const name = document.createElement("span");
  name.textContent = row[0];
  item.bindTooltip(name, { sticky: true });
  item.bindPopup(() => carteSheet(layer, row), {
    minWidth: 220,
    maxWidth: Math.min(360, window.innerWidth - 110),
    maxHeight: Math.round(window.innerHeight * 0.5),
    autoPanPaddingTopLeft: [54, 8],
    autoPanPaddingBottomRight: [8, 8],
  });
  carteReachable(item, row[0] + ", " + layer.singular);
}
function carteStyle(index, feature) {
  return CARTE.layers[index].styles[feature.properties.s].path;
}
function cartePoint(index, feature, latlng) {
  const style = CARTE.layers[index].styles[feature.properties.s];
  const pane = "couche" + index;
  if (!style.icon) return L.circleMarker(latlng, { ...style.path, pane });
  return L.marker(latlng, { pane, icon: L.divIcon({ html: style.icon, className: "symbole", iconSize: [style.box, style.box] }) });
}
function carteCommune(feature, item) {
  const name = CARTE.communes[feature.properties.i];
  if (!name) return;
  const text = document.createElement("span");
  text.textContent = name;
  item.bindTooltip(text, { permanent: true, direction: "center", className: "nom-commune", pane: "noms" });
}
function carteReady(map) {
  const box = map.getContainer();
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Carte interactive");
  box.setAttribute("aria-describedby", "mots");
  L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  box.querySelectorAll(".leaflet-control-layers-toggle").forEach((node) => {
    node.title = "Couches";
    node.setAttribute("aria-label", "Couches");
  });
  const names = () => box.classList.toggle("loin", map.getZoom() < 11);
  map.on("zoomend", names);
  names();
  let opener = null;
  map.on("popupopen", (event) => {
    const node = event.popup.getElement();
    const close = node.querySelector(".leaflet-popup-close-button");
    node.setAttribute("role", "dialog");
    node.setAttribute("aria-label", "Fiche");
    close.setAttribute("aria-label", "Fermer la fiche");
    close.setAttribute("href", `#${map.getContainer().id}`); // Leaflet's own « #close » leads nowhere
    node.querySelectorAll(".leaflet-popup-scrolled").forEach((content) => content.setAttribute("tabindex", "0"));
    node.onkeydown = (key) => key.key === "Escape" && map.closePopup();
    opener = box.contains(document.activeElement) ? document.activeElement : null;
    if (opener) close.focus({ preventScroll: true });
  });
  map.on("popupclose", () => opener && opener.isConnected && opener.focus({ preventScroll: true }));
}
