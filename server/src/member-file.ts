import { z } from "zod";
import { crc32 } from "./checksum.js";
import type { Disk } from "./ports.js";

const NAME = "member.json";
const NEW_NAME = "member.json.new";
/** Far above what the largest cluster needs. */
const MAX_BYTES = 1024 * 1024;

const id = z.int().min(1);

const noteSchema = z.object({
  format: z.literal(1),
  clusterId: id,
  memberId: id,
  name: z.string(),
  token: z.string(),
  founders: z.array(id),
  members: z.array(
    z.object({ id, name: z.string(), peerUrls: z.array(z.string()), clientUrls: z.array(z.string()) }),
  ),
  removed: z.array(id),
});

export class MemberFileError extends Error {}

/**
 * Who a data directory belongs to, and who the other members were when it was last in use: what a member has to
 * know before it can ask anybody or has read its log.
 */
export type MemberNote = z.infer<typeof noteSchema>;

/** Null: there is none, or what there is cannot be trusted: its checksum stands in a second line. */
export async function readMemberNote(disk: Disk): Promise<MemberNote | null> {
  if (!(await disk.list()).includes(NAME)) return null;
  const file = await disk.open(NAME, "read");
  try {
    const bytes = new Uint8Array(Math.min(await file.size(), MAX_BYTES));
    const length = await file.read(bytes, 0);
    return decode(Buffer.from(bytes.buffer, 0, length).toString());
  } finally {
    await file.close();
  }
}

/** Takes the place of the note that is there: after a crash it is the one or the other. One at a time. */
export async function writeMemberNote(disk: Disk, note: MemberNote): Promise<void> {
  if ((await disk.list()).includes(NEW_NAME)) await disk.remove(NEW_NAME);
  const file = await disk.open(NEW_NAME, "create-exclusive");
  try {
    await file.write([Buffer.from(encode(note))], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(NEW_NAME, NAME);
  await disk.syncDirectory();
}

function encode(note: MemberNote): string {
  const json = JSON.stringify(note);
  return `${json}\n${crc32(json).toString(16)}\n`;
}

function decode(text: string): MemberNote | null {
  const [json = "", checksum, rest] = text.split("\n");
  if (rest !== "" || crc32(json).toString(16) !== checksum) return null;
  const note = noteSchema.safeParse(JSON.parse(json));
  if (note.success) return note.data;
  // It is what was written, so this program is the one that does not know it.
  throw new MemberFileError(`${NAME} is of a format that is not known here: start a newer gauntlet-server`);
}
