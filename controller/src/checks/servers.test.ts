import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSystem } from "@gauntlet/docker";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkServers, readServerFindings } from "./servers.js";

const OURS = findSystem("gauntlet").log;
const ETCD = findSystem("etcd").log;

let nodes: string;

beforeEach(async () => {
  nodes = await mkdtemp(join(tmpdir(), "gauntlet-nodes-"));
});

afterEach(() => rm(nodes, { recursive: true, force: true }));

async function node(
  name: string,
  agent: readonly object[],
  server: readonly (object | string)[] = [],
): Promise<void> {
  await mkdir(join(nodes, name));
  const text = (lines: readonly (object | string)[]): string =>
    lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
  await writeFile(join(nodes, name, "agent.log"), text(agent));
  await writeFile(join(nodes, name, "server.log"), text(server));
}

const started = { what: "server started", pid: 20, starts: 1 };
const sent = (signal: string): object => ({ what: "signal sent", signal, pid: 20 });
const exited = (code: number | null, signal: string | null): object => ({
  what: "server exited",
  code,
  signal,
  starts: 1,
});

test("exits that a fault asked for are no finding", async () => {
  await node("n1", [
    started,
    sent("SIGKILL"),
    exited(null, "SIGKILL"),
    started,
    sent("SIGTERM"),
    exited(0, null),
  ]);
  await node(
    "n2",
    [started, sent("SIGSTOP"), sent("SIGCONT")],
    [{ level: 30, msg: "started" }, "not JSON, not a cry"],
  );
  const findings = await readServerFindings(nodes, OURS);
  expect(findings).toEqual([]);
  expect(checkServers(findings ?? [], true).verdict).toBe("valid");
});

test.each([
  ["a code of its own", [started, exited(1, null)], "exited with code 1"],
  ["a code of its own after SIGTERM", [started, sent("SIGTERM"), exited(1, null)], "exited with code 1"],
  ["a crash", [started, exited(null, "SIGSEGV")], "SIGSEGV"],
  [
    "a crash after an earlier kill",
    [started, sent("SIGKILL"), exited(null, "SIGKILL"), started, exited(null, "SIGABRT")],
    "SIGABRT",
  ],
])("%s is a finding: invalid", async (_, agent, words) => {
  await node("n1", agent);
  const check = checkServers((await readServerFindings(nodes, OURS)) ?? [], true);
  expect(check).toMatchObject({ kind: "safety", verdict: "invalid", reason: expect.stringContaining(words) });
});

test("of a server that ends at each of its starts the first ends are told, all are in the details", async () => {
  await node("n1", [started, exited(1, null), started, exited(1, null), started, exited(1, null)]);
  await node("n2", [started, exited(null, "SIGABRT")]);
  const check = checkServers((await readServerFindings(nodes, OURS)) ?? [], true);
  expect(check.reason.match(/n1: /g)).toHaveLength(2);
  expect(check.reason).toMatch(/n2: .* SIGABRT .*; and 1 more$/);
  expect(check.details).toMatchObject({ findings: { length: 4 } });
});

test("a server that is removed before it came up finds no place at its start, and does right to end", async () => {
  const stranger =
    'gauntlet-server: the cluster 2f has no member at http://10.0.0.6:2380: add it first, with "etcdctl"';
  const removal = { what: "removal asked for" };
  await node("n6", [started, removal, exited(1, null)], [stranger]);
  expect(await readServerFindings(nodes, OURS)).toEqual([]);
  const renewed = { what: "machine renewed" };
  await node(
    "n7",
    [started, removal, exited(1, null), renewed, started, exited(1, null)],
    [stranger, stranger],
  );
  expect(await readServerFindings(nodes, OURS)).toMatchObject([{ node: "n7", byOthers: false }]);
  await node("n8", [started, removal, exited(1, null)], ["InvariantViolation: the log has a gap"]);
  expect(await readServerFindings(nodes, OURS)).toMatchObject([{ node: "n7" }, { node: "n8" }]);
});

test("a removal that was refused excuses no exit; one that nobody knows the end of does", async () => {
  const [removal, refused] = [{ what: "removal asked for" }, { what: "removal refused" }];
  await node("n1", [started, removal, refused, exited(1, null)]);
  await node("n2", [started, removal, refused, removal, exited(1, null)]);
  await node("n3", [started, removal, removal, refused, exited(1, null)]);
  expect(await readServerFindings(nodes, OURS)).toMatchObject([{ node: "n1", byOthers: false }]);
});

test("a packet program that ended by itself is the rig's failure: what it was to shape passed", async () => {
  const ended = { what: "packet program ended", time: "T1", how: "exit code 1", said: "recvmsg: ENOBUFS\n" };
  await node("n1", [started, { ...ended, byAgent: false }]);
  await node("n2", [started, { ...ended, byAgent: true }]);
  const findings = (await readServerFindings(nodes, OURS)) ?? [];
  expect(findings).toMatchObject([{ node: "n1", byOthers: true }]);
  expect(checkServers(findings, true)).toMatchObject({
    verdict: "failed",
    reason: expect.stringContaining("ended at T1 (exit code 1: recvmsg: ENOBUFS)"),
  });
});

