// Makes what pages load, at set-up: static/vendor out of the installed packages, as no page loads anything from another
// host, and dist/<version>, where the modules and the stylesheets of static/ are joined into one file each, and compressed.
// While developing, nothing of dist is used (see chat/web/http/static.py).
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

// Workers that still run, and pages that are still open, ask for what was built before.
const KEPT = 3;
const checkout = fileURLToPath(new URL("..", import.meta.url));
const folder = (name) => join(checkout, name);
const files = (inside) =>
  readdirSync(inside, { recursive: true }).filter((each) => statSync(join(inside, each)).isFile());

const vendored = ["socket.io.esm.min.js", "socket.io.esm.min.js.map"];
mkdirSync(folder("static/vendor"), { recursive: true });
for (const file of vendored) {
  copyFileSync(folder(`node_modules/socket.io-client/dist/${file}`), folder(`static/vendor/${file}`));
}

const made = folder(`dist/${version()}`);
if (!existsSync(made)) await make(made);
for (const each of readdirSync(folder("dist")).sort(newestFirst).slice(KEPT)) {
  rmSync(folder(`dist/${each}`), { recursive: true });
}

/** The same as in chat/web/http/static.py, which takes no build of anything else. */
function version() {
  const named = ["package-lock.json", "scripts/build.mjs", ...files(folder("static")).map((each) => `static/${each}`)];
  const hash = createHash("sha256");
  for (const name of named.sort())
    hash
      .update(`${name}\0`)
      .update(readFileSync(folder(name)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Made beside its place, so that it is there as a whole or not at all. */
async function make(place) {
  const draft = `${place}.${process.pid}`;
  await build({
    absWorkingDir: folder("static"),
    // What the templates name.
    entryPoints: ["css/all.css", "js/app.js", "js/drawer.js", "js/signed-out.js"],
    outbase: ".",
    outdir: draft,
    alias: { "socket.io-client": `./vendor/${vendored[0]}` },
    bundle: true,
    format: "esm",
    legalComments: "none",
    minify: true,
    sourcemap: true,
    target: "esnext",
  });
  for (const icon of readdirSync(folder("static")).filter((each) => each.endsWith(".svg"))) {
    copyFileSync(folder(`static/${icon}`), join(draft, icon));
  }
  // Maps are for those who look for a fault.
  for (const file of files(draft).filter((each) => !each.endsWith(".map"))) compress(join(draft, file));
  renameSync(draft, place);
}

function compress(path) {
  const content = readFileSync(path);
  writeFileSync(`${path}.br`, brotliCompressSync(content));
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function newestFirst(one, other) {
  return statSync(folder(`dist/${other}`)).mtimeMs - statSync(folder(`dist/${one}`)).mtimeMs;
}
