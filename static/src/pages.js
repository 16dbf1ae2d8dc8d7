// The pages written by the server: a file that takes time is made in sight, and can be given up, as on the map.
import { byId } from "./dom.js";
import { initTravaux } from "./travaux.js";

initTravaux(byId("avis").dataset.abandon);
