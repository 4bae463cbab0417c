// Runs all checks. Usage: checks.mjs BUILT SEED, where BUILT is the folder of cargo's debug builds. See `run`.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

import { browserReads } from "./browser.mjs";
import { serversFeedTail } from "./clients.mjs";
import { parsersReadEncode } from "./parsers.mjs";
import { builtIn } from "./programs.mjs";

const [built, seed] = [process.argv[2], Number(process.argv[3]) >>> 0];
const work = dirname(fileURLToPath(import.meta.url));
const LONGEST = 150_000;

let passed = 0;
let failed = 0;

// Runs one check, and prints its result.
const check = async (name, body) => {
  const start = Date.now();
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${LONGEST / 1000} s`)), LONGEST);
  });
  try {
    const said = await Promise.race([(async () => body())(), late]);
    passed += 1;
    console.log(`ok      ${name} (${said ? `${said}, ` : ""}${seconds()})`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name} (${seconds()})\n${String(error?.message ?? error).replace(/^/gm, "        ")}`);
  } finally {
    clearTimeout(timer);
  }
};

// Runs a group of checks. A failure outside of a check counts as a failed check.
const group = (name, checks) => checks.catch((error) => check(name, () => Promise.reject(error)));

builtIn(built);
console.log(`seed ${seed}`);
await Promise.all([
  group("Chromium starts", browserReads(check, seed)),
  group("encode runs", parsersReadEncode(check, work, seed)),
  group("the servers start", serversFeedTail(check, work)),
]);
console.log(`${passed} checks passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
