import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crc32 } from "./checksum.js";
import { readConfig } from "./config.js";
import type { Config } from "./config.js";
import { hexId, identityOf, newMemberId } from "./identity.js";
import { findIdentity } from "./joining.js";
import type { LoggedIdentity } from "./joining.js";
import { readMemberNote, writeMemberNote } from "./member-file.js";
import type { MembersAnswer } from "./peer/members.js";
import { peerOptions } from "./peer/options.js";
import { PeerTransport } from "./peer/transport.js";
import type { Disk } from "./ports.js";
import { nodeClock } from "./runtime/clock.js";
import { openNodeDisk } from "./runtime/disk.js";
import { freePorts } from "./testing/cluster.js";

const TIMEOUTS = { fetchMs: 200, askMs: 200 };

let directory: string;
let disk: Disk;
let seed: PeerTransport;
let seedUrl: string;
/** What the member that runs answers; null: it does not know yet. */
let answer: MembersAnswer | null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "gauntlet-"));
  disk = await openNodeDisk(directory);
  const [port = 0] = await freePorts(1);
  seedUrl = `http://127.0.0.1:${port}`;
  const self = { id: 1, name: "n1", peerUrls: [seedUrl] };
  seed = new PeerTransport({
    identity: { clusterId: 7, self, members: [] },
    ownUrls: { clientUrl: "", peerUrl: seedUrl },
    options: peerOptions(1000, 1024),
    clock: nodeClock,
    linkObserver: {
      connected: () => undefined,
      disconnected: () => undefined,
      dropped: () => undefined,
      sent: () => undefined,
    },
    receiverObserver: {
      accepted: () => undefined,
      ended: () => undefined,
      refused: () => undefined,
      received: () => undefined,
      misdirected: () => undefined,
    },
  });
  answer = null;
  await seed.listen(
    { host: "127.0.0.1", port },
    {
      messages: () => undefined,
      report: () => undefined,
      snapshot: () => Promise.reject(new Error("not asked for")),
      members: () => answer,
    },
  );
});

afterEach(async () => {
  seed.close();
  await rm(directory, { recursive: true, force: true });
});

const OWN_URL = "http://127.0.0.1:9";

function configOf(state: "new" | "existing", ...flags: string[]): Config {
  const cluster = `n1=${seedUrl},n2=${OWN_URL}`;
  const args = ["--name=n2", `--data-dir=${directory}`, `--initial-cluster=${cluster}`];
  return readConfig([...args, `--initial-cluster-state=${state}`, ...flags], {});
}

function find(config: Config, logged: LoggedIdentity | null = null) {
  return findIdentity(config, disk, logged, TIMEOUTS);
}

function member(id: number, name: string, peerUrl: string, ...clientUrls: string[]) {
  return { id, name, peerUrls: [peerUrl], clientUrls };
}

test("a founder is who its flags say, and its directory remembers it", async () => {
  const config = configOf("new");
  const found = await find(config);
  expect(found).toEqual(identityOf(config));
  expect(found.founders).toHaveLength(2);
  expect(await find(config, { clusterId: found.clusterId, memberId: found.self.id })).toEqual(found);
  const other = configOf("new", "--initial-cluster-token=other");
  await expect(find(other)).rejects.toThrow(`belongs to member ${hexId(found.self.id)} of cluster`);
  const renamed = configOf("existing", "--name=n1");
  await expect(find(renamed)).rejects.toThrow("belongs to member n2 of a cluster with the token gauntlet");
});

test("a founder that moved or whose cluster has changed comes back as existing, and knows whom it knew", async () => {
  const founder = await find(configOf("new"));
  const note = await readMemberNote(disk);
  if (note === null) throw new Error("it was noted");
  const five = member(5, "n5", "http://127.0.0.1:5", "http://127.0.0.1:55");
  await writeMemberNote(disk, { ...note, members: [...note.members, five], removed: [6] });
  const moved = configOf("existing", `--initial-cluster=n5=http://new:5,n2=http://new:9`);
  const found = await find(moved);
  expect(found).toMatchObject({ clusterId: founder.clusterId, founders: founder.founders, removed: [6] });
  expect(found.self).toEqual({ id: founder.self.id, name: "n2", peerUrls: ["http://new:9"] });
  expect(found.members.find(({ id }) => id === 5)?.peerUrls).toEqual(["http://127.0.0.1:5", "http://new:5"]);
});

