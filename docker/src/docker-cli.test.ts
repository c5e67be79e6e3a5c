import { describe, expect, test } from "vitest";
import { explain } from "./docker-cli.js";
import { parseNodes } from "./standing.js";

describe("what people get to read", () => {
  test.each(["See 'docker run --help'.", "Run 'docker run --help' for more information"])(
    "the last line of what docker said, without its prefix and its hint (%s)",
    (hint) => {
      const stderr = `WARNING: something\ndocker: Error response from daemon: Pool overlaps.\n\n${hint}\n`;
      expect(explain("docker network create", stderr)).toBe("docker network create: Pool overlaps.");
    },
  );

  test("an engine that is away comes with what to do", () => {
    const stderr =
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    expect(explain("docker ps", stderr)).toContain("no Docker engine answers");
    expect(explain("docker ps", stderr)).toContain("sh docker/engine.sh");
  });

  test("silence is told as such", () => {
    expect(explain("docker ps", "")).toBe("docker ps: failed without a word");
  });

  test.each(["0", "16", "abc", "-1", "2.5", ""])("NODES=%j is refused by name", (text) => {
    expect(() => parseNodes(text)).toThrow(`NODES="${text}": must be a whole number from 1 to 15`);
  });
});
