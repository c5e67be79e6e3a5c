import type { Random } from "@gauntlet/nemesis";

/** What a process does to the files of a directory. Numbers name files as they were made, so renamed ones are known again. */
export type Step =
  | { readonly do: "create"; readonly file: number; readonly name: string }
  | {
      readonly do: "write";
      readonly file: number;
      readonly at: number;
      readonly bytes: string;
      readonly how: WriteKind;
    }
  | { readonly do: "truncate"; readonly file: number; readonly length: number }
  | { readonly do: "sync"; readonly file: number; readonly call: "fsync" | "fdatasync" }
  | { readonly do: "rename"; readonly from: string; readonly to: string }
  | { readonly do: "unlink"; readonly name: string }
  | { readonly do: "sync-directory" };
type WriteKind = "pwrite" | "pwritev" | "write" | "synchronous";

const SECTOR = 512;
const NAMES = ["a", "b", "c", "d"];
const MAX_BYTES = 6_000;

interface ModelFile {
  readonly id: number;
  now: Buffer;
  synced: Buffer;
}
type Names = ReadonlyMap<string, ModelFile>;

/** What a disk promises of a directory of files: an entry of a synced directory, and a synced sector, are there after a loss. */
export class JournalWorld {
  readonly #random: Random;
  #files = 0;
  /** Of the directory: as it was synced, and after each change since. */
  #history: Names[] = [new Map()];

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next steps of a process, carried out in the model. */
  steps(count: number): readonly Step[] {
    return Array.from({ length: count }, () => {
      const step = this.#draw();
      this.#apply(step);
      return step;
    });
  }

