/** A recorded history in a foreign format that cannot be read; there is no verdict. */
export class FormatError extends Error {
  /** Counted from 1: the line of a text, the event of an EDN vector; null: the file as a whole. */
  readonly place: number | null;

  constructor(place: number | null, where: "line" | "event", reason: string) {
    super(place === null ? reason : `${where} ${place}: ${reason}`);
    this.name = "FormatError";
    this.place = place;
  }
}
