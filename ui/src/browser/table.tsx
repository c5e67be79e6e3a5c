import type { JSX } from "preact";

interface TableProps {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly (string | number | JSX.Element)[])[];
  /** Columns of figures, by place. */
  readonly figures?: readonly number[];
  readonly caption: string;
  /** On a narrow page each row is a block of its own: for tables with prose. */
  readonly isProse?: boolean;
}

export function Table({ heads, rows, figures = [], caption, isProse = false }: TableProps): JSX.Element {
  const kind = (column: number): string => (figures.includes(column) ? "number" : "");
  return (
    <div class="scroll">
      <table class={isProse ? "cards" : ""}>
        <caption class="hidden-text">{caption}</caption>
        <Heads heads={heads} figures={figures} />
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} class={kind(column)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadsProps {
  readonly heads: readonly string[];
  readonly figures?: readonly number[];
}

/** The first row of a table whose cells are its own. */
export function Heads({ heads, figures = [] }: HeadsProps): JSX.Element {
  return (
    <thead>
      <tr>
        {heads.map((head, column) => (
          <th key={head} scope="col" class={figures.includes(column) ? "number" : ""}>
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}
