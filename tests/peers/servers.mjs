// Servers of numbered events on Node's `http` and `http2`, with different ways to frame and to end a response. Each
// response has `AT_ONCE` events, and the client reconnects for more.

import { createServer } from "node:http";
import { constants, createSecureServer } from "node:http2";

import { sleep } from "./processes.mjs";

const AT_ONCE = 30;

// The same events as in `src/main.rs`.
export const numbered = (number) => ({
  type: number % 3 === 0 ? "reading" : "message",
  data: number % 4 === 0 ? `event ${number}\nGrüße\n\n{}` : `event ${number}`,
  last_event_id: String(number),
});

const frame = (number) => {
  const { type, data, last_event_id } = numbered(number);
  const retry = number === 1 ? "retry: 20\r\n" : "";
  // The line ends vary from event to event.
  const end = ["\n", "\r\n", "\r"][number % 3];
  const fields = [`id: ${last_event_id}`, `event: ${type}`, ...data.split("\n").map((line) => `data: ${line}`)];
  return retry + fields.join(end) + end + end;
};

const missed = (request) => {
  const seen = Number(request.headers["last-event-id"] ?? 0);
  return Array.from({ length: AT_ONCE }, (_, at) => frame(seen + 1 + at));
};

const TYPE = { "content-type": "text/event-stream" };

const ways = {
  async chunked(request, response) {
    response.writeHead(200, TYPE);
    for (const frame of missed(request)) {
      response.write(frame);
      await sleep(1);
    }
    response.end();
  },

  async length(request, response) {
    const body = Buffer.from(missed(request).join(""));
    response.writeHead(200, { ...TYPE, "content-length": body.length });
    response.end(body);
  },

  async close(request, response) {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.writeHead(200, TYPE);
    for (const frame of missed(request)) {
      response.write(frame);
      await sleep(1);
    }
    response.end();
  },

  async bytes(request, response) {
    response.socket.setNoDelay(true);
    response.writeHead(200, TYPE);
    for (const byte of Buffer.from(missed(request).join(""))) {
      response.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    response.end();
  },

  // Ends in the middle of a character, of a chunk and of an event.
  async broken(request, response) {
    response.writeHead(200, TYPE);
    for (const frame of missed(request)) response.write(frame);
    response.socket.cork();
    response.write("data: Gr\u00fc");
    response.socket.uncork();
    await sleep(20);
    response.socket.destroy();
  },
};

const listen = (server) =>
  new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", () => resolve(server.address().port)));

// Serves each way at the path with its name.
export const httpServer = async () => {
  const server = createServer((request, response) => ways[request.url.slice(1)](request, response));
  const port = await listen(server);
  return { url: (way) => `http://127.0.0.1:${port}/${way}`, close: () => (server.closeAllConnections(), server.close()) };
};

// Serves HTTP/2 only. Every stream is reset in the middle of an event.
export const http2Server = async ({ key, cert }) => {
  const server = createSecureServer({ key, cert, allowHTTP1: false });
  server.on("stream", async (stream, headers) => {
    stream.on("error", () => {});
    stream.respond({ ":status": 200, ...TYPE });
    for (const frame of missed({ headers })) {
      stream.write(frame);
      await sleep(1);
    }
    stream.write("data: never");
    await sleep(20);
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session.on("error", () => {})));
  const port = await listen(server);
  return { url: `https://127.0.0.1:${port}/`, close: () => (sessions.forEach((session) => session.destroy()), server.close()) };
};
