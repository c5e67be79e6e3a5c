import { expect } from "vitest";
import { TRUE_TIME } from "../effects/clock-ledger.js";
import { HEALTHY_DISK } from "../effects/disk.js";
import type { FakeHosts } from "./fake-hosts.js";

/** Nothing of a fault is left on any node. */
export function expectWhole(hosts: FakeHosts): void {
  for (const node of hosts.cluster.nodes) {
    expect(node).toMatchObject({
      state: hosts.nodes.includes(node.name) ? "running" : "exited",
      rules: [],
      clock: TRUE_TIME,
      shapes: new Map(),
      disk: HEALTHY_DISK,
    });
  }
  expect(hosts.cluster.voters.toSorted()).toEqual(hosts.nodes.toSorted());
  expect(hosts.cluster.learners).toEqual([]);
}
