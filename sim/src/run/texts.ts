import type { NemesisEvent } from "@gauntlet/nemesis";
import type { Answer, Operation, Outcome } from "@gauntlet/workloads";

export function textOfOperation({ f, key, value }: Operation): string {
  return `${f} ${key ?? ""}${value === undefined ? "" : ` ${JSON.stringify(value)}`}`;
}

export function textOfOutcome(operation: Operation, outcome: Outcome<Answer>): string {
  const answer = outcome.type === "ok" ? JSON.stringify(outcome.value) : outcome.error.code;
  return `${textOfOperation(operation)}: ${answer}`;
}

export function textOfFault({ f, phase, value }: NemesisEvent): string {
  const { nodes, target, outcome } = value;
  const whom = nodes.length > 0 ? nodes.join(", ") : [target].flat().join(", ");
  const how = outcome === undefined ? "" : `: ${outcome.type === "proved" ? outcome.proof : outcome.reason}`;
  const happens = phase === "skipped" ? phase : `${phase}s`;
  return `${f} on ${whom} ${happens}${outcome === undefined ? "" : ` (${outcome.type})`}${how}`;
}
