// Bundles src/ and css/ to dist/ (fixed names; the server adds a hash to the address) and copies what folium inlines.
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const options = {
  absWorkingDir: here,
  entryNames: "[name]",
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox111", "safari16"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
// Two builds: carte.js and carte.css share a name, and one build may not have two entry points of one name.
// What a module asks for by `import()` is a piece of its own, fetched when it is first used; its name holds its digest.
const scripts = {
  ...options,
  entryPoints: { carte: "src/carte.js", unite: "src/unite.js" },
  splitting: true,
  chunkNames: "[name]-[hash]",
  metafile: true,
};
const styles = { ...options, entryPoints: { carte: "css/carte.css", pages: "css/pages.css", unite: "css/unite.css", rapport: "css/rapport.css" } };

async function copyLeaflet() {
  const target = join(dist, "folium");
  await mkdir(target, { recursive: true });
  for (const name of ["leaflet.js", "leaflet.css"]) {
    await cp(join(here, "node_modules", "leaflet", "dist", name), join(target, name));
  }
}

/** For each entry point, the pieces it cannot start without: the page names them, so that none waits for another to be read. */
async function writePreloads({ outputs }) {
  const follow = (output, seen) => {
    for (const { path, kind } of outputs[output].imports) {
      if (kind === "import-statement" && !seen.has(path)) follow(path, seen.add(path));
    }
    return seen;
  };
  const entries = Object.keys(outputs).filter((output) => Object.hasOwn(scripts.entryPoints, basename(output, ".js")));
  const preloads = Object.fromEntries(entries.map((output) => [basename(output), [...follow(output, new Set())].map((path) => basename(path)).sort()]));
  await writeFile(join(dist, "preloads.json"), JSON.stringify(preloads));
}

if (process.argv.includes("--watch")) {
  const contexts = await Promise.all([scripts, styles].map((each) => esbuild.context(each)));
  await copyLeaflet();
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  await rm(dist, { recursive: true, force: true });
  const [built] = await Promise.all([esbuild.build(scripts), esbuild.build(styles), copyLeaflet()]);
  await writePreloads(built.metafile);
}
