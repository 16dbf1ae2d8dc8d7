import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFragment, encodeFragment, fitsLignes, resolveFragment } from "../src/permalink.js";

const atlas = {
  themes: [{ couches: [{ id: "qpv" }, { id: "halle" }] }],
  fonds: [{ id: "communal" }, { id: "plan-ign" }],
  decoupages: [{ id: "bassin", unites: [{ code: "ostrevent" }] }],
};
const full = {
  vue: { zoom: 11.25, lat: 50.38, lon: 3.4 },
  couches: [{ id: "halle", opacite: 0.6 }, { id: "qpv", opacite: 1 }],
  fond: "plan-ign",
  filtre: { decoupage: "bassin", code: "ostrevent" },
  fiche: { couche: "qpv", cle: "QN05950M / é:&#,%" },
};

test("what is written is read back, order and opacity included", () => {
  assert.deepEqual(decodeFragment(encodeFragment(full)), full);
});

test("a readable fragment", () => {
  assert.equal(encodeFragment({ ...full, fiche: null }), "#vue=11.25/50.38/3.4&couches=halle:0.6,qpv&fond=plan-ign&filtre=bassin:ostrevent");
});

test("f is filtre, in short", () => {
  assert.deepEqual(decodeFragment("#f=bassin:ostrevent"), { filtre: full.filtre });
});

test("what a layer hides and keeps is written apart, and joins it when it is read", () => {
  const couches = [{ id: "halle", opacite: 1, filtre: "nom = 'L''Haÿ, 1:2&3' AND (a > 1)" }, { id: "qpv", opacite: 0.5, masquees: [0, 3] }];
  const fragment = encodeFragment({ couches }, { halle: 12, qpv: 3, autre: 9 });
  assert.match(fragment, /^#couches=halle,qpv:0\.5&masquees=qpv:0\.3&filtres=halle:[^&,]+&revisions=halle:12,qpv:3$/);
  assert.deepEqual(resolveFragment(decodeFragment(fragment), atlas).etat.couches, couches);
  assert.deepEqual(decodeFragment(fragment).revisions, { halle: 12, qpv: 3 });
});

test("revisions come last, for the layers of both compared sets", () => {
  const compared = { couches: [{ id: "qpv", opacite: 1 }], comparer: { mode: "cote", position: 0.5, cote: "gauche", couches: [{ id: "qpv", opacite: 1 }, { id: "halle", opacite: 1 }] }, fond: "communal" };
  const fragment = encodeFragment(compared, { qpv: 3, halle: 0 });
  assert.ok(fragment.endsWith("&fond=communal&revisions=qpv:3,halle:0"), fragment);
  assert.deepEqual(decodeFragment(fragment), { ...compared, revisions: { qpv: 3, halle: 0 } });
});

test("what a layer hides or keeps is bounded, and dropped when unreadable", () => {
  assert.deepEqual(decodeFragment(`#masquees=qpv:1.x.99,halle:2.0.2,<b>:1&filtres=qpv:${"a".repeat(2001)},halle:%&revisions=qpv:-1`), { masquees: { halle: [0, 2] } });
});

test("no layer at all is a state of its own", () => {
  assert.deepEqual(decodeFragment(encodeFragment({ couches: [] })), { couches: [] });
});

test("an unknown layer is named and the rest kept", () => {
  const { etat, inconnus } = resolveFragment(decodeFragment("#couches=qpv,disparue:0.5&fond=mars&filtre=bassin:nord&fiche=rien:1&vue=11/50/3"), atlas);
  assert.deepEqual(etat, { vue: { zoom: 11, lat: 50, lon: 3 }, couches: [{ id: "qpv", opacite: 1 }] });
  assert.deepEqual(inconnus, ["couche « disparue »", "fond « mars »", "territoire « nord »", "fiche de la couche « rien »"]);
});

test("junk never throws and gives nothing", () => {
  const junk = ["", "#", null, undefined, "#%", "#vue=%E0%A4%A", "#vue=NaN/x/1", "#vue=1e9/999/3", "#vue=//", "#couches=%", "#filtre=:", "#fiche=%:%", "#fond=%",
    "#filtre=a:", "#couches", "#=&=&&", "#fiche=../../x:1", "#vue=Infinity/1/1", "#__proto__=1", "#masquees=qpv:", "#filtres=__proto__:a", "#revisions=qpv:1e3", "#fiche=<img>:1"];
  for (const fragment of junk) assert.deepEqual(decodeFragment(fragment), {}, String(fragment));
});

test("junk inside a list spares the rest", () => {
  const { couches } = decodeFragment("#couches=,qpv:zz,%,halle:-3,qpv:0.5,<b>:1");
  assert.deepEqual(couches, [{ id: "halle", opacite: 1 }, { id: "qpv", opacite: 0.5 }, { id: "<b>", opacite: 1 }]);
  assert.equal(decodeFragment(`#couches=${"a,".repeat(100000)}`).couches.length, 1);
});

test("chosen rows are kept, no more than a link can hold, whatever their keys", () => {
  const lignes = { couche: "qpv", cles: ["QN 1", "é:&#,%/", "12"] };
  assert.deepEqual(decodeFragment(encodeFragment({ lignes })), { lignes });
  assert.deepEqual(resolveFragment({ lignes }, atlas).etat.lignes, lignes);
  assert.deepEqual(resolveFragment({ lignes: { couche: "partie", cles: ["1"] } }, atlas).inconnus, ["lignes de la couche « partie »"]);
  const many = Array.from({ length: 60 }, (_, at) => String(at));
  assert.equal(decodeFragment(`#lignes=qpv:${many.join()}`).lignes.cles.length, 50);
  for (const text of ["", "qpv", "qpv:", "Q:1", "qpv:%E0%A4%A", `qpv:${Array(40).fill("x".repeat(150)).map((each, at) => at + each).join()}`]) assert.deepEqual(decodeFragment(`#lignes=${text}`), {}, text);
  assert.ok(!fitsLignes({ couche: "qpv", cles: many }) && fitsLignes({ couche: "qpv", cles: many.slice(0, 50) }));
});
