import type { Verdict } from "@gauntlet/histories";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { RunRow } from "../model.js";
import { count, date, time } from "./format.js";
import { Chip } from "./verdict.js";

const REFRESH_MS = 2_000;
const PAGE = 100;
const CHOICES = ["running", "invalid", "failed", "unknown", "valid"] as const;

/** What a reader looks for; kept in the address, so that a reload and a link show the same. */
interface Filter {
  readonly verdict: string;
  readonly workload: string;
  readonly system: string;
  readonly text: string;
}

/** All recorded runs. Those that go on are at the top, then the newest. */
export function ListPage(): JSX.Element {
  const { rows, isLost } = useRuns();
  const [filter, setFilter] = useFilter();
  const [shown, setShown] = useState(PAGE);
  const found = useMemo(() => (rows ?? []).filter((row) => fits(row, filter)), [rows, filter]);
  useEffect(() => {
    document.title = "Gauntlet: runs";
  }, []);
  return (
    <main>
      <header class="heading plain">
        <h1>Runs</h1>
        <p class={`line ${isLost ? "lost" : ""}`} role="status">
          {isLost ? "The server does not answer; trying again." : ""}
        </p>
      </header>
      {rows === null ? (
        <p class="waiting">Reading the runs …</p>
      ) : rows.length === 0 ? (
        <Empty />
      ) : (
        <>
          <Filters rows={rows} filter={filter} onChange={setFilter} />
          <p class="quiet" role="status">
            {found.length === rows.length
              ? `${count(rows.length)} runs`
              : `${count(found.length)} of ${count(rows.length)} runs`}
          </p>
          <Rows rows={found.slice(0, shown)} />
          {found.length > shown && (
            <p class="actions">
              <button type="button" onClick={() => setShown(shown + PAGE)}>
                show {Math.min(PAGE, found.length - shown)} more
              </button>
            </p>
          )}
          {found.length === 0 && (
            <p class="waiting">
              No run is like that.{" "}
              <button
                type="button"
                onClick={() => setFilter({ verdict: "", workload: "", system: "", text: "" })}
              >
                show all
              </button>
            </p>
          )}
        </>
      )}
    </main>
  );
}

function Empty(): JSX.Element {
  return (
    <div class="waiting">
      <p>No run is recorded here yet. To record one:</p>
      <pre>npx gauntlet run --ui</pre>
    </div>
  );
}

function Filters(props: {
  readonly rows: readonly RunRow[];
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}): JSX.Element {
  const { rows, filter, onChange } = props;
  const of = (name: "workload" | "system"): readonly string[] =>
    [...new Set(rows.map((row) => row[name]))].toSorted();
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend class="hidden-text">Verdict</legend>
        {CHOICES.map((choice) => {
          const number = rows.filter((row) => kindOf(row) === choice).length;
          const isOn = filter.verdict === choice;
          return (
            <button
              key={choice}
              type="button"
              class="choice"
              aria-pressed={isOn}
              onClick={() => onChange({ ...filter, verdict: isOn ? "" : choice })}
            >
              {choice} <span class="quiet">{count(number)}</span>
            </button>
          );
        })}
      </fieldset>
      {(["workload", "system"] as const).map((name) => (
        <label key={name}>
          <span>{name}</span>
          <select
            value={filter[name]}
            onChange={(event) => onChange({ ...filter, [name]: event.currentTarget.value })}
          >
            <option value="">any</option>
            {of(name).map((value) => (
              <option key={value} value={value}>
                {value}
              </option>
            ))}
          </select>
        </label>
      ))}
      <label class="text">
        <span>text</span>
        <input
          type="search"
          value={filter.text}
          placeholder="test, seed, fault, reason"
          onInput={(event) => onChange({ ...filter, text: event.currentTarget.value })}
        />
      </label>
    </form>
  );
}

