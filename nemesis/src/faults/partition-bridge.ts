import { NotApplicable } from "../errors.js";
import { defineFault } from "./fault.js";
import { cutNodes, deafTo, leastPartitionMs, ringArgs } from "./partition.js";

export const partitionBridge = defineFault({
  name: "partition.bridge",
  summary:
    "Splits all nodes but the target in two random halves; the target, the bridge, hears and is heard by both.",
  needs: ["network.cut"],
  claims: [],
  minWindowMs: 3_000,
  leastWindowMs: leastPartitionMs(3_000),
  defaultTarget: "follower",
  args: ringArgs,
  prepare(context, { traffic, flap }) {
    const { machines, nodes: bridge, leader, random } = context;
    const others = random.shuffle(machines.filter((node) => !bridge.includes(node)));
    if (others.length < 2)
      throw new NotApplicable("beside the bridge there are no two nodes to be cut apart");
    const [near, far] = [others.slice(0, others.length >> 1), others.slice(others.length >> 1)];
    // Under a leader that everybody hears, the followers have nothing to say to each other: then nothing is
    // proved before one of them campaigns.
    const isQuiet = leader === null || bridge.includes(leader);
    const rules = new Map([...deafTo(near, far, traffic), ...deafTo(far, near, traffic)]);
    return cutNodes(context, { rules, everyNodeDrops: isQuiet }, flap);
  },
});
