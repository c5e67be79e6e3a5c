import type { Dom, ElementLike } from "./dom.js";
import type { Command } from "./controls.js";

/** What the commands act on. */
export interface Actions {
  pan(share: number): void;
  scrollLanes(rows: number): void;
  zoom(factor: number): void;
  fit(): void;
  jump(): void;
  nextOperation(by: number): void;
  nextIllegal(by: number): void;
  step(by: number): void;
  stepTo(end: "first" | "last"): void;
  nextOrder(by: number): void;
  nextPartition(by: number): void;
  toggle(what: "time" | "dim" | "order" | "theme"): void;
  escape(): void;
}

/** Keys, buttons and the help that lists them. Part of the page's script. */
export function createCommands(
  dom: Dom,
  help: ElementLike,
  list: ElementLike,
  actions: Actions,
): readonly Command[] {
  let open = false;
  const commands: readonly Command[] = [
    command("jump", ["f"], "go to where it broke", () => actions.jump()),
    command("next-illegal", ["i"], "next operation whose answer is impossible", () => actions.nextIllegal(1)),
    command("", ["I"], "the one before", () => actions.nextIllegal(-1)),
    command("step-back", ["k", "["], "one step back in the order", () => actions.step(-1)),
    command("step-on", ["j", "]"], "one step on in the order", () => actions.step(1)),
    command("", ["Home"], "first step of the order", () => actions.stepTo("first")),
    command("", ["End"], "last step of the order", () => actions.stepTo("last")),
    command("", ["a"], "another longest partial order", () => actions.nextOrder(1)),
    command("", ["A"], "the one before", () => actions.nextOrder(-1)),
    command("", ["n"], "next operation, in order of call", () => actions.nextOperation(1)),
    command("", ["p"], "operation before", () => actions.nextOperation(-1)),
    command("", ["ArrowLeft"], "move left (with Shift: a whole view)", () => actions.pan(-0.15)),
    command("", ["ArrowRight"], "move right", () => actions.pan(0.15)),
    command("", ["Shift+ArrowLeft"], "", () => actions.pan(-0.9)),
    command("", ["Shift+ArrowRight"], "", () => actions.pan(0.9)),
    command("", ["ArrowUp"], "move up", () => actions.scrollLanes(-1)),
    command("", ["ArrowDown"], "move down", () => actions.scrollLanes(1)),
    command("zoom-in", ["+", "="], "zoom in (or the wheel)", () => actions.zoom(0.6)),
    command("zoom-out", ["-", "_"], "zoom out", () => actions.zoom(1 / 0.6)),
    command("fit", ["0"], "see everything", () => actions.fit()),
    command("time", ["t"], "real time, or calls and returns evenly spaced", () => actions.toggle("time")),
    command("order", ["o"], "show or hide the order", () => actions.toggle("order")),
    command("dim", ["d"], "dim what is not in the minimal sub-history", () => actions.toggle("dim")),
    command("previous", ["<", ","], "partition before", () => actions.nextPartition(-1)),
    command("next", [">", "."], "next partition", () => actions.nextPartition(1)),
    command("theme", ["c"], "dark or light", () => actions.toggle("theme")),
    { id: "help-button", keys: ["?"], text: "this list", run: showHelp },
    {
      id: "",
      keys: ["Escape"],
      text: "close; select nothing",
      run: () => (open ? hideHelp() : actions.escape()),
    },
  ];
  for (const { keys, text } of commands) {
    if (text === "") continue;
    const [term, meaning] = [dom.document.createElement("dt"), dom.document.createElement("dd")];
    const key = dom.document.createElement("kbd");
    key.textContent = NAMES()[keys[0] as string] ?? (keys[0] as string);
    term.append(key);
    meaning.textContent = text;
    list.append(term, meaning);
  }
  dom.document.getElementById("help-close")?.addEventListener("click", hideHelp);
  help.addEventListener("cancel", () => {
    open = false;
  });
  return commands;

  function NAMES(): Record<string, string> {
    return { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  }

  function command(id: string, keys: readonly string[], text: string, run: () => void): Command {
    return { id, keys, text, run: () => (open ? undefined : run()) };
  }

  function showHelp(): void {
    if (open) return hideHelp();
    open = true;
    help.showModal();
  }

  function hideHelp(): void {
    open = false;
    help.close();
  }
}
