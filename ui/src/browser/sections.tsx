import type { FaultRecord, FaultWindow, FunctionStats } from "@gauntlet/histories";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { LogLine, RunView } from "../model.js";
import { familyOf } from "./families.js";
import { bytes, count, latency, time } from "./format.js";
import { fileAddress } from "./violation.js";
import { Table } from "./table.js";

/** The figures of the whole run, in places that do not move. */
export function Figures({ view }: { readonly view: RunView }): JSX.Element {
  const { counts, results, load, faults, endMs } = view;
  const all = results?.stats.find(({ f }) => f === "all");
  const lastP99 = load.p99.findLast((value) => value !== null) ?? null;
  const lastP50 = load.p50.findLast((value) => value !== null) ?? null;
  const perSecond = results?.okPerSecond ?? (endMs > 0 ? (counts.ok * 1_000) / endMs : 0);
  const acted = faults.filter(
    ({ startedAtMs, outcome }) => startedAtMs !== null && outcome.type !== "skipped",
  );
  const proved = faults.filter(({ outcome }) => outcome.type === "proved").length;
  const figures: readonly (readonly [string, string, string])[] = [
    ["ok", count(counts.ok), ""],
    ["fail", count(counts.fail), "certainly did not happen"],
    ["info", count(counts.info), "outcome unknown"],
    ["ok a second", perSecond.toFixed(1), ""],
    ["p50", latency(all?.p50Ms ?? lastP50), all === undefined ? "of the last second" : "of all ok"],
    ["p99", latency(all?.p99Ms ?? lastP99), all === undefined ? "of the last second" : "of all ok"],
    ["faults", `${proved} of ${acted.length}`, "proved to have had an effect"],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, note]) => (
        <div key={name} title={note}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** What clients saw while each fault acted, beside the quiet times. */
export function Windows({ windows }: { readonly windows: readonly FaultWindow[] }): JSX.Element {
  const rows = windows.map((window) => [
    <FaultName key="name" fault={window.fault} />,
    window.nodes.join(", ") || "–",
    window.startMs === null
      ? "–"
      : `${time(window.startMs)} – ${window.endMs === null ? "?" : time(window.endMs)}`,
    count(window.ok),
    count(window.fail),
    count(window.info),
    latency(window.p50Ms),
    latency(window.p90Ms),
    latency(window.p99Ms),
    latency(window.maxMs),
    latency(window.longestGapMs),
    latency(window.recoveryMs),
  ]);
  const heads = [
    "Window",
    "Nodes",
    "When",
    "ok",
    "fail",
    "info",
    "p50",
    "p90",
    "p99",
    "max",
    "longest without a write",
    "writes again after",
  ];
  return (
    <section aria-labelledby="windows">
      <h2 id="windows">During each fault</h2>
      <Table
        heads={heads}
        rows={rows}
        figures={[3, 4, 5, 6, 7, 8, 9, 10, 11]}
        caption="What clients saw during each fault"
      />
    </section>
  );
}

function FaultName({ fault }: { readonly fault: string }): JSX.Element {
  return (
    <span class="nowrap">
      <i class={`swatch ${fault === "quiet" ? "quiet-times" : familyOf(fault)}`} />
      {fault === "quiet" ? "quiet times" : fault}
    </span>
  );
}

export function Faults({ faults }: { readonly faults: readonly FaultRecord[] }): JSX.Element {
  const rows = faults.map(({ fault, target, nodes, roles, startedAtMs, endedAtMs, outcome, healed }) => [
    <FaultName key="name" fault={fault} />,
    [target].flat().join(", "),
    nodes.map((node) => `${node} (${roles[node] ?? "role not known"})`).join(", ") || "–",
    startedAtMs === null ? (
      "–"
    ) : (
      <span key="when" class="nowrap">
        {time(startedAtMs)} – {endedAtMs === null ? "not ended" : time(endedAtMs)}
      </span>
    ),
    <span key="effect" class="prose">
      <span class={`outcome ${outcome.type}`}>{outcome.type}</span>{" "}
      {outcome.type === "proved" ? outcome.proof : outcome.reason}
    </span>,
    healed === null ? "–" : healed ? "yes" : <b class="bad">no</b>,
  ]);
  return (
    <section aria-labelledby="faults">
      <h2 id="faults">Faults</h2>
      {faults.length === 0 ? (
        <p class="quiet">No fault was executed.</p>
      ) : (
        <Table
          heads={["Fault", "Target", "Nodes and their roles", "When", "Effect", "Undone"]}
          rows={rows}
          caption="Faults"
          isProse
        />
      )}
    </section>
  );
}

export function Functions({ stats }: { readonly stats: readonly FunctionStats[] }): JSX.Element | null {
  if (stats.length === 0) return null;
  const rows = stats.map(({ f, ok, fail, info, p50Ms, p99Ms, maxMs }) => [
    f,
    count(ok),
    count(fail),
    count(info),
    latency(p50Ms),
    latency(p99Ms),
    latency(maxMs),
  ]);
  return (
    <section aria-labelledby="functions">
      <h2 id="functions">Operations by function</h2>
      <Table
        heads={["Function", "ok", "fail", "info", "p50", "p99", "max"]}
        rows={rows}
        figures={[1, 2, 3, 4, 5, 6]}
        caption="Operations by function"
      />
    </section>
  );
}

/** Follows the end unless the reader scrolled away from it. */
export function Log({
  lines,
  isRunning,
}: {
  readonly lines: readonly LogLine[];
  readonly isRunning: boolean;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [source, setSource] = useState("");
  const [follows, setFollows] = useState(true);
  const sources = [...new Set(lines.map((line) => line.source))].toSorted((a, b) =>
    a === "rig" ? -1 : b === "rig" ? 1 : a.localeCompare(b, "en", { numeric: true }),
  );
  const shown = source === "" ? lines : lines.filter((line) => line.source === source);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, source, follows]);
  const onScroll = (): void => {
    const { current } = box;
    if (current !== null) setFollows(current.scrollHeight - current.scrollTop - current.clientHeight < 24);
  };
  return (
    <section aria-labelledby="log">
      <div class="section-head">
        <h2 id="log">{isRunning ? "Log" : "End of the logs"}</h2>
        <label>
          of{" "}
          <select value={source} onChange={(event) => setSource(event.currentTarget.value)}>
            <option value="">everybody</option>
            {sources.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div
        class="log"
        ref={box}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Lines of the rig and of the nodes"
      >
        {shown.length === 0 && <p class="quiet">Nothing was said yet.</p>}
        {shown.map(({ id, at, source, level, text }) => (
          <p key={id} class={level}>
            <time>{at === null ? "" : at.slice(11, 23)}</time>
            <b>{source}</b>
            <span>{text}</span>
          </p>
        ))}
      </div>
    </section>
  );
}

export function Files({ view }: { readonly view: RunView }): JSX.Element {
  const isPage = (path: string): boolean => path.endsWith(".html");
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul class="files">
        {view.files.map(({ path, bytes: size }) => (
          <li key={path}>
            <a href={fileAddress(path)} {...(isPage(path) ? {} : { download: path.replaceAll("/", "-") })}>
              {path}
            </a>{" "}
            <span class="quiet">{bytes(size)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Commands({ view }: { readonly view: RunView }): JSX.Element {
  const path = quoted(view.path);
  const isBad = view.results !== null && view.results.verdict !== "valid";
  return (
    <section aria-labelledby="commands">
      <h2 id="commands">Again</h2>
      <div class="commands">
        <Command
          title="Replay this"
          command={`npx gauntlet replay ${path}`}
          note="the same seed, schedule and configuration"
        />
        {isBad && (
          <Command
            title="Shrink this"
            command={`npx gauntlet shrink ${path}`}
            note="the smallest schedule that still fails"
          />
        )}
        <Command
          title="Judge it again"
          command={`npx gauntlet check ${path}`}
          note="the recorded history, with today's checks"
        />
      </div>
    </section>
  );
}

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function Command({
  title,
  command,
  note,
}: {
  readonly title: string;
  readonly command: string;
  readonly note: string;
}): JSX.Element {
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      // Without a clipboard it is chosen, for the reader to copy.
      if (code.current !== null) getSelection()?.selectAllChildren(code.current);
    }
  };
  return (
    <div class="command">
      <span class="command-title">
        {title} <span class="quiet">{note}</span>
      </span>
      <code ref={code}>{command}</code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy: ${command}`}>
        {copied ? "copied" : "copy"}
      </button>
    </div>
  );
}

export function Configuration({ configuration }: Pick<RunView, "configuration">): JSX.Element {
  return (
    <section aria-labelledby="configuration">
      <h2 id="configuration">Configuration</h2>
      <div class="scroll">
        <table class="config">
          <tbody>
            {Object.entries(configuration).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <Value value={value} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Value({ value }: { readonly value: unknown }): JSX.Element {
  if (value === null || value === undefined) return <>–</>;
  if (typeof value === "string") return <>{value}</>;
  const line = JSON.stringify(value);
  if (line.length <= 100) return <span class="mono">{line}</span>;
  return (
    <details>
      <summary>show</summary>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
