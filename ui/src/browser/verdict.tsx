import type { CheckKind, CheckResult, LiveStatus, RunResults, Verdict } from "@gauntlet/histories";
import type { JSX } from "preact";
import type { RunView } from "../model.js";
import { bytes, count, date, MARKS, MEANINGS, time } from "./format.js";
import { Heads } from "./table.js";

export function Chip({ verdict, text }: { readonly verdict: Verdict; readonly text?: string }): JSX.Element {
  return (
    <span class={`chip ${verdict}`}>
      <span aria-hidden="true">{MARKS[verdict]}</span> {text ?? verdict}
    </span>
  );
}

const KINDS: readonly CheckKind[] = ["safety", "liveness", "vacuity", "rig"];
const ORDER: readonly Verdict[] = ["invalid", "failed", "unknown", "valid"];

/** What the run came to, or how far it is. It keeps its height, so that nothing below moves. */
export function Heading({
  view,
  isReport,
}: {
  readonly view: RunView;
  readonly isReport: boolean;
}): JSX.Element {
  const { results, state, description } = view;
  const verdict = results?.verdict ?? null;
  return (
    <header class={`heading ${verdict ?? state}`}>
      <p class="crumbs">
        {!isReport && <a href="../../../">Runs</a>}
        {!isReport && <span aria-hidden="true"> / </span>}
        <span>{view.id}</span>
      </p>
      {verdict === null || results === null ? (
        <LiveHeading view={view} />
      ) : (
        <VerdictHeading results={results} verdict={verdict} />
      )}
      <p class="quiet facts">{factsOf(view).join(" · ")}</p>
      {view.trouble !== null && (
        <p class="trouble" role="alert">
          {view.trouble}
        </p>
      )}
      <p class="hidden-text">{description.test}</p>
    </header>
  );
}

function VerdictHeading({
  results,
  verdict,
}: {
  readonly results: RunResults;
  readonly verdict: Verdict;
}): JSX.Element {
  return (
    <div class="heading-body">
      <h1>
        <span aria-hidden="true" class="mark">
          {MARKS[verdict]}
        </span>
        {verdict}
      </h1>
      <p class="reason">{results.reason}</p>
      <p class="kinds">
        {KINDS.flatMap((kind) => {
          const merged = kindVerdict(results, kind);
          return merged === null ? [] : [<Chip key={kind} verdict={merged} text={`${kind} ${merged}`} />];
        })}
        <span class="quiet">{MEANINGS[verdict]}</span>
      </p>
    </div>
  );
}

function kindVerdict({ verdicts, checks }: RunResults, kind: CheckKind): Verdict | null {
  const told = verdicts?.[kind];
  if (told !== undefined) return told;
  const of = checks.filter((check) => check.kind === kind).map(({ verdict }) => verdict);
  return ORDER.find((verdict) => of.includes(verdict)) ?? null;
}

const PHASES = ["prepare", "main", "heal", "final reads", "stop", "check"];

function LiveHeading({ view }: { readonly view: RunView }): JSX.Element {
  const { state, status, description, endMs } = view;
  if (state === "abandoned")
    return (
      <div class="heading-body">
        <h1>
          <span aria-hidden="true" class="mark">
            –
          </span>
          no verdict
        </h1>
        <p class="reason">The rig ended before it judged this run. What it recorded until then is below.</p>
        <p class="kinds quiet">Judge it with: npx gauntlet check {view.path}</p>
      </div>
    );
  if (state === "finished")
    return (
      <div class="heading-body">
        <h1>reading</h1>
        <p class="reason">{Math.round(view.readShare * 100)} % of the history was read.</p>
        <p class="kinds quiet">The verdict comes with the rest.</p>
      </div>
    );
  const limit = description.timeLimitMs;
  const phase = status?.phase ?? "prepare";
  const at = PHASES.indexOf(phase);
  return (
    <div class="heading-body">
      <h1>
        <span aria-hidden="true" class="mark pulse">
          ●
        </span>
        running
      </h1>
      <p class="reason">
        {phase === "main" && limit !== null
          ? `${time(Math.min(endMs, limit))} of ${time(limit, 0)}`
          : phaseText(phase)}
        {" · "}
        <CheckProgress status={status} />
      </p>
      <ol class="phases" aria-label="Phases">
        {PHASES.map((name, index) => (
          <li
            key={name}
            class={index < at ? "past" : index === at ? "now" : ""}
            aria-current={index === at ? "step" : undefined}
          >
            <span>{name}</span>
            <i style={{ width: index < at ? "100%" : index === at ? share(name, endMs, limit) : "0" }} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function share(phase: string, endMs: number, limit: number | null): string {
  return phase === "main" && limit !== null ? `${Math.min(100, (endMs / limit) * 100).toFixed(1)}%` : "50%";
}

function phaseText(phase: string): string {
  const texts: Readonly<Record<string, string>> = {
    prepare: "starting the cluster",
    heal: "healing every fault, waiting for writes to be taken again",
    "final reads": "reading everything once more",
    stop: "removing the nodes",
    check: "judging the whole recording",
  };
  return texts[phase] ?? phase;
}

/** The verdict so far, and how far behind it is. */
function CheckProgress({ status }: { readonly status: LiveStatus | null }): JSX.Element {
  const check = status?.check ?? null;
  if (check === null) return <span>nothing is checked before the end</span>;
  const { state, recorded, checked, heapBytes, reason } = check;
  if (state === "violation") return <b class="bad">✗ violation: {reason}</b>;
  if (state === "given up")
    return <span>the live check was given up ({reason}); all is checked at the end</span>;
  const behind = Math.max(0, recorded - checked);
  return (
    <span>
      no violation in <span class="figure">{count(checked)}</span> events checked
      <span class="quiet">
        {" "}
        ({count(behind)} behind{heapBytes === null ? "" : `, ${bytes(heapBytes)}`})
      </span>
    </span>
  );
}

function factsOf({ description }: RunView): readonly string[] {
  const { workload, system, nodes, concurrency, ratePerSecond, timeLimitMs, seed, startedAt } = description;
  return [
    `${workload} on ${nodes === null ? "" : `${nodes} nodes of `}${system}`,
    ratePerSecond === null ? "" : `${count(ratePerSecond)} operations/s asked for`,
    concurrency === null ? "" : `${concurrency} processes`,
    timeLimitMs === null ? "" : time(timeLimitMs, 0),
    `seed ${seed}`,
    date(startedAt),
  ].filter((fact) => fact !== "");
}

export function Checks({ checks }: { readonly checks: readonly CheckResult[] }): JSX.Element {
  const sorted = KINDS.flatMap((kind) => checks.filter((check) => check.kind === kind));
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      {checks.length === 0 ? (
        <p class="quiet">No check ran.</p>
      ) : (
        <div class="scroll">
          <table class="cards">
            <Heads heads={["Kind", "Check", "Verdict", "Why"]} />
            <tbody>
              {sorted.map(({ name, kind, verdict, reason }, index) => (
                <tr key={index}>
                  <td class="quiet kind-cell">{sorted[index - 1]?.kind === kind ? "" : kind}</td>
                  <td class="nowrap">{name}</td>
                  <td class="nowrap">
                    <Chip verdict={verdict} />
                  </td>
                  <td class="prose">{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
