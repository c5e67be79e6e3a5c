/** Where things are inside a container. */
export const PATHS = {
  socket: "/run/gauntlet-agent.sock",
  serverLog: "/logs/server.log",
  agentLog: "/logs/agent.log",
  server: "/opt/gauntlet/server.js",
  relay: "/opt/gauntlet/relay.js",
  shim: "/opt/gauntlet/clock.so",
  clockPage: "/dev/shm/gauntlet-clock",
  diskShim: "/opt/gauntlet/disk.so",
  diskPage: "/dev/shm/gauntlet-disk",
  packets: "/opt/gauntlet/packets",
  loopDisk: "/opt/gauntlet/loop-disk",
  /** The volume: it holds the machine's disk. */
  volume: "/disk",
  /** Where the machine's disk is mounted. */
  disk: "/data",
  /** Where what is not synced is noted, on a disk that cannot lose its power; beside what stands for the disk. */
  journalShim: "/opt/gauntlet/journal.so",
  journal: "/disk/journal",
  /** What the server has of it. */
  serverData: "/data/server",
} as const;

/** What a container is told of its disk. */
export const DISK_VARIABLES = {
  /** `loop`: it was given what loop mounts need; else why not. */
  kind: "GAUNTLET_DISK",
  /** Name of the file behind the loop device, by which people find it in the list of all of them. */
  file: "GAUNTLET_DISK_FILE",
} as const;
