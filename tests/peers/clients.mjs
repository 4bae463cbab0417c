// Reads the streams of other projects' servers with `tail`.

import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";

import { freePort, run, sleep, start, stop, until } from "./processes.mjs";
import { assertServed, first, followed, peers, serve, tail } from "./programs.mjs";
import { http2Server, httpServer, numbered } from "./servers.mjs";

export const serversFeedTail = (check, work) => {
  const oneAfterAnother = async (name, url, framing) => {
    await check(`tail reads and resumes: ${name}`, async () => {
      if (framing) await framing(await head(url));
      const { events, errors } = await followed(url, 100);
      deepStrictEqual(events, first(100, numbered));
      ok(opened(errors) >= 3, `it should have reconnected: ${errors}`);
    });
  };

  const servers = async () => {
    const { child, axum, picoserve } = await peers();
    await oneAfterAnother("axum's response::sse", axum);
    await check("tail reads: picoserve's SSE", async () => {
      const { events } = await followed(picoserve, 100);
      deepStrictEqual(events, first(100, numbered).map((event) => ({ ...event, last_event_id: "" })));
    });
    await stop(child);
  };

  const node = async () => {
    const server = await httpServer();
    const is = (name, value) => (headers) => strictEqual(headers[name], value, `${name} of the response`);
    await Promise.all([
      oneAfterAnother("Node's http, chunked", server.url("chunked"), is("transfer-encoding", "chunked")),
      oneAfterAnother("Node's http, with a content-length", server.url("length"), ({ "content-length": length }) => ok(length > 0)),
      oneAfterAnother("Node's http, closed at the end", server.url("close"), (headers) => {
        deepStrictEqual([headers["transfer-encoding"], headers["content-length"]], [undefined, undefined]);
      }),
      oneAfterAnother("Node's http, one byte at a time", server.url("bytes")),
      oneAfterAnother("Node's http, broken off within a character", server.url("broken")),
    ]);
    server.close();
  };

  const http2 = () =>
    check("tail reads and resumes: Node's http2 over TLS, streams reset", async () => {
      const tls = await certificate(work);
      const server = await http2Server(tls);
      const { events, errors } = await followed(server.url, 100, { env: { SSL_CERT_FILE: tls.authority } });
      deepStrictEqual(events, first(100, numbered));
      ok(opened(errors) >= 3, `it should have reconnected: ${errors}`);
      match(errors, /HTTP\/2/);
      const stranger = await tail(server.url, 1);
      match(stranger.errors, /TLS/, "an untrusted certificate");
      ok(stranger.status !== 0 && stranger.events.length === 0);
      server.close();
    });

  const behindNginx = async () => {
    const { child, url } = await serve("--every", "20");
    const nginx = await Nginx.start(work, url);
    await check("tail reads through nginx with compression on, and does not request it", async () => {
      const headers = await head(nginx.events, { "accept-encoding": "gzip" });
      strictEqual(headers["content-encoding"], "gzip", "nginx compresses on request");
      assertServed((await followed(nginx.events, 30)).events, 30);
    });
    await check("tail refuses a stream that nginx was asked to compress", async () => {
      const { status, events, errors } = await tail(nginx.events, 1, { args: ["-H", "Accept-Encoding: gzip"] });
      match(errors, /compressed/);
      deepStrictEqual([status, events], [3, []]);
    });
    await check("tail loses nothing when nginx is restarted", async () => {
      let restart;
      const seen = (count) => {
        if (count === 40) restart = nginx.restart();
      };
      const { events, errors } = await followed(nginx.events, 120, { seen });
      await restart;
      assertServed(events, 120);
      ok(opened(errors) >= 2, `it should have reconnected: ${errors}`);
    });
    await nginx.stop();
    await stop(child);
  };

  const stopped = () =>
    check("tail notices a stopped server by its missing heartbeats, and loses nothing", async () => {
      const { child, axum } = await peers();
      let isStopped = false;
      const seen = (count) => {
        if (count === 30) isStopped = child.kill("SIGSTOP");
      };
      const following = tail(`${axum}regular`, 60, { seen });
      await until("30 events", () => isStopped);
      await until("tail reports that the server is silent", () => /silent/.test(following.child.errors), 60_000);
      child.kill("SIGCONT");
      const { status, events, errors } = await following;
      strictEqual(status, 0, errors);
      deepStrictEqual(events, first(60, numbered));
      await stop(child);
    });

  return Promise.all([servers(), node(), http2(), behindNginx(), stopped()]);
};

// Returns how often `tail --verbose` has opened the stream.
const opened = (errors) => errors.match(/^tail: .*\bopen\b.*$/gm)?.length ?? 0;

// Returns the headers of a response without waiting for its body.
const head = (url, headers = {}) =>
  new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false }, (response) => {
      response.on("error", () => {});
      request.destroy();
      resolve(response.headers);
    });
    request.on("error", reject);
  });

// Creates a certificate authority, and a certificate for 127.0.0.1.
const certificate = async (work) => {
  const file = (name) => join(work, name);
  const openssl = (...args) => run("openssl", args);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = file("authority.pem");
  writeFileSync(file("extensions"), "basicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n");
  await openssl("req", "-x509", ...key, "-keyout", file("authority.key"), "-out", authority, "-days", "2", "-subj", "/CN=peers");
  await openssl("req", ...key, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=server");
  await openssl(
    "x509", "-req", "-in", file("server.csr"), "-CA", authority, "-CAkey", file("authority.key"), "-CAcreateserial",
    "-days", "2", "-extfile", file("extensions"), "-out", file("server.pem"),
  );
  return { authority, key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) };
};

// nginx as a reverse proxy for `serve`, without buffering and with compression.
class Nginx {
  static async start(work, upstream) {
    const nginx = new Nginx();
    nginx.port = await freePort();
    nginx.events = `http://127.0.0.1:${nginx.port}/events`;
    nginx.configuration = join(work, "nginx.conf");
    const at = (name) => join(work, `nginx-${name}`);
    writeFileSync(
      nginx.configuration,
      `daemon off; worker_processes 1; pid ${at("pid")}; error_log stderr;
      events { worker_connections 64; }
      http {
        access_log off;
        client_body_temp_path ${at("body")}; proxy_temp_path ${at("proxy")}; fastcgi_temp_path ${at("fastcgi")};
        uwsgi_temp_path ${at("uwsgi")}; scgi_temp_path ${at("scgi")};
        gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;
        server {
          listen 127.0.0.1:${nginx.port};
          location / { proxy_pass ${upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
        }
      }`,
    );
    await nginx.begin();
    return nginx;
  }

  async begin() {
    this.child = start("nginx", ["-e", "stderr", "-c", this.configuration]);
    const isThere = () => head(`http://127.0.0.1:${this.port}/`).then(() => true, () => false);
    await until(`nginx listens: ${this.child.errors}`, isThere, 10_000);
  }

  stop() {
    return stop(this.child, "SIGTERM");
  }

  // Stays down for a while, so that an attempt is refused.
  async restart() {
    await this.stop();
    await sleep(1500);
    await this.begin();
  }
}
