import { gauntletpeer } from "@gauntlet/proto";
import { describe, expect, it } from "vitest";
import { configurationOf, type Configuration } from "../raft/configuration.js";
import { KvStore, loadState, type MemberAttributes } from "./index.js";
import { MemoryEngine } from "./testing/memory-engine.js";
import { toProtoMember } from "./members.js";

const clock = { soon: (callback: () => void) => void setImmediate(callback) };

function member(id: number, more: Partial<MemberAttributes> = {}): MemberAttributes {
  return { id, name: "", peerUrls: [], clientUrls: [], ...more };
}

function data(...members: MemberAttributes[]): Uint8Array {
  return gauntletpeer.Command.encode({
    origin: 1,
    request_id: 9,
    members: members.map(toProtoMember),
  }).finish();
}

function configured(store: KvStore, configuration: Configuration, ...members: MemberAttributes[]): void {
  store.applyConfiguration(configuration, members.length === 0 ? new Uint8Array(0) : data(...members));
}

describe("the registry of members", () => {
  it("answers what is told of members with a header, and adds it to what is known", () => {
    const store = new KvStore();
    expect(store.applyCommand(data(member(2, { name: "n2", peerUrls: ["http://a"] })))).toEqual({
      origin: 1,
      requestId: 9,
      result: { type: "ok", response: { header: { revision: 1 } } },
    });
    store.applyCommand(data(member(1, { name: "n1" }), member(2, { clientUrls: ["http://c", "http://d"] })));
    store.applyCommand(data(member(2, { peerUrls: ["http://b"] })));
    expect(store.members).toEqual({
      members: [
        member(1, { name: "n1" }),
        member(2, { name: "n2", peerUrls: ["http://b"], clientUrls: ["http://c", "http://d"] }),
      ],
      removed: [],
    });
    expect(store.revision).toBe(1);
  });

  it("takes out whom a configuration leaves out, as soon as no half of it has him", () => {
    const store = new KvStore();
    store.applyCommand(data(member(1), member(2), member(3)));
    configured(
      store,
      { ...configurationOf([1, 2, 4]), outgoing: [1, 2, 3], learners: [5] },
      member(4),
      member(5),
    );
    expect(store.members.members.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
    configured(store, { ...configurationOf([1, 2, 4]), learners: [5] });
    expect(store.members).toMatchObject({ removed: [3] });
    expect(store.members.members.map(({ id }) => id)).toEqual([1, 2, 4, 5]);
  });

  it("takes out a member that never told anything of itself where the entry names it", () => {
    const store = new KvStore();
    configured(store, configurationOf([1, 2]), member(3));
    expect(store.members).toEqual({ members: [], removed: [3] });
  });

  it("does not take back a removed member that is told of, but one that is configured", () => {
    const store = new KvStore();
    configured(store, configurationOf([1, 2]), member(3));
    const before = store.members;
    store.applyCommand(data(member(3, { name: "late" })));
    expect(store.members).toBe(before);
    configured(store, configurationOf([1, 2, 3]), member(3, { name: "again" }));
    expect(store.members).toEqual({ members: [member(3, { name: "again" })], removed: [] });
  });

  it("is in the hash of the state, in checkpoints, and kept as it was by who holds it", async () => {
    const engine = new MemoryEngine();
    const { store, writer } = await loadState(engine, clock);
    const hashes = new Set([store.stateHash(4).hash]);
    store.applyCommand(data(member(1, { name: "one" })));
    hashes.add(store.stateHash(4).hash);
    const held = store.members;
    configured(store, configurationOf([1]), member(8));
    hashes.add(store.stateHash(4).hash);
    expect(hashes.size).toBe(3);
    expect(held).toEqual({ members: [member(1, { name: "one" })], removed: [] });
    const meta = await writer.write(store, { index: 4, term: 1, configuration: configurationOf([1]) });
    expect(meta).toMatchObject(store.members);
    const { store: loaded } = await loadState(engine, clock);
    expect(loaded.members).toEqual(store.members);
    expect(loaded.stateHash(4)).toEqual(store.stateHash(4));
  });

  it("stops at data that is none", () => {
    const store = new KvStore();
    const wrong = Buffer.from("\xff\xff");
    expect(() => store.applyConfiguration(configurationOf([1]), wrong)).toThrow("holds no command");
    expect(() => store.applyCommand(new Uint8Array(0))).toThrow("no request in it");
  });
});
