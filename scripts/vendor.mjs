// Copies what pages load from the installed packages into static/vendor: no page loads anything from another host.
import { copyFileSync, mkdirSync } from "node:fs";

const vendor = new URL("../static/vendor/", import.meta.url);
const packages = new URL("../node_modules/", import.meta.url);

mkdirSync(vendor, { recursive: true });
for (const file of ["socket.io.esm.min.js", "socket.io.esm.min.js.map"]) {
  copyFileSync(new URL(`socket.io-client/dist/${file}`, packages), new URL(file, vendor));
}