  /** Files as a loss of all that was not synced leaves them. */
  get synced(): ReadonlyMap<string, Buffer> {
    return new Map([...(this.#history[0] ?? [])].map(([name, { synced }]) => [name, synced]));
  }

  /**
   * Takes these files for what a loss left, and goes on from them.
   * @throws where no loss leaves them so
   */
  lost(found: ReadonlyMap<string, Buffer>): void {
    const names = this.#history.find(
      (past) =>
        past.size === found.size &&
        [...past].every(([name, file]) => found.has(name) && canBe(file, found.get(name))),
    );
    if (names === undefined) throw new Error(`no loss leaves ${[...found.keys()].join(", ")} like this`);
    for (const [name, file] of names) file.now = file.synced = Buffer.from(found.get(name) ?? "");
    this.#history = [names];
  }

  /** Numbers of files by their names now. */
  get names(): ReadonlyMap<string, number> {
    return new Map([...this.#now].map(([name, { id }]) => [name, id]));
  }

  get #now(): Names {
    return this.#history.at(-1) ?? new Map<string, ModelFile>();
  }

  #draw(): Step {
    const random = this.#random;
    const named = [...this.#now];
    const name = random.pick(NAMES);
    const kind = random.below(20);
    if (named.length === 0 || (kind === 0 && !this.#now.has(name))) {
      return { do: "create", file: this.#files++, name };
    }
    const [old, { id: file, now }] = random.pick(named);
    if (kind === 1) return { do: "unlink", name: old };
    if (kind === 2 && old !== name) return { do: "rename", from: old, to: name };
    if (kind === 3) return { do: "sync-directory" };
    if (kind === 4) return { do: "truncate", file, length: random.below(MAX_BYTES) };
    if (kind < 10) return { do: "sync", file, call: random.pick(["fsync", "fdatasync"]) };
    const how = random.pick(["pwrite", "pwritev", "write", "synchronous"] as const);
    const length = 1 + random.below(random.below(3) === 0 ? 3_000 : 100);
    const at = random.below(3) === 0 ? now.length : random.below(MAX_BYTES);
    const bytes = Buffer.from(Array.from({ length }, () => random.below(256))).toString("base64");
    return { do: "write", file, at, bytes, how };
  }

  #apply(step: Step): void {
    const file = "file" in step ? [...this.#now.values()].find(({ id }) => id === step.file) : undefined;
    const names = new Map(this.#now);
    switch (step.do) {
      case "create":
        names.set(step.name, { id: step.file, now: Buffer.alloc(0), synced: Buffer.alloc(0) });
        break;
      case "unlink":
        names.delete(step.name);
        break;
      case "rename": {
        const moved = names.get(step.from);
        names.delete(step.from);
        if (moved !== undefined) names.set(step.to, moved);
        break;
      }
      case "sync-directory":
        this.#history = [names];
        return;
      case "write":
      case "truncate":
      case "sync":
        if (file !== undefined) change(file, step);
        return;
    }
    this.#history.push(names);
  }
}

function change(file: ModelFile, step: Extract<Step, { readonly do: "write" | "truncate" | "sync" }>): void {
  if (step.do === "sync") {
    file.synced = file.now;
    return;
  }
  if (step.do === "truncate") {
    file.now = resized(file.now, step.length);
    return;
  }
  const bytes = Buffer.from(step.bytes, "base64");
  const end = step.at + bytes.length;
  file.now = resized(file.now, Math.max(file.now.length, end));
  bytes.copy(file.now, step.at);
  if (step.how !== "synchronous") return;
  // Whole sectors, and the length as far as they go; a shorter length as a whole.
  const [from, to] = [Math.floor(step.at / SECTOR) * SECTOR, Math.ceil(end / SECTOR) * SECTOR];
  const reached = Math.min(to, file.now.length);
  file.synced = resized(file.synced, Math.min(file.now.length, Math.max(file.synced.length, reached)));
  file.now.copy(file.synced, from, from, reached);
}

function resized(bytes: Buffer, length: number): Buffer {
  const made = Buffer.alloc(length);
  bytes.copy(made);
  return made;
}

/** Each sector is as it was synced, or as it was; zeros where the end was not synced. */
function canBe({ now, synced }: ModelFile, found: Buffer | undefined): boolean {
  if (found === undefined || found.length > Math.max(now.length, synced.length)) return false;
  if (found.length < Math.min(now.length, synced.length)) return false;
  for (let at = 0; at < found.length; at += SECTOR) {
    const part = (bytes: Buffer): Buffer =>
      resized(bytes.subarray(at, at + SECTOR), Math.min(SECTOR, found.length - at));
    const is = found.subarray(at, at + SECTOR);
    if (!is.equals(part(now)) && !is.equals(part(synced))) return false;
  }
  return true;
}

/** A program for Node: carries out the steps in its first argument's file, in its second's directory, and is killed. */
export const STEP_PROGRAM = `
  const fs = require("fs");
  const [steps, directory] = process.argv.slice(1);
  const path = (name) => directory + "/" + name;
  const names = new Map(JSON.parse(fs.readFileSync(steps + "/names.json")));
  const open = (file, flags) => fs.openSync(path([...names].find(([, id]) => id === file)[0]), flags);
  const closing = (fd, use) => { try { return use(fd); } finally { fs.closeSync(fd); } };
  const all = (wanted, done) => { if (done !== wanted) throw new Error("short write"); };
  const { O_RDWR, O_WRONLY, O_DSYNC } = fs.constants;
  for (const step of JSON.parse(fs.readFileSync(steps + "/steps.json"))) {
    if (step.do === "create") {
      fs.closeSync(fs.openSync(path(step.name), "wx"));
      names.set(step.name, step.file);
    } else if (step.do === "unlink") {
      fs.unlinkSync(path(step.name));
      names.delete(step.name);
    } else if (step.do === "rename") {
      fs.renameSync(path(step.from), path(step.to));
      names.set(step.to, names.get(step.from));
      names.delete(step.from);
    } else if (step.do === "sync-directory") {
      closing(fs.openSync(directory, "r"), fs.fsyncSync);
    } else if (step.do === "truncate") {
      closing(open(step.file, "r+"), (fd) => fs.ftruncateSync(fd, step.length));
    } else if (step.do === "sync") {
      closing(open(step.file, "r+"), fs[step.call + "Sync"]);
    } else {
      const bytes = Buffer.from(step.bytes, "base64");
      const half = bytes.length >> 1;
      if (step.how === "pwrite") closing(open(step.file, "r+"), (fd) => all(bytes.length, fs.writeSync(fd, bytes, 0, bytes.length, step.at)));
      else if (step.how === "pwritev") closing(open(step.file, "r+"), (fd) => all(bytes.length, fs.writevSync(fd, [bytes.subarray(0, half), bytes.subarray(half)], step.at)));
      else if (step.how === "synchronous") closing(open(step.file, O_WRONLY | O_DSYNC), (fd) => all(bytes.length, fs.writeSync(fd, bytes, 0, bytes.length, step.at)));
      // Without an offset: from where the file stands, which reading moves.
      else closing(open(step.file, O_RDWR), (fd) => {
        const size = fs.fstatSync(fd).size;
        if (step.at > size) fs.ftruncateSync(fd, step.at);
        if (step.at > 0) all(step.at, fs.readSync(fd, Buffer.alloc(step.at), 0, step.at, null));
        all(bytes.length, fs.writeSync(fd, bytes));
      });
    }
  }
  process.kill(process.pid, "SIGKILL");
`;
