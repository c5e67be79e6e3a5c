import { startKvServer } from "./kv-server.js";

/**
 * A server process that tests can stop and kill: answers reads, holds every write for ever, and says on
 * standard output first its port and then each call that arrived.
 */
const { port } = await startKvServer({
  port: Number(process.argv[2] ?? 0),
  range: (answer) => answer(null, { header: { revision: 7 } }),
  put: () => undefined,
  arrived: (method) => process.stdout.write(`${method}\n`),
});
process.stdout.write(`${port}\n`);
