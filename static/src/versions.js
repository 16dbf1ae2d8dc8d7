// Whether the data changed since the page came: asked now and then, and when the page is looked at again.
import { fetchJson } from "./api.js";
import { showAvis } from "./avis.js";

const EVERY = 60000; // milliseconds

/** The layers of which `now` is another version ({layer: version}); one that has gone is told by its tiles. */
export const listRenewed = (before, now) => Object.keys(before).filter((id) => now[id] && now[id] !== before[id]);

export function watchVersions(atlas, onRenewed) {
  async function ask() {
    if (document.hidden) return;
    const found = await fetchJson(atlas.urls.versions).catch(() => null); // a server that is down is told by the map
    const renewed = listRenewed(atlas.versions, found?.versions ?? {});
    if (renewed.length === 0) return;
    Object.assign(atlas.versions, found.versions);
    onRenewed(renewed);
    showAvis("versions", "Les données ont changé : la carte montre les nouvelles. Recharger la page met à jour les nombres.");
  }
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
