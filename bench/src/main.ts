import { withCluster } from "./cluster.js";
import { measureRecovery } from "./recovery.js";
import { measureWrites } from "./throughput.js";

const NODES = 5;
const KILLS = 10;
const SECONDS = 5;

await withCluster(NODES, async (hosts) => {
  console.log(`writes, 256-byte values, ${NODES} nodes, ${SECONDS} s each`);
  for (const clients of [1, 10, 64]) {
    const { perSecond, p50Ms, p99Ms } = await measureWrites(hosts, clients, SECONDS);
    console.log(
      `  ${String(clients).padStart(3)} clients: ${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
    );
  }
  const times = await measureRecovery(hosts, KILLS);
  const sorted = times.toSorted((a, b) => a - b);
  console.log(`kill -9 of the leader to the next acknowledged write, ${KILLS} times, ms`);
  console.log(`  in order: ${times.map((ms) => ms.toFixed(0)).join(" ")}`);
  console.log(
    `  min ${sorted[0]?.toFixed(0)}, median ${sorted[Math.floor(KILLS / 2)]?.toFixed(0)}, max ${sorted.at(-1)?.toFixed(0)}`,
  );
});
