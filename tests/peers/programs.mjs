// Runs the programs of this repository, and defines their expected output.

import { deepStrictEqual } from "node:assert";
import { join } from "node:path";

import { lines, run, start } from "./processes.mjs";

let built;
export const builtIn = (folder) => (built = folder);
const example = (name) => join(built, "examples", name);

export const serve = async (...args) => {
  const child = start(example("serve"), ["--listen", "127.0.0.1:0", ...args]);
  const { value } = await lines(child).next();
  const url = /^listening on (http:.*)$/.exec(value)?.[1];
  if (!url) throw new Error(`serve does not print its address: ${value}, ${child.errors}`);
  return { child, url, events: `${url}events` };
};

// Returns the event that `serve` generates for this number.
export const served = (number) => ({
  type: number % 3 === 0 ? "reading" : "message",
  data: [
    `{"event":${number},"text":"Grüße"}`,
    `event ${number}`,
    `event ${number}\nof more than one line\n\nand an empty one`,
    `{"event":${number},"text":"Grüße"}`,
  ][number % 4],
  last_event_id: String(number),
});

// Returns the first `count` events.
export const first = (count, event) => Array.from({ length: count }, (_, at) => event(at + 1));

// Asserts that these are consecutive events of `serve`, each once.
export const assertServed = (events, count) => {
  const start = Number(events[0]?.last_event_id);
  deepStrictEqual(events, Array.from({ length: count }, (_, at) => served(start + at)));
};

export const peers = async () => {
  const child = start(join(built, "embedded-sse-peer-servers"), []);
  const output = lines(child);
  const url = async (name) => {
    const { value } = await output.next();
    if (!value?.startsWith(`${name} `)) throw new Error(`no ${name}: ${value}, ${child.errors}`);
    return `http://127.0.0.1:${value.slice(name.length + 1)}/`;
  };
  return { child, axum: await url("axum"), picoserve: await url("picoserve") };
};

const objects = (output) => output.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));

export const decode = async (stream, chunk) => objects(await run(example("decode"), ["--chunk", String(chunk)], { input: stream }));

export const encode = (objects) =>
  run(example("encode"), [], { input: objects.map((object) => `${JSON.stringify(object)}\n`).join("") });

// Follows a stream for `count` events. Calls `seen` after each. The result has the standard error as `errors`.
export const tail = (url, count, { args = [], env, seen = () => {} } = {}) => {
  const child = start(example("tail"), ["--json", "--verbose", "--events", String(count), ...args, url], { env });
  const events = [];
  const output = (async () => {
    for await (const line of { [Symbol.asyncIterator]: () => lines(child) }) {
      events.push(JSON.parse(line));
      seen(events.length);
    }
  })();
  const done = Promise.all([output, child.ended]).then(([, status]) => ({ status, events, errors: child.errors }));
  return Object.assign(done, { child });
};

// The same, but throws unless `tail` succeeds.
export const followed = async (url, count, options) => {
  const { status, events, errors } = await tail(url, count, options);
  if (status !== 0) throw new Error(`tail ended with ${status} after ${events.length} events: ${errors}`);
  return { events, errors };
};
