/** Writes schedule.schema.json, which tells editors what a schedule may say. Run by `npm run schema`. */
import { writeFileSync } from "node:fs";
import { scheduleJsonSchema } from "../schedule/file-shape.js";

const file = new URL("../../schedule.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(scheduleJsonSchema(), null, 2)}\n`);
