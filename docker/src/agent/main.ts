import { rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { giveToHost, log } from "./agent-log.js";
import { ClockPage, readClockPage } from "./clock-page.js";
import { Damages } from "./damage.js";
import { probeDisk } from "./disk-probe.js";
import { eachLine } from "./lines.js";
import { MachineDisk } from "./machine-disk.js";
import { readRules, resetConnections, setRules } from "./packet-rules.js";
import { PacketShaper } from "./packet-shaper.js";
import { PATHS } from "./paths.js";
import { requestLine, type Command, type Reply, type Request, type Result } from "./protocol.js";
import { ServerProcess } from "./server-process.js";

/**
 * The node agent: the "machine" around the server. It lives as long as the container, so the death of the server
 * leaves packet rules, clocks and disk as they were. Its arguments are the server's command line.
 */
writeFileSync(PATHS.agentLog, "", { flag: "a" });
giveToHost(PATHS.agentLog);
const server = new ServerProcess(process.argv.slice(2));
const shaper = new PacketShaper();
const clock = new ClockPage(PATHS.clockPage);
const damages = new Damages(PATHS.serverData);
const prepared = MachineDisk.prepare();

type Handlers = {
  readonly [C in Command]: (request: Extract<Request, { command: C }>) => Result<C> | Promise<Result<C>>;
};

const handlers: Handlers = {
  ping: () => ({ agentPid: process.pid }),
  start: async () => server.start((await prepared).journalVariables),
  signal: ({ signal }) => server.signal(signal),
  process: () => server.state(),
  "set-rules": async ({ rules }) => {
    const backend = await setRules(rules);
    log("packet rules set", { backend, rules });
    return { backend };
  },
  "read-rules": async () => ({ rules: await readRules() }),
  "reset-connections": async ({ peers }) => {
    const destroyed = await resetConnections(peers);
    log("connections reset", { peers, destroyed });
    return { destroyed };
  },
  "shape-packets": async ({ links }) => {
    await shaper.set(links);
    log("packets shaped", { links });
    return {};
  },
  "read-packets": async () => ({ links: await shaper.read() }),
  dial: ({ host, port, timeoutMs }) => dial(host, port, timeoutMs),
  "set-clock": ({ setting }) => {
    clock.set(setting);
    log("clock set", setting);
    return {};
  },
  "read-clock": () => ({ setting: readClockPage(PATHS.clockPage) }),
  "set-disk": async ({ setting }) => {
    await (await prepared).set(setting);
    log("disk set", setting);
    return {};
  },
  "read-disk": async () => (await prepared).read(),
  "power-loss": powerLoss,
  harm: async ({ kind, area }) => {
    const damage = await damages.harm(kind, area);
    if (damage !== null && kind === "truncate") {
      await (await prepared).fileCutOff(join(PATHS.serverData, damage.file));
    }
    log(kind === "truncate" ? "file cut off" : "bit flipped", { damage });
    return { damage };
  },
  "read-damages": async () => ({ damages: [...(await damages.standing())] }),
  "note-removal": ({ isRefused }) => {
    log(isRefused ? "removal refused" : "removal asked for");
    return {};
  },
  renew: async ({ run }) => {
    await server.renew(run);
    await (await prepared).renewed();
    return {};
  },
  "probe-disk": async () => {
    const state = await server.state();
    return probeDisk(await prepared, state.state === "exited" ? null : state.pid);
  },
};

/** The server ends in the same moment: it has no chance to write on. */
async function powerLoss(): Promise<Result<"power-loss">> {
  const disk = await prepared;
  // Throws where there is none, before the server is harmed for nothing.
  void disk.powerLossBy;
  await server.signal("SIGKILL");
  return disk.cut();
}

function dial(host: string, port: number, timeoutMs: number): Promise<Result<"dial">> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const settle = (outcome: Result<"dial">["outcome"]): void => {
      socket.destroy();
      resolve({ outcome });
    };
    socket.on("connect", () => settle("open"));
    socket.on("timeout", () => settle("timeout"));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") settle("refused");
      else if (error.code === "ETIMEDOUT") settle("timeout");
      else reject(error);
    });
  });
}

async function answer(line: string): Promise<Reply> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { id: -1, ok: false, error: "a request is no JSON" };
  }
  const parsed = requestLine.safeParse(json);
  if (!parsed.success) {
    const id = Number((json as { id?: unknown } | null)?.id ?? -1);
    const issue = parsed.error.issues[0];
    return { id, ok: false, error: `bad request: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}` };
  }
  const { id, request } = parsed.data;
  try {
    const handle = handlers[request.command] as (request: Request) => unknown;
    return { id, ok: true, result: await handle(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log("command failed", { request, error: message });
    return { id, ok: false, error: message };
  }
}

/** Requests of one channel are carried out one after another, in the order in which they came. */
function serve(socket: Socket): void {
  const carryOut = async (before: Promise<void>, line: string): Promise<void> => {
    await before;
    const reply = await answer(line);
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  let last = Promise.resolve();
  void eachLine(socket, (line) => {
    last = carryOut(last, line);
  });
}

/** A machine without a disk is none: the rig is told why by the container's end. */
async function listen(): Promise<void> {
  await prepared;
  rmSync(PATHS.socket, { force: true });
  createServer(serve).listen(PATHS.socket, () => log("agent listens", { pid: process.pid }));
}

void listen();
