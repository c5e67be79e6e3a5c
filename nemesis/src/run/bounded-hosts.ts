import type { Hosts } from "../hosts.js";
import { type Clock, pause } from "./clock.js";

/** A host that has not answered by then counts as failed: a rig that waits for ever gives no verdict. */
export const HOST_CALL_LIMIT_MS = 10_000;

/** The same hosts, every call of which ends within its limit. */
export function boundedHosts(hosts: Hosts, clock: Clock): Hosts {
  const bounded = async <T>(what: string, call: () => Promise<T>, extraMs = 0): Promise<T> => {
    const done = new AbortController();
    const limitMs = HOST_CALL_LIMIT_MS + extraMs;
    const tooLong = pause(clock, limitMs, done.signal).then((isOver) => {
      if (isOver) throw new Error(`${what} did not end within ${limitMs} ms`);
      return new Promise<never>(() => {});
    });
    try {
      return await Promise.race([call(), tooLong]);
    } finally {
      done.abort();
    }
  };
  return {
    nodes: hosts.nodes,
    probe: () => hosts.probe(),
    view: () => bounded("view", () => hosts.view()),
    cut: (node, cuts) => bounded(`cut ${node}`, () => hosts.cut(node, cuts)),
    cuts: (node) => bounded(`cuts ${node}`, () => hosts.cuts(node)),
    droppedPackets: (node) => bounded(`droppedPackets ${node}`, () => hosts.droppedPackets(node)),
    signal: (node, signal) => bounded(`${signal} ${node}`, () => hosts.signal(node, signal)),
    start: (node) => bounded(`start ${node}`, () => hosts.start(node)),
    process: (node) => bounded(`process ${node}`, () => hosts.process(node)),
    setClock: (node, setting) => bounded(`setClock ${node}`, () => hosts.setClock(node, setting)),
    clockSetting: (node) => bounded(`clockSetting ${node}`, () => hosts.clockSetting(node)),
    readClock: (node, windowMs) =>
      bounded(`readClock ${node}`, () => hosts.readClock(node, windowMs), windowMs),
  };
}
