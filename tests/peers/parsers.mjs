// Reads the output of `encode` with the parsers of other projects.

import { deepStrictEqual } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { createParser } from "eventsource-parser";

import { run } from "./processes.mjs";
import { encode } from "./programs.mjs";
import { Random } from "./random.mjs";

const COUNT = 2000;

export const parsersReadEncode = async (check, work, seed) => {
  const random = new Random(seed, 3);
  const objects = Array.from({ length: COUNT }, () => randomObject(random));
  const stream = await encode(objects);

  await check(`eventsource-parser reads ${COUNT} frames that encode wrote`, () => {
    const read = [];
    const parser = createParser({
      onEvent: ({ event, data, id }) => read.push({ event, data, id }),
      onComment: (comment) => read.push({ comment }),
      onRetry: (retry) => read.push({ retry }),
      onError: (error) => read.push({ error: String(error) }),
    });
    const decoder = new TextDecoder();
    for (const piece of random.pieces(stream, 40)) parser.feed(decoder.decode(piece, { stream: true }));
    deepStrictEqual(read, objects.flatMap(asEventsourceParserSays));
  });

  await check(`httpx-sse reads ${COUNT} frames that encode wrote`, async () => {
    const file = join(work, "encoded.sse");
    writeFileSync(file, stream);
    const output = await run(join(work, "venv/bin/python"), [join(work, "httpx_read.py"), file, String(1 + random.below(60))]);
    const read = output.toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
    deepStrictEqual(read, asHttpxSays(objects));
  });
};

const WORDS = ["a", "tick", "7", " ", "  x", ":", "data: no", "é", "日本", "😀", "\t", "{\"a\":1}", "\u2028", "\u0085", "\uFEFF", "event"];
const LINE_ENDS = ["\n", "\r", "\r\n", "\n\n"];

const words = (random, more = []) => {
  let text = "";
  while (!random.once(4)) text += random.of(random.once(3) && more.length ? more : WORDS);
  return text;
};

const randomObject = (random) => {
  const object = {};
  if (random.once(3)) object.type = words(random);
  if (random.once(2)) object.id = words(random);
  if (random.once(8)) object.retry = random.below(1_000_000);
  if (random.once(8)) object.comment = words(random, LINE_ENDS);
  if (!random.once(6)) object.data = words(random, [...LINE_ENDS, "\0"]);
  return object;
};

const normalised = (text) => text.replace(/\r\n|\r/g, "\n");

// eventsource-parser reports a comment for each line, the retry in its place, and the ID of each event only if the
// event has one.
const asEventsourceParserSays = ({ type, data, id, retry, comment }) => [
  ...(comment === undefined ? [] : normalised(comment).split("\n").map((line) => ({ comment: line.replace(/^ /, "") }))),
  ...(retry === undefined ? [] : [{ retry }]),
  ...(data === undefined ? [] : [{ event: type || undefined, data: normalised(data), id }]),
];

// httpx-sse also reports a block without data if it has a type, a retry, or an ID from any earlier block. That violates
// the Standard, but is not what this check is about.
const asHttpxSays = (objects) => {
  let last = "";
  const said = [];
  for (const { type, data, id, retry } of objects) {
    last = id ?? last;
    if (type || data !== undefined || last || retry !== undefined) {
      said.push([type || "message", normalised(data ?? ""), last, retry ?? null]);
    }
  }
  return said;
};
