// The state of the page: one object, changed in one place, heard by every panel. A shown layer is
// {id, opacite, masquees: ranks of the legend's classes not drawn, filtre: CQL2 text}; the last two are there only when they do something.
// `couches` is always the set being worked on; while two are compared, the other one is in `comparer` with the side it is shown on:
// {mode: "rideau" | "cote", position: 0 to 1 from the left, cote: "gauche" | "droite", couches}.
// `lignes`: rows chosen in a table, {couche, cles}, or null.

export function createEtat(initial) {
  let current = Object.freeze({ ...initial });
  const listeners = new Set();
  return {
    get: () => current,
    update(changes) {
      const previous = current;
      current = Object.freeze({ ...previous, ...changes });
      for (const listener of listeners) listener(current, previous);
    },
    /** Returns what ends it. */
    subscribe(listener) {
      listeners.add(listener);
      listener(current, current);
      return () => listeners.delete(listener);
    },
  };
}

export function initialEtat(atlas) {
  const couches = listCouches(atlas)
    .filter((couche) => couche.affichee)
    .sort((a, b) => a.ordre - b.ordre)
    .map(({ id }) => ({ id, opacite: 1 }));
  return { couches, fond: atlas.fonds[0]?.id ?? null, filtre: null, fiche: null, lignes: null, vue: null, comparer: null, dessin: [] };
}

export const listCouches = (atlas) => atlas.themes.flatMap((theme) => theme.couches);

/** Show a layer at the place its `ordre` gives it among those already shown (the list goes from bottom to top). */
export function addCouche(couches, couche, ordreOf) {
  if (couches.some(({ id }) => id === couche.id)) return couches;
  const position = couches.findIndex(({ id }) => ordreOf(id) > couche.ordre);
  const added = { id: couche.id, opacite: 1 };
  return position < 0 ? [...couches, added] : [...couches.slice(0, position), added, ...couches.slice(position)];
}

export const removeCouche = (couches, id) => couches.filter((couche) => couche.id !== id);

export const raiseCouche = (couches, id) => [...removeCouche(couches, id), ...couches.filter((couche) => couche.id === id)];

/** Bring a layer `steps` places towards the top (negative: towards the bottom), no further than the ends. */
export function moveCouche(couches, id, steps) {
  const from = couches.findIndex((couche) => couche.id === id);
  if (from < 0) return couches;
  const left = removeCouche(couches, id);
  const to = Math.min(left.length, Math.max(0, from + steps));
  return [...left.slice(0, to), couches[from], ...left.slice(to)];
}

/** The same layers in the order of a list read from top to bottom; what the list does not name stays below. */
export function orderCouches(couches, fromTop) {
  const named = fromTop.toReversed().map((id) => couches.find((couche) => couche.id === id)).filter(Boolean);
  return [...couches.filter(({ id }) => !fromTop.includes(id)), ...named];
}

/** Back from one layer shown alone: those set aside return where they were, those added since stay on top, what was tuned is kept. */
export function restoreCouches(aside, current) {
  const now = new Map(current.map((couche) => [couche.id, couche]));
  const back = aside.map((couche) => now.get(couche.id) ?? couche);
  return [...back, ...current.filter(({ id }) => !aside.some((couche) => couche.id === id))];
}

/** The two compared sets trade places: the other one becomes the one being worked on. Each stays on its side of the map. */
export function swapComparer({ couches, comparer }) {
  const cote = comparer.cote === "droite" ? "gauche" : "droite";
  return { couches: comparer.couches, comparer: { ...comparer, couches, cote } };
}

export const setOpacite = (couches, id, opacite) => couches.map((couche) => (couche.id === id ? { ...couche, opacite } : couche));

function without(couche, name) {
  const { [name]: _, ...rest } = couche;
  return rest;
}

/** Replace `name` ("masquees" or "filtre") of one shown layer; an empty value takes it off. */
export const setReglage = (couches, id, name, value) =>
  couches.map((couche) => (couche.id !== id ? couche : value?.length ? { ...couche, [name]: value } : without(couche, name)));

/** The unit a filter names, with its découpage, or null. */
export function findUnite(atlas, filtre) {
  const decoupage = filtre && atlas.decoupages.find(({ id }) => id === filtre.decoupage);
  const unite = decoupage?.unites.find(({ code }) => code === filtre.code);
  return unite ? { decoupage, unite } : null;
}
