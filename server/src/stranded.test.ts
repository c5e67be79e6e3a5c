import { beforeEach, expect, test } from "vitest";
import { PATIENCE_TIMEOUTS, Stranded } from "./stranded.js";
import { ManualClock } from "./testing/manual-clock.js";

const TIMEOUT_MS = 500;
const PATIENCE_MS = PATIENCE_TIMEOUTS * TIMEOUT_MS;

let clock: ManualClock;
let told: string[];
let replica: { view: { leader: number | null }; isRecovering: boolean };
let stranded: Stranded;

beforeEach(() => {
  clock = new ManualClock();
  told = [];
  replica = { view: { leader: null }, isRecovering: true };
  const note = (...said: unknown[]) => void told.push(said.map((each) => JSON.stringify(each)).join(" "));
  stranded = new Stranded(TIMEOUT_MS, clock, { error: note, warn: note });
  stranded.follow(replica, 40);
});

function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 20) {
    clock.advance(20);
    stranded.ticked();
  }
}

test("a member that lost entries and sees no leader says so once, with what to do", () => {
  pass(PATIENCE_MS - 20);
  expect([stranded.isStranded, told]).toEqual([false, []]);
  expect(stranded.explain("RAFT NO LEADER")).toBe("RAFT NO LEADER");
  pass(10 * PATIENCE_MS);
  expect(stranded.isStranded).toBe(true);
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("lost entries up to 40");
  expect(told[0]).toContain("gauntlet-server accept-loss");
  expect(stranded.explain("RAFT NO LEADER")).toMatch(/^RAFT NO LEADER: this member lost entries up to 40/);
  expect(stranded.explain("ALARM NOSPACE")).toBe("ALARM NOSPACE");
});

test("a leader ends it; without one it is told again after as long", () => {
  pass(PATIENCE_MS);
  replica.view.leader = 2;
  pass(20);
  expect([stranded.isStranded, told.length]).toEqual([false, 2]);
  replica.view.leader = null;
  pass(PATIENCE_MS - 20);
  expect(told).toHaveLength(2);
  pass(40);
  expect([stranded.isStranded, told.length]).toEqual([true, 3]);
});

test("a member that has all that it acknowledged says nothing", () => {
  replica.isRecovering = false;
  pass(3 * PATIENCE_MS);
  expect([stranded.isStranded, told]).toEqual([false, []]);
});
