// Measures what the page's own modules take for texts of several lengths, as tests/test_growth.py does in Python.
// In: {texts: {name: {length: text}}, runs}; out: {function: {name: {length: ms}}}, the best of so many runs, in time of the processor.
import { initials } from "../../static/js/lib/faces.js";
import { length, parts } from "../../static/js/lib/text.js";

const FUNCTIONS = { parts, initials, length };

let given = "";
for await (const piece of process.stdin) given += piece;
const { texts, runs } = JSON.parse(given);

function best(act, text) {
  let least = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const begin = process.cpuUsage();
    act(text);
    const { user, system } = process.cpuUsage(begin);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const mapped = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
console.log(
  JSON.stringify(mapped(FUNCTIONS, (act) => mapped(texts, (lengths) => mapped(lengths, (text) => best(act, text))))),
);
