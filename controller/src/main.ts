import { main } from "./cli/program.js";

const code = await main(process.argv.slice(2));
// By now all is said and done. A connection that is still being tried to a machine which is gone would keep the process for
// two minutes more.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise<void>((resolve) => stream.write("", () => resolve()));
}
process.exit(code);
