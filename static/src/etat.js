// The state of the page: one object, changed in one place, heard by every panel.

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
    subscribe(listener) {
      listeners.add(listener);
      listener(current, current);
    },
  };
}

export function initialEtat(atlas) {
  const couches = listCouches(atlas)
    .filter((couche) => couche.affichee)
    .sort((a, b) => a.ordre - b.ordre)
    .map(({ id }) => ({ id, opacite: 1 }));
  return { couches, fond: atlas.fonds[0]?.id ?? null, filtre: null, fiche: null, vue: null };
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

export const setOpacite = (couches, id, opacite) => couches.map((couche) => (couche.id === id ? { ...couche, opacite } : couche));

/** The unit a filter names, with its découpage, or null. */
export function findUnite(atlas, filtre) {
  const decoupage = filtre && atlas.decoupages.find(({ id }) => id === filtre.decoupage);
  const unite = decoupage?.unites.find(({ code }) => code === filtre.code);
  return unite ? { decoupage, unite } : null;
}
