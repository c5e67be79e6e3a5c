import type { Stretch } from "../data.js";
import type { Messages } from "./messages.js";
import type { Operations } from "./operations.js";
import type { below, Frame, Hovered } from "./scene.js";

/** What lies under the pointer, in words. Part of the page's script. */
export function createHover(parts: {
  readonly below: typeof below;
}): (frame: Frame, messages: Messages, operations: Operations, x: number, y: number) => Hovered | null {
  const NEAR = 6;
  return (frame, messages, operations, x, y) => {
    if (x < frame.layout.gutter) return null;
    return (
      momentAt(frame, x, y) ??
      messageAt(frame, messages, x, y) ??
      markAt(frame, x, y) ??
      operationAt(frame, operations, x, y) ??
      faultAt(frame, x, y) ??
      nodeAt(frame, x, y)
    );
  };

  function seconds(ms: number): string {
    return `${(ms / 1_000).toFixed(ms % 1 === 0 ? 3 : 6)} s`;
  }

  function other(...lines: readonly string[]): Hovered {
    return { kind: "other", index: -1, lines };
  }

  function momentAt({ data, layout, scale }: Frame, x: number, y: number): Hovered | null {
    const { failure } = data;
    if (failure !== null && Math.abs(scale.x(failure.atMs) - x) < 4)
      return other(`✗ the failure, ${seconds(failure.atMs)}`, failure.text);
    if (y > layout.axisHeight + 4) return null;
    const near = data.moments.filter(({ atMs }) => Math.abs(scale.x(atMs) - x) < NEAR);
    if (near.length === 0) return null;
    return other(...near.slice(0, 8).map(({ atMs, text }) => `${seconds(atMs)}  ${text}`));
  }

  function messageAt(frame: Frame, messages: Messages, x: number, y: number): Hovered | null {
    const index = messages.near(x, y);
    if (index === -1) return null;
    const { data } = frame;
    const { sentAt, endAt, from, to, text, lost } = data.messages;
    const name = (node: number | undefined): string => data.nodes[node ?? -1]?.name ?? "?";
    const [sent, end] = [sentAt[index] as number, endAt[index] as number];
    return {
      kind: "message",
      index,
      lines: [
        `${name(from[index])} → ${name(to[index])}, ${data.texts[text[index] as number] ?? ""}`,
        lost[index] === 1
          ? `sent ${seconds(sent)}, lost ${seconds(end)}`
          : `sent ${seconds(sent)}, arrives ${seconds(end)} (${(end - sent).toFixed(2)} ms)`,
      ],
    };
  }

  function markAt({ data, layout, scale }: Frame, x: number, y: number): Hovered | null {
    const node = Math.floor((y - layout.laneTop) / layout.laneHeight);
    const inLane = y - layout.top(node);
    if (inLane > layout.bandTop + layout.bandHeight + 16) return null;
    const near = data.nodes[node]?.marks.filter(({ atMs }) => Math.abs(scale.x(atMs) - x) < NEAR) ?? [];
    if (near.length === 0) return null;
    return other(...near.slice(0, 8).map(({ atMs, text }) => `${seconds(atMs)}  ${text}`));
  }

  function operationAt(frame: Frame, operations: Operations, x: number, y: number): Hovered | null {
    if (y < frame.layout.clientTop) return null;
    const index = operations.at(frame, x, y);
    if (index === -1) return null;
    const { from, to, text } = frame.data.operations;
    const [begin, end] = [from[index] as number, to[index] as number];
    return {
      kind: "operation",
      index,
      lines: [
        frame.data.texts[text[index] as number] ?? "",
        `${seconds(begin)} to ${seconds(end)} (${(end - begin).toFixed(1)} ms)`,
      ],
    };
  }

  function faultAt({ data, layout, scale }: Frame, x: number, y: number): Hovered | null {
    const row = Math.floor((y - layout.faultTop) / layout.faultRow);
    const at = scale.time(x);
    const found = data.faults.find(
      ({ fromMs, toMs }, index) => layout.faultRows[index] === row && fromMs <= at && at <= toMs,
    );
    return found === undefined
      ? null
      : other(found.text, `in the schedule from ${seconds(found.fromMs)} to ${seconds(found.toMs)}`);
  }

  function nodeAt({ data, layout, scale }: Frame, x: number, y: number): Hovered | null {
    const lane = data.nodes[Math.floor((y - layout.laneTop) / layout.laneHeight)];
    const at = scale.time(x);
    const found = lane?.stretches.find(({ fromMs, toMs }) => fromMs <= at && at < toMs);
    if (lane === undefined || found === undefined || y < layout.laneTop) return null;
    const commit = lane.commit[parts.below(lane.commitAt, at) - 1] ?? 0;
    const isPaused = lane.pauses.some(({ fromMs, toMs }) => fromMs <= at && at <= toMs);
    return other(`${lane.name} at ${seconds(at)}: ${found.text}`, stretchText(found, commit, isPaused));
  }

  function stretchText({ fromMs, toMs }: Stretch, commit: number, isPaused: boolean): string {
    return `commit ${commit}${isPaused ? ", paused" : ""}; so from ${seconds(fromMs)} to ${seconds(toMs)}`;
  }
}
