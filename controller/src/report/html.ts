/** Text that is safe to put into a page as it is. Only `html` and `raw` make it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

export type Fragment = Html | string | number | readonly Fragment[];

/** A template whose values are escaped unless they are Html already. For text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): Html {
  return new Html(strings.map((text, index) => text + render(values[index] ?? "")).join(""));
}

function render(value: Fragment): string {
  if (value instanceof Html) {
    return value.text;
  }
  if (typeof value === "string" || typeof value === "number") {
    return escape(String(value));
  }
  return value.map(render).join("");
}

/** Our own code and styles only: never anything that came out of a run. */
export function raw(text: string): Html {
  return new Html(text);
}

/** JSON inside a script element: no `</script>` and no comment can begin in it. */
export function json(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", String.raw`\u003c`));
}