test.each([
  ["a fatal line", { level: 60, msg: "the replica broke an invariant on tick" }, "broke an invariant"],
  ["a stack outside the log", "InvariantViolation: two leaders in term 4", "two leaders"],
  ["out of memory", "FATAL ERROR: Reached heap limit Allocation failed", "heap limit"],
  ["an assertion", "AssertionError [ERR_ASSERTION]: the index went back", "the index went back"],
  [
    "an assertion of native code",
    "mdb.c:4512: Assertion 'mp->mp_pgno == pgno' failed in mdb_page_get()",
    "mp_pgno",
  ],
  [
    "an unhandled rejection",
    { level: 60, msg: "unhandled rejection", err: { message: "oops" } },
    "unhandled",
  ],
  ["the same, before there was a log", "[UnhandledPromiseRejection: This error originated", "Unhandled"],
  [
    "a state that differs",
    { level: 60, msg: "this member's state differs from that of the others: it takes no more part" },
    "state differs",
  ],
])("%s in a server's log is a finding: invalid", async (_, line, words) => {
  await node("n1", [started], [line]);
  const check = checkServers((await readServerFindings(nodes, OURS)) ?? [], true);
  expect(check).toMatchObject({ verdict: "invalid", reason: expect.stringContaining(words) });
});

test("a kill from outside is the machine's doing: failed", async () => {
  await node("n1", [started, exited(null, "SIGKILL")]);
  expect(checkServers((await readServerFindings(nodes, OURS)) ?? [], true)).toMatchObject({
    verdict: "failed",
  });
});

const fatal = (pid: number, code: string): object => ({
  level: 60,
  pid,
  err: { message: `the log cannot be written: ${code}: no space left on device, write` },
  msg: "the node stops rather than answer wrongly",
});

test.each([
  ["a full disk", [started, exited(1, null)], [fatal(20, "ENOSPC")]],
  [
    "a full disk at the start",
    [started, exited(1, null)],
    ["gauntlet-server: ENOSPC: no space left on device"],
  ],
  ["a lost clock page", [started, exited(70, null)], ["clock shim: GAUNTLET_CLOCK_PAGE: Invalid argument"]],
])("%s is the machine's doing: failed", async (_, agent, server) => {
  await node("n1", agent, server);
  expect(checkServers((await readServerFindings(nodes, OURS)) ?? [], true)).toMatchObject({
    verdict: "failed",
  });
});

test("one full disk excuses one exit", async () => {
  const twice = [started, exited(1, null), started, exited(1, null)];
  await node("n1", twice, [fatal(20, "ENOSPC"), fatal(20, "ENOSPC")]);
  expect(checkServers((await readServerFindings(nodes, OURS)) ?? [], true)).toMatchObject({
    verdict: "invalid",
  });
});

const disk = (part: object): object => ({
  what: "disk set",
  syncDelayMs: 0,
  stalled: false,
  writeErrorShare: 0,
  syncErrorShare: 0,
  full: false,
  ...part,
});
const flipped = { what: "bit flipped", damage: { kind: "bit-flip", file: "1.wal", offset: 7, bytes: 1 } };
const cutOff = (area: string): object => ({
  what: "file cut off",
  damage: { kind: "truncate", area, file: "a file", offset: 7, bytes: 90 },
});
const again = { ...started, pid: 21 };

test.each([
  ["a disk that the rig made fail", [started, disk({ syncErrorShare: 1 }), exited(1, null), disk({}), again]],
  [
    "the same, seen only when it was well again",
    [started, disk({ writeErrorShare: 0.5 }), disk({}), exited(1, null)],
  ],
  [
    "data that the rig harmed",
    [started, sent("SIGKILL"), exited(null, "SIGKILL"), flipped, { ...started, pid: 20 }, exited(1, null)],
  ],
  [
    "a log that the rig cut off",
    [
      started,
      sent("SIGKILL"),
      exited(null, "SIGKILL"),
      cutOff("wal"),
      { ...started, pid: 20 },
      exited(1, null),
    ],
  ],
  [
    "a mapped state that the rig harmed, as the kernel ends it",
    [started, cutOff("checkpoint"), exited(null, "SIGBUS"), again, exited(null, "SIGSEGV")],
  ],
])("a server does right to end over %s", async (_, agent) => {
  await node("n1", agent, [fatal(20, "EIO")]);
  expect(await readServerFindings(nodes, OURS)).toEqual([]);
});

