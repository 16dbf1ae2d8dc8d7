// The basemap: ours by default; a configured service only when asked for, and only if one of its images comes.
import { removeAvis, showAvis } from "./avis.js";
import { byId } from "./dom.js";

const PROBE_SECONDS = 8;

/** Address of the tile that holds a place, at a middling zoom. */
export function probeUrl(template, [west, south, east, north], zoom = 12) {
  const [lon, lat] = [(west + east) / 2, ((south + north) / 2) * (Math.PI / 180)];
  const x = Math.floor(((lon + 180) / 360) * 2 ** zoom);
  const y = Math.floor(((1 - Math.asinh(Math.tan(lat)) / Math.PI) / 2) * 2 ** zoom);
  return template.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
}

/** Whether an image comes; `copied`: and may be copied into a picture, which its server has to allow (CORS). */
export function probe(url, copied = false) {
  return new Promise((resolve) => {
    const image = new Image();
    const timer = setTimeout(() => resolve(false), PROBE_SECONDS * 1000);
    const finish = (found) => {
      clearTimeout(timer);
      resolve(found);
    };
    image.onload = () => finish(true);
    image.onerror = () => finish(false);
    image.referrerPolicy = "no-referrer";
    if (copied) image.crossOrigin = "anonymous";
    image.src = url;
  });
}

export function initFonds({ atlas, etat }) {
  const select = byId("fond");
  const fondOf = (id) => atlas.fonds.find((fond) => fond.id === id);
  const refuge = (atlas.fonds.find(({ type }) => type === "communal") ?? atlas.fonds[0])?.id;
  let wanted = null;

  async function choose(id) {
    const fond = fondOf(id);
    wanted = id;
    removeAvis("fond");
    if (fond?.type === "xyz") {
      showAvis("fond", `Chargement du fond « ${fond.titre} »…`, { closable: false });
      const reached = await probe(probeUrl(fond.url, atlas.territoire.etendue));
      if (wanted !== id) return;
      removeAvis("fond");
      if (!reached) {
        showAvis("fond", `Fond injoignable : « ${fond.titre} ». Retour au fond communal.`, { kind: "alerte", seconds: 12 });
        wanted = refuge;
      }
    }
    etat.update({ fond: wanted });
  }

  select.addEventListener("change", () => choose(select.value));
  etat.subscribe(({ fond }) => {
    select.value = fond;
    const { attribution } = fondOf(fond) ?? {};
    byId("attribution-fond").textContent = attribution ? `${attribution} · ` : "";
  });
  return { choose };
}
