/** Where things are inside a container. */
export const PATHS = {
  socket: "/run/gauntlet-agent.sock",
  serverLog: "/logs/server.log",
  agentLog: "/logs/agent.log",
  server: "/opt/gauntlet/server.js",
  relay: "/opt/gauntlet/relay.js",
  shim: "/opt/gauntlet/clock.so",
  clockPage: "/dev/shm/gauntlet-clock",
} as const;
