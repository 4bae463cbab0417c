// Starts and stops programs.

import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

export const start = (command, args, { env, input } = {}) => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  running.add(child);
  child.errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (child.errors += text));
  child.ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? signal));
  }).finally(() => running.delete(child));
  // Avoids an unhandled rejection if the caller does not wait for the end.
  child.ended.catch(() => {});
  if (input !== undefined) child.stdin.on("error", () => {}).end(input);
  return child;
};

export const stop = async (child, signal = "SIGKILL") => {
  child.kill(signal);
  await child.ended;
};

// Runs a program to its end, and returns its output.
export const run = async (command, args, options) => {
  const child = start(command, args, options);
  const output = [];
  child.stdout.on("data", (bytes) => output.push(bytes));
  const status = await child.ended;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${child.errors.trim()}`);
  return Buffer.concat(output);
};

export const lines = (child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]();

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const until = async (what, isTrue, ms = 60_000) => {
  for (const end = Date.now() + ms; !(await isTrue()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`timed out after ${ms} ms: ${what}`);
  }
};
