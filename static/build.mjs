// Bundles src/ and css/ to dist/ (fixed names; the server adds a hash to the address) and copies what folium inlines.
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const [src, dist] = [join(here, "src"), join(here, "dist")];
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

/** The modules asked for by `import()`. */
async function listPieces() {
  const sources = await Promise.all((await readdir(src)).map((name) => readFile(join(src, name), "utf8")));
  return new Set(sources.flatMap((source) => [...source.matchAll(/\bimport\("\.\/(\w+\.js)"\)/g)].map(([, name]) => name)));
}

// The map starts from one file. A piece shares modules with the page, and esbuild puts what is shared by each set of files in a
// file of its own: sixteen to fetch at start. Each piece is told that it needs the whole page: all of it is then one shared file,
// and `carte.js` only names it. The page asks for that file by its own name, which holds its digest (dist/entries.json).
const oneFile = {
  name: "one-file",
  setup(build) {
    let pieces;
    build.onStart(async () => {
      pieces = await listPieces();
    });
    build.onLoad({ filter: /[/\\]src[/\\]\w+\.js$/ }, async ({ path }) =>
      pieces.has(basename(path)) ? { contents: `import "./carte.js";\n${await readFile(path, "utf8")}` } : null,
    );
    build.onEnd(async ({ errors, metafile }) => {
      if (errors.length) return;
      const [started] = Object.entries(metafile.outputs).find(([, { inputs }]) => Object.hasOwn(inputs, "src/carte.js"));
      const others = metafile.outputs[started].imports.filter(({ kind }) => kind === "import-statement");
      if (others.length) throw new Error(`the map would start from ${others.length + 1} files`);
      await writeFile(join(dist, "entries.json"), JSON.stringify({ "carte.js": basename(started) }));
      await rm(join(dist, "carte.js"), { force: true });
    });
  },
};
// Several builds: carte.js and carte.css share a name, and one build may not have two entry points of one name; unite.js and pages.js share nothing.
// What a module asks for by `import()` is a piece of its own, fetched when it is first used; its name holds its digest.
const builds = [
  { ...options, entryPoints: { carte: "src/carte.js" }, splitting: true, chunkNames: "[name]-[hash]", metafile: true, plugins: [oneFile] },
  { ...options, entryPoints: { unite: "src/unite.js" } },
  { ...options, entryPoints: { pages: "src/pages.js" } },
  { ...options, entryPoints: { carte: "css/carte.css", pages: "css/pages.css", unite: "css/unite.css", rapport: "css/rapport.css" } },
];

async function copyLeaflet() {
  const target = join(dist, "folium");
  await mkdir(target, { recursive: true });
  for (const name of ["leaflet.js", "leaflet.css"]) {
    await cp(join(here, "node_modules", "leaflet", "dist", name), join(target, name));
  }
}

if (process.argv.includes("--watch")) {
  const contexts = await Promise.all(builds.map((each) => esbuild.context(each)));
  await copyLeaflet();
  await Promise.all(contexts.map((context) => context.watch()));
} else {
  await rm(dist, { recursive: true, force: true });
  await Promise.all([...builds.map((each) => esbuild.build(each)), copyLeaflet()]);
}