function Rows({ rows }: { readonly rows: readonly RunRow[] }): JSX.Element {
  return (
    <ul class="runs">
      {rows.map((row) => (
        <li key={row.id} class={kindOf(row)}>
          <a href={`runs/${row.id.split("/").map(encodeURIComponent).join("/")}/`}>
            <span class="run-verdict">
              {row.verdict === null ? <StateChip state={row.state} /> : <Chip verdict={row.verdict} />}
            </span>
            <span class="run-name">
              <b>{row.test}</b>
            </span>
            <time class="quiet" dateTime={row.startedAt}>
              {date(row.startedAt)}
            </time>
            <span class="run-reason">
              {row.reason ?? (row.state === "running" ? "goes on" : "the rig ended before it judged the run")}
            </span>
            <span class="run-facts quiet">{factsOf(row).join(" · ")}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function StateChip({ state }: Pick<RunRow, "state">): JSX.Element {
  return state === "running" ? (
    <span class="chip running">
      <span class="pulse" aria-hidden="true">
        ●
      </span>{" "}
      running
    </span>
  ) : (
    <span class="chip abandoned">– no verdict</span>
  );
}

function factsOf({
  workload,
  test,
  seed,
  system,
  timeLimitMs,
  okPerSecond,
  faults,
}: RunRow): readonly string[] {
  const told = faults.map(([fault, number]) => (number === 1 ? fault : `${number} ${fault}`));
  return [
    `seed ${seed}`,
    workload === test ? "" : workload,
    system,
    timeLimitMs === null ? "" : time(timeLimitMs, 0),
    okPerSecond === null ? "" : `${okPerSecond.toFixed(0)} ok/s`,
    ...(told.length > 5 ? [...told.slice(0, 4), `${told.length - 4} more kinds of fault`] : told),
  ].filter((fact) => fact !== "");
}

function kindOf({ state, verdict }: RunRow): Verdict | "running" | "abandoned" {
  return state === "running" ? "running" : (verdict ?? "abandoned");
}

function fits(row: RunRow, { verdict, workload, system, text }: Filter): boolean {
  if (verdict !== "" && kindOf(row) !== verdict) return false;
  if (workload !== "" && row.workload !== workload) return false;
  if (system !== "" && row.system !== system) return false;
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return true;
  const all = [
    row.id,
    row.reason ?? "",
    row.workload,
    row.system,
    `seed ${row.seed}`,
    ...row.faults.map(([fault]) => fault),
  ];
  const searched = all.join(" ").toLowerCase();
  return words.every((word) => searched.includes(word));
}

function useRuns(): { readonly rows: readonly RunRow[] | null; readonly isLost: boolean } {
  const [state, setState] = useState<{ readonly rows: readonly RunRow[] | null; readonly isLost: boolean }>({
    rows: null,
    isLost: false,
  });
  useEffect(() => {
    let timer = 0;
    let known = "";
    let isGone = false;
    const load = async (): Promise<void> => {
      try {
        const response = await fetch("runs.json");
        if (!response.ok) throw new Error(response.statusText);
        const text = await response.text();
        if (isGone) return;
        // The same rows are the same objects: nothing is drawn again.
        if (text !== known) setState({ rows: JSON.parse(text) as readonly RunRow[], isLost: false });
        else setState((state) => (state.isLost ? { ...state, isLost: false } : state));
        known = text;
      } catch {
        if (!isGone) setState((state) => ({ ...state, isLost: true }));
      }
      if (!isGone) timer = setTimeout(() => void load(), document.hidden ? REFRESH_MS * 5 : REFRESH_MS);
    };
    void load();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, []);
  return state;
}

function useFilter(): [Filter, (filter: Filter) => void] {
  const [filter, setFilter] = useState<Filter>(() => {
    const query = new URLSearchParams(location.search);
    const of = (name: string): string => query.get(name) ?? "";
    return { verdict: of("verdict"), workload: of("workload"), system: of("system"), text: of("text") };
  });
  const change = (next: Filter): void => {
    setFilter(next);
    const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value !== ""));
    history.replaceState(null, "", query.size === 0 ? location.pathname : `?${query.toString()}`);
  };
  return [filter, change];
}
