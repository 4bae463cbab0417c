// Reads streams with Chromium's `EventSource`: those of `serve`, and random ones that `decode` reads as well.

import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { sleep, stop } from "./processes.mjs";
import { decode, first, serve, served } from "./programs.mjs";
import { Random } from "./random.mjs";
import { possibleTypes, randomStream } from "./streams.mjs";

const STREAMS = 1000;

export const browserReads = async (check, seed) => {
  // Chromium's sandbox does not work as root.
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    await check("Chromium shows serve's page: every event once, in order, through cuts", () => pageThroughCuts(browser));
    await check("Chromium shows serve's page: events named error and open do not change the connection's state", () => pageTypes(browser));
    await check("Chromium's EventSource reads serve through cuts and refusals: every event once, in order", () => eventsThroughCuts(browser));
    await check(`Chromium's EventSource and decode agree on ${STREAMS} random streams`, () => randomStreams(browser, seed));
  } finally {
    await browser.close();
  }
};

const pageThroughCuts = async (browser) => {
  const { child, url } = await serve("--every", "20", "--cut-after", "7");
  const page = await browser.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => Number(document.getElementById("events").textContent) >= 60, null, { timeout: 60_000 });
  const shown = await page.evaluate(() => ({
    events: [...document.querySelectorAll("#list tr")].map((row) => [...row.cells].map((cell) => cell.textContent)).reverse(),
    state: document.getElementById("state").textContent,
    ...Object.fromEntries(["reconnects", "gaps"].map((id) => [id, Number(document.getElementById(id).textContent)])),
  }));
  const expected = first(shown.events.length, served);
  deepStrictEqual(shown.events, expected.map(({ type, data, last_event_id }) => [last_event_id, type, data]));
  ok(shown.reconnects >= 60 / 7 - 1, `${shown.reconnects} reconnects`);
  strictEqual(shown.gaps, 0);
  ok(["open", "reconnecting"].includes(shown.state), shown.state);
  deepStrictEqual(failures, []);
  await page.close();
  await stop(child);
};

const pageTypes = async (browser) => {
  const folder = await mkdtemp(join(tmpdir(), "embedded-sse-"));
  const recording = join(folder, "types.sse");
  await writeFile(recording, ["error", "open", "message", "error"].map((type) => `event: ${type}\ndata: x\n\n`).join(""));
  const { child, url } = await serve("--every", "10", "--replay", recording);
  const page = await browser.newPage();
  await page.goto(url);
  // The recording has ended, and the reconnect was answered with 204.
  await page.waitForFunction(() => document.getElementById("state").textContent === "closed");
  const shown = await page.evaluate(() => ["events", "reconnects", "gaps"].map((id) => Number(document.getElementById(id).textContent)));
  deepStrictEqual(shown, [4, 0, 0]);
  await page.close();
  await stop(child);
  await rm(folder, { recursive: true });
};

const eventsThroughCuts = async (browser) => {
  // The page's own connection gets the 503, at which a browser stops. The connection that is made here gets the stream.
  const { child, url } = await serve("--every", "10", "--cut-after", "5", "--status", "503");
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => document.getElementById("state").textContent === "closed");
  const events = await page.evaluate(async () => {
    const events = [];
    const source = new EventSource("/events");
    await new Promise((done) => {
      for (const type of ["message", "reading", "cut"]) {
        source.addEventListener(type, ({ type, data, lastEventId }) => {
          if (events.push({ type, data, last_event_id: lastEventId }) === 60) done();
        });
      }
    });
    source.close();
    return events;
  });
  deepStrictEqual(events, first(60, served));
  await page.close();
  await stop(child);
};

const randomStreams = async (browser, seed) => {
  const streams = Array.from({ length: STREAMS }, (_, number) => randomStream(seed, number));
  const servers = await Promise.all(Array.from({ length: HOSTS }, () => inPieces(streams, seed)));
  const page = await browser.newPage();
  // Any document works. CORS lets this one read from the other servers.
  await page.goto(`${servers[0].origin}/`);
  const jobs = streams.map((stream, number) => ({
    url: `${servers[number % HOSTS].origin}/${number}`,
    types: possibleTypes(stream),
  }));
  const [reported, decoded] = await Promise.all([page.evaluate(readAll, { jobs, atOnce: 6 * HOSTS }), decodeAll(streams, seed)]);
  await page.close();
  for (const { server } of servers) server.closeAllConnections(), server.close();
  let events = 0;
  streams.forEach((stream, number) => {
    events += decoded[number].length;
    const told = `stream ${number} of seed ${seed}, base64 ${stream.subarray(0, 1000).toString("base64")}`;
    deepStrictEqual(reported[number], { opened: true, events: decoded[number] }, told);
  });
  ok(events > STREAMS, `${events} events are too few for a meaningful check`);
  return `${events} events`;
};

// A browser opens at most 6 connections to a host. Each port counts as a host.
const HOSTS = 4;

const inPieces = async (streams, seed) => {
  const server = createServer(async (request, response) => {
    const number = Number(request.url.slice(1));
    if (request.url === "/" || !(number in streams)) return response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    const random = new Random(seed, number, 1);
    response.socket.setNoDelay(true);
    response.writeHead(200, { "content-type": "text/event-stream", "access-control-allow-origin": "*" });
    const stream = streams[number];
    for (const piece of random.pieces(stream, Math.max(random.of([1, 8, 64, 1000]), stream.length >> 6))) {
      response.write(piece);
      if (random.once(2)) await new Promise(setImmediate);
      else if (random.once(4)) await sleep(1);
    }
    response.end();
  });
  await new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
};

const decodeAll = async (streams, seed) => {
  const decoded = [];
  let next = 0;
  const worker = async () => {
    for (let number; (number = next++) < streams.length; ) {
      const random = new Random(seed, number, 2);
      decoded[number] = await decode(streams[number], random.of([1, 3, 16, 1460, 65536]));
    }
  };
  await Promise.all([worker(), worker()]);
  return decoded;
};

// Runs in the page. Uses a new `EventSource` for each stream, and closes it at the end of the stream.
const readAll = async ({ jobs, atOnce }) => {
  const read = ({ url, types }) =>
    new Promise((done) => {
      const told = { opened: false, events: [] };
      const source = new EventSource(url);
      source.onopen = () => (told.opened = true);
      for (const type of types) {
        source.addEventListener(type, ({ type, data, lastEventId }) => told.events.push({ type, data, last_event_id: lastEventId }));
      }
      source.onerror = () => {
        source.close();
        done(told);
      };
    });
  const results = [];
  let next = 0;
  const worker = async () => {
    for (let at; (at = next++) < jobs.length; ) results[at] = await read(jobs[at]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};