test.each([
  ["a disk that the rig filled up", [started, disk({ full: true }), exited(1, null)], fatal(20, "ENOSPC")],
  [
    "a disk that failed an earlier process",
    [started, disk({ syncErrorShare: 1 }), exited(1, null), disk({}), again, exited(1, null)],
    fatal(21, "EIO"),
  ],
  [
    "an invariant, with a disk that fails",
    [started, disk({ syncErrorShare: 1 }), exited(1, null)],
    { level: 60, pid: 20, msg: "InvariantViolation: EIO" },
  ],
  ["a crash, with a log that was harmed", [started, cutOff("wal"), exited(null, "SIGSEGV")], "n"],
  [
    "a harm that found nothing",
    [started, { what: "file cut off", damage: null }, exited(1, null)],
    { level: 60, pid: 20, msg: "the log is damaged" },
  ],
  [
    "what has nothing to do with harm, on a machine that was made new since",
    [started, cutOff("checkpoint"), { what: "machine renewed" }, again, exited(null, "SIGSEGV")],
    "n",
  ],
  ["a crash, with a disk that fails", [started, disk({ syncErrorShare: 1 }), exited(null, "SIGSEGV")], "n"],
])("to end over %s is a finding: invalid", async (_, agent, said) => {
  await node("n1", agent, [said]);
  const findings = await readServerFindings(nodes, OURS);
  expect(checkServers(findings ?? [], true)).toMatchObject({ verdict: "invalid" });
});

test("a server that never served could not be started: failed", async () => {
  await node("n1", [started, exited(64, null)]);
  expect(checkServers((await readServerFindings(nodes, OURS)) ?? [], false)).toMatchObject({
    verdict: "failed",
  });
});

test("a node without its agent's log is no clean bill", async () => {
  await mkdir(join(nodes, "n1"));
  expect(checkServers((await readServerFindings(nodes, OURS)) ?? [], true).verdict).toBe("failed");
});

test("no nodes, no judgement", async () => {
  expect(await readServerFindings(nodes, OURS)).toBeNull();
  expect(await readServerFindings(join(nodes, "missing"), OURS)).toBeNull();
});

describe("of etcd", () => {
  const starts = (count: number): object => ({ agent: "server starts", starts: count });
  const panic = { level: "panic", msg: "failed to open database", error: "invalid database" };
  const crc = { level: "fatal", msg: "discovery failed", error: "walpb: crc mismatch" };
  const alarm = { level: "warn", msg: "alarm raised", alarm: "CORRUPT", from: "628170c800dbcee" };
  const etcd = async (): Promise<ReturnType<typeof checkServers>> =>
    checkServers((await readServerFindings(nodes, ETCD)) ?? [], true);

  test("warnings, errors and what a peer does are no finding, nor is the end of a member that was removed", async () => {
    await node(
      "n1",
      [started, { what: "removal asked for" }, exited(0, null)],
      [
        starts(1),
        { level: "error", msg: "failed to send out heartbeat on time" },
        { level: "warn", msg: "lost TCP streaming connection with remote peer" },
        { level: "warn", msg: "alarm raised", alarm: "NOSPACE" },
        "goroutine 1 [running]:",
      ],
    );
    expect(await readServerFindings(nodes, ETCD)).toEqual([]);
  });

  test.each([
    ["a panic", panic, "failed to open database: invalid database"],
    ["a fatal line", crc, "crc mismatch"],
    ["a panic of Go", "panic: runtime error: index out of range [3] with length 3", "index out of range"],
    ["a fatal error of Go", "fatal error: concurrent map writes", "concurrent map writes"],
    ["the alarm of corruption", alarm, "alarm raised"],
  ])("%s is a finding: invalid", async (_, line, words) => {
    await node("n1", [started], [starts(1), line]);
    expect(await etcd()).toMatchObject({ verdict: "invalid", reason: expect.stringContaining(words) });
  });

  test("what it says and does over data that the rig harmed is right, on that node and after that", async () => {
    const harmed = [started, sent("SIGKILL"), exited(null, "SIGKILL"), flipped, { ...again, starts: 2 }];
    await node("n1", [...harmed, exited(2, null)], [starts(1), starts(2), panic, alarm]);
    await node("n2", [started], [starts(1), alarm]);
    expect(await readServerFindings(nodes, ETCD)).toEqual([]);
    await node("n3", harmed, [starts(1), crc, starts(2)]);
    expect(await etcd()).toMatchObject({ verdict: "invalid", reason: expect.stringContaining("n3") });
  });

  test("it may end over a disk that the rig filled up; a disk that was full before is the machine's doing", async () => {
    const full = { level: "fatal", msg: "failed to save", error: "write wal: no space left on device" };
    await node("n1", [started, disk({ full: true }), exited(1, null)], [starts(1), full]);
    expect(await readServerFindings(nodes, ETCD)).toEqual([]);
    await node("n2", [started, exited(1, null)], [starts(1), full]);
    expect(await etcd()).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("no space left"),
    });
  });
});
