// « Me localiser »: where the browser says the reader is, with the circle of what it does not know. Nothing is sent nor kept.
import { showAvis } from "./avis.js";
import { formatLongueur } from "./mesure.js";

const REFUS = {
  1: "La position a été refusée : l’autoriser dans les réglages du navigateur pour ce site, puis recommencer.",
  2: "Position indisponible : cet appareil ne sait pas où il est. Chercher plutôt une adresse ou une commune.",
  3: "Position trop longue à trouver : recommencer, à découvert si possible.",
};

export function ouvrir({ atlas, croquis, map }) {
  const refuse = (texte) => showAvis("position", texte, { kind: "alerte" });
  if (!window.isSecureContext || !navigator.geolocation) return refuse("La position n’est donnée qu’à un site en https : demander l’adresse sécurisée de l’atlas.");
  showAvis("position", "Recherche de la position…", { closable: false });
  return navigator.geolocation.getCurrentPosition(
    ({ coords: { longitude, latitude, accuracy } }) => {
      const [west, south, east, north] = atlas.territoire.etendue;
      const margin = [east - west, north - south];
      const precision = `Précision annoncée : ${formatLongueur(accuracy)} autour.`;
      croquis.mark("position", [longitude, latitude], { metres: accuracy });
      if (longitude < west - margin[0] || longitude > east + margin[0] || latitude < south - margin[1] || latitude > north + margin[1]) return refuse(`Vous êtes hors de la carte de ${atlas.territoire.nom}. ${precision}`);
      const [dy, dx] = [accuracy / 111000, accuracy / 111000 / Math.cos((latitude * Math.PI) / 180)];
      map.fit([longitude - dx, latitude - dy, longitude + dx, latitude + dy], { maxZoom: 17 });
      return showAvis("position", `Vous êtes dans le cercle bleu. ${precision}`, { seconds: 12 });
    },
    ({ code }) => refuse(REFUS[code] ?? REFUS[2]),
    { enableHighAccuracy: true, timeout: 12000 },
  );
}
