import { readdir } from "node:fs/promises";
import { Command, CommanderError } from "commander";
import { CONFIRMATION, UNCONFIRMED, accountOf, refuseWhereOneLeads } from "./accept-loss.js";
import { COMMANDS, ConfigError, HelpShown } from "./config.js";
import { hexId } from "./identity.js";
import { readMemberNote } from "./member-file.js";
import type { MemberNote } from "./member-file.js";
import { StartError, ownDirectory, usingDirectory } from "./node-directory.js";
import type { Disk } from "./ports.js";
import { configurationOf } from "./raft/configuration.js";
import { acceptLoss } from "./replica/accept-loss.js";
import { rebuildReplica } from "./replica/durable.js";
import type { Place } from "./replica/durable.js";
import { placeOf } from "./replica/open.js";
import { openNodeDisk } from "./runtime/disk.js";
import { nodeClock } from "./runtime/clock.js";
import { runStateVerification } from "./runtime/state-verification.js";
import { dumpLine, dumpWal, readIdentity, verdictLine, verifyWal } from "./wal/index.js";

/** Of what a command has to write to a log; the next start goes on with its own setting. */
const SEGMENT_BYTES = 1024 * 1024;

const STATE_NAME = /^state-(\d+)$/;

/** Whether the arguments name a command; else they are the server's flags. */
export function isCommand([first = ""]: readonly string[]): boolean {
  return COMMANDS.some((command) => command.split(" ")[0] === first);
}

/**
 * Runs a command for the people who look after a data directory; resolves to its exit code. Throws as readConfig does
 * for wrong arguments, and errors for people where the directory is not what it should be.
 */
export async function runCommand(
  argv: readonly string[],
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  let code = 0;
  const program = new Command("gauntlet-server");
  const line = (text: string) => write(`${text}\n`);
  program
    .command("rebuild")
    .description(
      "throw a member's state and log away; what it promised stays, the rest comes from the others",
    )
    .requiredOption("--data-dir <path>", "the directory of a member that is stopped")
    .action(async ({ dataDir }: { dataDir: string }) => rebuild(dataDir, line));
  program
    .command("accept-loss")
    .description(
      "let a member vote again that lost what it had acknowledged, when no majority comes back without it",
    )
    .requiredOption("--data-dir <path>", "the directory of a member that is stopped")
    .option(CONFIRMATION, "writes that no other member has are gone for good")
    .action(async ({ dataDir, yesIMayLoseAcknowledgedWrites }: AcceptLossOptions) => {
      if (yesIMayLoseAcknowledgedWrites !== true) throw new ConfigError(UNCONFIRMED);
      await acceptLossOf(dataDir, line);
    });
  const wal = program.command("wal").description("look at the write-ahead log on disk");
  wal
    .command("dump")
    .description("show every record, also behind damage")
    .requiredOption("--data-dir <path>", "may be that of a server that runs")
    .option("--json", "one object a line")
    .action(async ({ dataDir, json }: { dataDir: string; json?: boolean }) => {
      for await (const record of dumpWal(await readable(dataDir))) {
        line(json === true ? JSON.stringify(record) : dumpLine(record));
      }
    });
  wal
    .command("verify")
    .description(
      "read all of it: exits with 0 when it is sound or a crash tore its last write, with 1 otherwise",
    )
    .requiredOption("--data-dir <path>", "may be that of a server that runs")
    .option("--json", "one object")
    .action(async ({ dataDir, json }: { dataDir: string; json?: boolean }) => {
      const verdict = await verifyWal(await readable(dataDir));
      line(json === true ? JSON.stringify(verdict) : verdictLine(verdict));
      code = verdict.outcome === "damaged" || verdict.outcome === "refused" ? 1 : 0;
    });
  program
    .command("state")
    .description("look at the state on disk")
    .command("verify")
    .description("read all of it: exits with 0 when it is what was written, with 1 when it is damaged")
    .requiredOption("--data-dir <path>", "may be that of a server that runs")
    .option("--generation <number>", "one state alone, by its number")
    .option("--as-opened", "do all that a server does when it opens a state: it must not run")
    .action(async (options: VerifyOptions) => {
      code = await verifyState(options, line);
    });
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((each) => each.commands),
  ]) {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: () => undefined });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    throw new ConfigError(`${error.message.replace(/^error: /, "").replaceAll("\n", " ")}; --help says more`);
  }
  return code;
}

/** A directory that is there: looking at it makes none. */
function readable(dataDir: string): Promise<Disk> {
  return usingDirectory(dataDir, async () => {
    await readdir(dataDir);
    return openNodeDisk(dataDir);
  });
}

interface AcceptLossOptions {
  readonly dataDir: string;
  readonly yesIMayLoseAcknowledgedWrites?: boolean;
}

/** The directory of a member that is stopped. */
interface StoppedMember {
  readonly place: Place;
  /** For people. */
  readonly called: string;
  readonly note: MemberNote | null;
}

async function stoppedMember(dataDir: string): Promise<StoppedMember> {
  await readable(dataDir);
  const { disk, states } = await ownDirectory(dataDir);
  const [note, logged] = await usingDirectory(dataDir, async () => {
    return [await readMemberNote(disk), await readIdentity(disk)] as const;
  });
  const ids = note ?? (logged === null ? null : { ...logged, founders: [] });
  if (ids === null) throw new StartError(`--data-dir: ${dataDir} belongs to no member yet`);
  const { memberId, clusterId, founders } = ids;
  const place = placeOf(
    { disk, states, clock: nodeClock },
    { self: memberId, clusterId, initial: configurationOf(founders), segmentBytes: SEGMENT_BYTES },
  );
  return { place, called: `member ${hexId(memberId)} of cluster ${hexId(clusterId)}`, note };
}

async function rebuild(dataDir: string, line: (text: string) => void): Promise<void> {
  const { place, called } = await stoppedMember(dataDir);
  const lostTo = await usingDirectory(dataDir, () => rebuildReplica(place));
  line(
    `${called} begins anew: it gets its state and entry ${lostTo} from the others, and votes when it has them`,
  );
}

async function acceptLossOf(dataDir: string, line: (text: string) => void): Promise<void> {
  const { place, called, note } = await stoppedMember(dataDir);
  const others = (note?.members ?? []).filter(({ id }) => id !== place.self);
  await refuseWhereOneLeads(others.flatMap(({ clientUrls }) => clientUrls));
  const told = (reason: string): void => line(`damage on disk: begun anew: ${reason}`);
  const accepted = await usingDirectory(dataDir, () => acceptLoss(place, told));
  if (accepted === null) {
    throw new StartError(`${called} has lost nothing that it acknowledged, and votes: nothing was changed`);
  }
  for (const text of accountOf(called, accepted)) line(text);
}

interface VerifyOptions {
  readonly dataDir: string;
  readonly generation?: string;
  readonly asOpened?: boolean;
}

async function verifyState(
  { dataDir, generation, asOpened }: VerifyOptions,
  line: (text: string) => void,
): Promise<number> {
  const names = await usingDirectory(dataDir, () => readdir(dataDir));
  const all = names.flatMap((name) => {
    const match = STATE_NAME.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
  const wanted = generation === undefined ? all : all.filter((each) => String(each) === generation);
  if (wanted.length === 0) {
    throw new StartError(
      `--data-dir: ${dataDir} has no state${generation === undefined ? "" : ` ${generation}`}`,
    );
  }
  const how = asOpened === true ? "as-opened" : "read-only";
  let code = 0;
  for (const each of wanted) code = Math.max(code, await runStateVerification(dataDir, each, how, line));
  return code;
}
