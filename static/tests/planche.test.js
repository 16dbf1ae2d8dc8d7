import assert from "node:assert/strict";
import { test } from "node:test";
import { flowLines, planPlanche, wrapLines } from "../src/planche.js";

const measure = (text) => text.length * 7;
const group = (id, count) => ({ id, titre: `Couche ${id}`, entrees: Array.from({ length: count }, (_, rank) => ({ label: `Classe ${rank}`, svg: "<svg/>" })) });
const sheet = { titre: "Titre", groupes: [group("a", 3), group("b", 1)], notes: ["Sources.", "Atlas, le 21/11/2026, https://a.fr/"], factor: 1, measure };
const texts = ({ colonnes }) => colonnes.map(({ lines }) => lines.map((line) => line.lines.join(" ")));

test("a text is cut at spaces, an address anywhere, and nothing is lost", () => {
  assert.deepEqual(wrapLines("un deux trois", 56, "pied", measure), ["un deux", "trois"]);
  const lines = wrapLines("voir https://atlas.exemple.fr/ puis", 70, "pied", measure);
  assert.ok(lines.every((line) => measure(line) <= 70));
  assert.equal(lines.join("").replaceAll(" ", ""), "voirhttps://atlas.exemple.fr/puis");
});

test("a title of the legend is not left alone at the foot of a column", () => {
  const lines = [{ style: "entree", height: 20 }, { style: "groupe", height: 20 }, { style: "entree", height: 20 }];
  assert.deepEqual(flowLines(lines, 45, 3).columns.map((column) => column.length), [1, 2]);
  assert.deepEqual(flowLines(lines, 45, 1), { columns: [[lines[0]]], left: 2 });
  assert.deepEqual(flowLines([], 45, 1), { columns: [], left: 0 });
});

test("on screen the sheet grows around the map, and everything is inside it", () => {
  const plan = planPlanche({ ...sheet, carte: { width: 900, height: 500 } });
  assert.deepEqual([plan.carte.width, plan.carte.height], [900, 500]);
  assert.deepEqual(texts(plan), [["Couche a", "Classe 0", "Classe 1", "Classe 2", "Couche b"]]); // one class: its name once
  assert.ok(plan.colonnes[0].x > plan.carte.x + 900 && plan.colonnes[0].x + 230 <= plan.width);
  assert.ok(plan.pied.y > plan.carte.y + 500 && plan.height > plan.pied.y);
});

test("on a phone the legend is below the map; without layers there is none", () => {
  const plan = planPlanche({ ...sheet, carte: { width: 390, height: 600 } });
  assert.ok(plan.colonnes[0].y > plan.carte.y + 600);
  assert.ok(plan.pied.y > plan.colonnes[0].y + 100);
  const bare = planPlanche({ ...sheet, groupes: [], carte: { width: 900, height: 500 } });
  assert.deepEqual([bare.colonnes, bare.width], [[], 932]);
});

test("however long the legend and the notes, on screen all is there; on paper what is missing is counted", () => {
  const long = { ...sheet, groupes: Array.from({ length: 30 }, (_, rank) => group(`g${rank}`, 6)), notes: [...Array(40).fill("Une note assez longue pour faire une ligne."), "Atlas, le 21/11/2026"] };
  for (const width of [390, 900]) {
    const plan = planPlanche({ ...long, carte: { width, height: 500 } });
    assert.equal(plan.manquent, 0);
    assert.equal(texts(plan).flat().length, 210);
    for (const { x, y, lines } of plan.colonnes) assert.ok(x + 230 <= plan.width && y + lines.reduce((sum, { height }) => sum + height, 0) <= plan.pied.y, `${width}`);
  }
  const paper = planPlanche({ ...long, feuille: { width: 1169, height: 827 } });
  assert.deepEqual([paper.width, paper.height, paper.coupees], [1169, 827, true]);
  assert.ok(paper.carte.height > 400 && paper.carte.width > 300);
  assert.equal(texts(paper).flat().length + paper.manquent, 210);
  assert.equal(paper.pied.lines.at(-1), "Atlas, le 21/11/2026");
  assert.ok(paper.pied.y + paper.pied.lines.length * 15 <= 827);
});

test("on paper the room kept for the notes is that of the map, whatever is written there", () => {
  const [feuille, carte] = [{ width: 1169, height: 827 }, { width: 900, height: 500 }];
  const plans = [["Sources.", "fin"], ["Sources.", ...Array(9).fill("une ligne de plus"), "fin"]].map((notes) => planPlanche({ ...sheet, notes, carte, feuille, lignes: 6 }));
  assert.deepEqual(plans[0].carte, plans[1].carte);
  assert.deepEqual(plans.map(({ coupees }) => coupees), [false, true]);
  assert.deepEqual(plans.map(({ pied }) => [pied.lines.length, pied.lines.at(-1)]), [[2, "fin"], [6, "fin"]]);
});
