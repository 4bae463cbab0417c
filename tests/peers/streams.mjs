// Generates random byte streams of short, mostly well-formed lines that matter to a decoder.

import { Random } from "./random.mjs";

const bytes = (...list) => Buffer.from(list);
const text = (string) => Buffer.from(string);

const BOM = bytes(0xef, 0xbb, 0xbf);
const NAMES = ["data", "event", "id", "retry", "", "dat", "datas", "Data", "EVENT", "ids", "unknown", " data", "data "].map(text);
const WORDS = ["a", "tick", "7", "42", "message", "x y", "é", "日本", "😀", ":", "::", " ", "\t", "0", "-1", "3e2", "{\"a\":1}"].map(text);
const ODD = [
  bytes(0), BOM, bytes(0xff), bytes(0xc3), bytes(0xe2, 0x82), bytes(0xf0, 0x9f, 0x98), bytes(0xed, 0xa0, 0x80), bytes(0xc0, 0xaf),
  bytes(0xf4, 0x90, 0x80, 0x80), bytes(0x80), bytes(0x1b), bytes(0x7f), bytes(0xc2, 0x85), text("\u2028"),
];
const ENDS = { "\n": 6, "\r": 3, "\r\n": 4 };

// `decode` accepts IDs of up to 64 KiB. Other values of this size fit into its buffer.
const LONGEST = 60_000;

const value = (random) => {
  if (random.once(60)) return Buffer.alloc(1 + random.below(LONGEST), random.of(["x", "ü", "\0"]));
  const parts = [];
  while (!random.once(3)) parts.push(random.once(4) ? random.of(ODD) : random.of(WORDS));
  return Buffer.concat(parts);
};

const line = (random) => {
  if (random.once(12)) return value(random);
  const name = random.once(3) ? random.of(NAMES) : random.of(NAMES.slice(0, 3));
  if (random.once(10)) return name;
  return Buffer.concat([name, text(random.of([":", ": ", ": ", ": ", ":  "])), value(random)]);
};

export const randomStream = (seed, number) => {
  const random = new Random(seed, number);
  const parts = random.once(4) ? [random.once(5) ? Buffer.concat([BOM, BOM]) : BOM] : [];
  // Some streams use one kind of line end, most use all kinds.
  const only = random.once(3) ? random.weighted(ENDS) : null;
  const end = () => text(only ?? random.weighted(ENDS));
  for (let lines = random.below(40); lines > 0; lines -= 1) {
    parts.push(line(random), end());
    if (random.once(3)) parts.push(end());
  }
  if (random.once(3)) parts.push(line(random));
  const stream = Buffer.concat(parts);
  return isDisputed(stream) ? randomStream(seed, number + 0x10000) : stream;
};

// Returns whether the stream starts with a byte order mark and an empty line. The Standard treats that line as blank,
// but Chromium loses the line after it, so such streams are left out.
const isDisputed = (stream) =>
  stream.subarray(0, 3).equals(BOM) && (stream[3] === 0x0a || stream[3] === 0x0d);

// Returns every event type that could occur in this stream, judging by its lines alone. The browser only shows types
// that have a listener.
export const possibleTypes = (stream) => {
  const types = new Set(["message"]);
  for (const text of stream.toString().split(/\r\n|\r|\n/)) {
    const found = /^\uFEFF?event:( ?)([^]*)$/.exec(text);
    if (found) types.add(found[2]).add(found[1] + found[2]);
  }
  types.delete("");
  return [...types];
};
