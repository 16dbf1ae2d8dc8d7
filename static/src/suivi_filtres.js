// What each filtered layer keeps, said under its name; a filter the server refuses is taken off, and told.
import { showAvis } from "./avis.js";
import { fetchChamps, fetchNombre, tellNombre, tellUnite } from "./champs.js";
import { describeFiltre, readCql2 } from "./cql2.js";
import { element } from "./dom.js";
import { setReglage } from "./etat.js";

/** « il n’y a pas de champ « x » dans cette couche »: a notice has no room for the list of those there are. */
const shorten = (message) => message.replace(/^filter : /, "").split(" ; ")[0].replace(/\.$/, "");

/** The sentence of a filter that is in force: exact number, place, condition. */
export async function tellFiltre(atlas, couche, unite, signal) {
  const [layer, nombre] = await Promise.all([fetchChamps(atlas, couche.id), fetchNombre(atlas, couche, unite, signal)]);
  const rows = readCql2(couche.filtre, layer.champs);
  const condition = rows ? describeFiltre(rows, layer.champs) : `filtre écrit ${couche.filtre}`;
  return tellNombre(nombre, layer, tellUnite(atlas, unite), condition);
}

export function createSuivi({ atlas, etat, titreOf }) {
  const shown = new Map(); // layer: {key, line, controller}

  const takeOff = (id) => etat.update({ couches: setReglage(etat.get().couches, id, "filtre", "") });

  function createLine(id) {
    const row = document.querySelector(`#affichees [data-couche="${CSS.escape(id)}"]`);
    const name = titreOf(id);
    const text = element("span", { role: "status" });
    const line = element(
      "p",
      { class: "filtre-dit" },
      text,
      element("button", { type: "button", class: "lien", "data-action": "filtrer", "aria-label": `Modifier le filtre de ${name}` }, "Modifier"),
      element("button", { type: "button", class: "lien", "aria-label": `Retirer le filtre de ${name}`, onclick: () => takeOff(id) }, "Retirer"),
    );
    row?.append(line);
    return { line, text };
  }

  function remove(id) {
    shown.get(id).controller.abort();
    shown.get(id).line.remove();
    shown.delete(id);
  }

  async function show(couche, unite, key) {
    const controller = new AbortController();
    const { line, text } = shown.get(couche.id) ?? createLine(couche.id);
    shown.get(couche.id)?.controller.abort();
    shown.set(couche.id, { key, line, text, controller });
    try {
      text.textContent = await tellFiltre(atlas, couche, unite, controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error.status === 400) {
        showAvis(`filtre-${couche.id}`, `Le filtre de la couche « ${titreOf(couche.id)} » n’est pas compris (${shorten(error.message)}) : elle est affichée entière.`, { kind: "alerte" });
        takeOff(couche.id);
      } else text.textContent = "Filtrée ; nombre indisponible pour l’instant.";
    }
  }

  return {
    refresh() {
      const { couches, filtre } = etat.get();
      const filtered = couches.filter((couche) => couche.filtre);
      for (const id of [...shown.keys()]) if (!filtered.some((couche) => couche.id === id)) remove(id);
      for (const couche of filtered) {
        const key = JSON.stringify([couche.filtre, filtre]);
        if (shown.get(couche.id)?.key !== key) show(couche, filtre, key);
      }
    },
  };
}
