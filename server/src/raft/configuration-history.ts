import { flawOf, mayFollow } from "./configuration-change.js";
import type { Configuration } from "./configuration.js";
import type { Entry } from "./entry.js";
import { invariant } from "./invariant.js";

interface Step {
  readonly index: number;
  readonly configuration: Configuration;
}

/**
 * The configurations of one log. The last is in force as soon as its entry is appended, committed or not
 * (dissertation 4.1); an entry that is replaced takes its configuration with it. The first is that of the
 * snapshot before the log, or the initial one.
 */
export class ConfigurationHistory {
  private steps: Step[];

  constructor(base: { readonly index: number; readonly configuration: Configuration }) {
    this.steps = [{ index: base.index, configuration: base.configuration }];
  }

  /** In force. */
  get last(): Configuration {
    return this.lastStep.configuration;
  }

  /** Where the one in force came into the log: it is committed when this index is. */
  get lastIndex(): number {
    return this.lastStep.index;
  }

  /** Which it took the place of. */
  get beforeLast(): Configuration {
    return this.at(this.lastIndex - 1);
  }

  /** In force after the entry `index`. */
  at(index: number): Configuration {
    const step = this.steps.findLast((one) => one.index <= index);
    invariant(step !== undefined, () => `configuration of ${index}, which is before the log`);
    return step.configuration;
  }

  /** What of `entries`, which replace everything from the first of them on, is a configuration. */
  replaceFrom(entries: readonly Entry[]): void {
    const first = entries[0]?.index;
    if (first === undefined) return;
    this.truncateFrom(first);
    for (const entry of entries) {
      if (entry.kind === "configuration") this.append(entry.index, entry.configuration);
    }
  }

  append(index: number, configuration: Configuration): void {
    const before = this.last;
    const flaw = flawOf(configuration);
    invariant(flaw === null, () => `configuration ${index}, ${JSON.stringify(configuration)}: ${flaw}`);
    // Who joins a running cluster knows no voters at first.
    invariant(
      before.voters.length === 0 || mayFollow(before, configuration),
      () => `configuration ${index}, ${JSON.stringify(configuration)}, after ${JSON.stringify(before)}`,
    );
    this.steps.push({ index, configuration });
  }

  truncateFrom(index: number): void {
    const first = this.steps[0];
    invariant(first === undefined || first.index < index, () => `configuration ${first?.index} cut off`);
    if (this.lastIndex >= index) this.steps = this.steps.filter((step) => step.index < index);
  }

  /** Nobody asks for what was in force before `index` any more. */
  compactTo(index: number): void {
    const from = this.steps.findLastIndex((step) => step.index <= index);
    if (from > 0) this.steps = this.steps.slice(from);
  }

  /** A snapshot takes the place of the whole log. */
  reset(mark: { readonly index: number; readonly configuration: Configuration }): void {
    const flaw = flawOf(mark.configuration);
    invariant(flaw === null, () => `configuration of snapshot ${mark.index}: ${flaw}`);
    this.steps = [{ index: mark.index, configuration: mark.configuration }];
  }

  private get lastStep(): Step {
    const step = this.steps.at(-1);
    invariant(step !== undefined, () => "no configuration is in force");
    return step;
  }
}
