import type { Explanation } from "../explain/explain.js";
import { explanationSvg } from "../explain/svg.js";
import type { RecordedEvent, Recording } from "../formats/event.js";
import { faultsOf } from "../formats/faults.js";
import { at } from "../operation.js";
import { historyHtml } from "../view/html.js";
import type { ModelJudgement } from "./judgement.js";

/** The history as a page: in the order of the recording, with its clock where it has one. */
export function pageOf(file: string, { events }: Recording, judgement: ModelJudgement): string {
  const { model, recorded, result, explanations } = judgement;
  const positions = new Map(events.map((event, position) => [event, position]));
  const positionOf = (event: RecordedEvent): number => positions.get(event) as number;
  const faults = faultsOf(events).map(({ name, target, from, to }) => ({
    name,
    target,
    from: positionOf(from),
    to: to === undefined ? undefined : positionOf(to),
  }));
  const clock = hasClock(events) ? (position: number) => at(events, position).time as number : undefined;
  return historyHtml(model, recorded.operations, result, {
    title: file === "-" ? "standard input" : file,
    faults,
    failed: recorded.failed,
    clock,
    timeUnit: clock === undefined ? undefined : "ns",
    minimal: [...explanations.values()].flatMap(minimalOf),
    sentences: new Map([...explanations].map(([key, { sentence }]) => [key, sentence])),
  });
}

function minimalOf({ required, optional }: Explanation): readonly number[] {
  return [...required, ...optional];
}

/** Of the first violation; undefined: there is none to draw. */
export function svgOf({ model, recorded, explanations }: ModelJudgement): string | undefined {
  const [explanation] = explanations.values();
  return explanation === undefined ? undefined : explanationSvg(model, recorded.operations, explanation);
}

/** Whether every event has a time and none goes back; otherwise positions say more. */
function hasClock(events: readonly RecordedEvent[]): boolean {
  return events.every(({ time }, i) => {
    const before = events[i - 1]?.time;
    return time !== undefined && (i === 0 || (before !== undefined && before <= time));
  });
}