test("who joins is who the members say; then its directory says so too", async () => {
  const config = configOf("existing");
  await expect(find(config)).rejects.toThrow(`none of the cluster's members answers at ${seedUrl}`);
  answer = { clusterId: 77, members: [member(1, "n1", seedUrl, "http://c:1")], removed: [6] };
  await expect(find(config)).rejects.toThrow(`"etcdctl member add <name> --peer-urls=${OWN_URL}"`);
  answer = { ...answer, members: [...answer.members, member(2, "", OWN_URL)] };
  const found = await find(config);
  expect(found).toEqual({
    clusterId: 77,
    self: { id: 2, name: "n2", peerUrls: [OWN_URL] },
    members: answer.members,
    removed: [6],
    founders: [],
  });
  answer = null;
  expect(await find(config, { clusterId: 77, memberId: 2 })).toEqual(found);
});

test("a member that has run and comes with an empty directory is refused, founder or not", async () => {
  const founding = identityOf(configOf("new"));
  const { clusterId, self } = founding;
  const run = member(self.id, "n2", OWN_URL, "http://c:2");
  answer = { clusterId, members: [run], removed: [] };
  await expect(find(configOf("new"))).rejects.toThrow(`"etcdctl member remove ${hexId(self.id)}"`);
  await expect(find(configOf("existing"))).rejects.toThrow("what it promised is lost");
  answer = { clusterId, members: [], removed: [self.id] };
  await expect(find(configOf("new"))).rejects.toThrow("was removed from the cluster");
  // A founder that has never run is known by its name alone; another cluster is no evidence.
  answer = { clusterId, members: [member(self.id, "n2", OWN_URL)], removed: [] };
  expect(await find(configOf("new"))).toEqual(founding);
});

test.each(["new", "existing"] as const)(
  "a member that has run and kept its note alone is refused: %s",
  async (state) => {
    const config = configOf(state);
    const { clusterId, self, founders } = await find(configOf("new"));
    const n1 = member(founders.find((id) => id !== self.id) ?? 0, "n1", seedUrl, "http://n1:1");
    answer = { clusterId, members: [n1, member(self.id, "n2", OWN_URL)], removed: [] };
    // A crash at its first start may have left as much.
    expect((await find(config)).self.id).toBe(self.id);
    answer = { clusterId, members: [n1, member(self.id, "n2", OWN_URL, "http://n2:1")], removed: [] };
    await expect(find(config)).rejects.toThrow("holds no log");
    expect((await find(config, { clusterId, memberId: self.id })).self.id).toBe(self.id);
  },
);

test("without its note a member finds itself by its log's ids, and asks who the others are", async () => {
  const logged = { clusterId: 77, memberId: 2 };
  const members = [member(1, "n1", seedUrl, "http://c:1"), member(2, "n2", "http://old:9", "http://c:2")];
  answer = { clusterId: 77, members, removed: [] };
  const found = await find(configOf("existing"), logged);
  expect(found).toMatchObject({ clusterId: 77, self: { id: 2, peerUrls: [OWN_URL] }, members, founders: [] });
  await rm(join(directory, "member.json"));
  await expect(find(configOf("existing"), { clusterId: 78, memberId: 2 })).rejects.toThrow(
    "belongs to cluster",
  );
  await expect(find(configOf("existing"), { clusterId: 77, memberId: 3 })).rejects.toThrow("it was removed");
});

test("a damaged note is as good as none, and one of another format is refused", async () => {
  await find(configOf("new"));
  const path = join(directory, "member.json");
  const sound = await readFile(path);
  for (let at = 0; at < sound.length; at++) {
    const flipped = Buffer.from(sound);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await writeFile(path, flipped);
    expect(await readMemberNote(disk)).toBeNull();
  }
  for (let length = 0; length < sound.length; length += 7) {
    await writeFile(path, sound.subarray(0, length));
    expect(await readMemberNote(disk)).toBeNull();
  }
  const json = sound.toString().replace('"format":1', '"format":2').split("\n")[0] ?? "";
  await writeFile(path, `${json}\n${crc32(json).toString(16)}\n`);
  await expect(readMemberNote(disk)).rejects.toThrow("start a newer gauntlet-server");
  await writeFile(path, sound);
  expect(await readMemberNote(disk)).toMatchObject({ name: "n2" });
});

test("ids of members that are added differ with every addition", () => {
  const urls = ["http://10.0.0.4:2380"];
  const ids = ["a", "b"].map((nonce) => newMemberId(7, urls, nonce));
  expect(new Set([...ids, newMemberId(8, urls, "a")]).size).toBe(3);
  for (const id of ids) expect(id).toBeLessThan(2 ** 52);
});
