// One file being made: said in a notice, with what has come of it and « Annuler », which stops the server too. Fetched when first used.
import { buildUrl } from "./adresses.js";
import { readProblem } from "./api.js";
import { showAvis } from "./avis.js";
import { byId, element } from "./dom.js";
import { formatNombre } from "./format.js";

let count = 0;

/** Pure: the name of a file, as the server gives it. */
export const readNom = (disposition) => /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "atlas";

/** Pure: « 3,4 Mo », « 120 ko ». */
export const formatTaille = (bytes) => (bytes >= 1e6 ? `${formatNombre(Math.round(bytes / 1e5) / 10)}\u00a0Mo` : `${formatNombre(Math.ceil(bytes / 1e3))}\u00a0ko`);

/** Pure: « 1,2 Mo sur 3,4 Mo »; without a length, what came. */
export const tellRecu = (received, total) => (total ? `${formatTaille(received)} sur ${formatTaille(total)}` : `${formatTaille(received)} reçus`);

const createJeton = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The body as a Blob, `onPart(bytes so far)` as it comes. */
async function readBody(response, onPart) {
  const parts = [];
  let received = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type: response.headers.get("Content-Type") ?? "" });
    parts.push(value);
    received += value.length;
    onPart(received);
  }
}

/** On a phone the panel is a drawer that lies over notices: it gives way. */
function uncover(node) {
  const { x, y, width, height } = node.getBoundingClientRect();
  if (document.elementFromPoint(x + width / 2, y + height / 2)?.closest("#panneau")) byId("bascule-panneau").click();
}

function save(blob, nom) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: nom }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** `abandon`: template of the address that tells the server to stop; `corps`: what is posted, when the address would be too long. */
export async function emporter({ href, titre, abandon, corps }) {
  const name = `travail-${(count += 1)}`;
  const [jeton, controller] = [createJeton(), new AbortController()];
  const progress = element("progress", { "aria-label": `Avancement : ${titre}` }); // without a value: nobody knows
  const recu = element("small", { "aria-live": "off" }, "Le serveur prépare le fichier.");
  const cancel = element("button", { type: "button", class: "bouton", "aria-label": `Annuler : ${titre}`, onclick: () => controller.abort() }, "Annuler");
  showAvis(name, element("div", { class: "travail" }, element("span", {}, `En préparation : ${titre}`), progress, recu, cancel), { closable: false });
  uncover(cancel);
  try {
    const response = await fetch(href, { method: corps ? "POST" : "GET", body: corps, headers: { Accept: "application/json, */*", Travail: jeton }, signal: controller.signal });
    if (!response.ok) throw new Error((await readProblem(response)) || `Erreur ${response.status} du serveur.`);
    const total = Number(response.headers.get("Content-Encoding") ? 0 : response.headers.get("Content-Length"));
    if (total) progress.max = total;
    const blob = await readBody(response, (received) => {
      if (total) progress.value = received;
      recu.textContent = tellRecu(received, total);
    });
    save(blob, readNom(response.headers.get("Content-Disposition")));
    showAvis(name, `Téléchargé : ${titre}, ${formatTaille(blob.size)}.`, { seconds: 8 });
  } catch (error) {
    if (controller.signal.aborted) {
      fetch(buildUrl(abandon, { jeton }), { method: "POST", keepalive: true }).catch(() => {}); // without a server there is nothing to stop
      showAvis(name, `Annulé : ${titre}.`, { seconds: 4 });
    } else {
      showAvis(name, `${titre} : ${error instanceof TypeError ? "le serveur ne répond pas. Recommencer dans un moment." : error.message}`, { kind: "alerte" });
    }
  }
}
