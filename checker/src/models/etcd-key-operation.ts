import type { Value } from "./value.js";

/** What one request, or one part of a transaction, does to the key. */
export type EtcdKeyAction =
  | { readonly f: "get" }
  | { readonly f: "put"; readonly value: Value }
  | { readonly f: "delete" };

/** A key that is not there compares as version, create and mod 0; with its value no compare holds. */
export type EtcdKeyCompare = { readonly result: "=" | "!=" | "<" | ">" } & (
  | { readonly target: "value"; readonly value: Value }
  | { readonly target: "version" | "create" | "mod"; readonly value: number }
);

export type EtcdKeyInput = { readonly key?: string | undefined } & (
  | EtcdKeyAction
  | {
      readonly f: "txn";
      /** All must hold; none: they do. */
      readonly compare: readonly EtcdKeyCompare[];
      readonly then: readonly EtcdKeyAction[];
      readonly else: readonly EtcdKeyAction[];
    }
);

/** A key as etcd shows it; what was not recorded is left out. Absent: the value is null, or one of the numbers 0. */
export interface EtcdKeyValue {
  readonly value?: Value | null | undefined;
  readonly version?: number | undefined;
  readonly createRevision?: number | undefined;
  readonly modRevision?: number | undefined;
}

/**
 * Of a get the key; of a put or delete what was there before, if asked for (null: nothing), and how many were
 * deleted.
 */
export interface EtcdKeyAnswer extends EtcdKeyValue {
  readonly prevKv?: EtcdKeyValue | null | undefined;
  readonly deleted?: number | undefined;
}

/** All of it is optional. */
export interface EtcdKeyOutput extends EtcdKeyAnswer {
  /** The header's: the revision that a change made; where nothing changed, that of the store. */
  readonly revision?: number | undefined;
  readonly succeeded?: boolean | undefined;
  /** Of a transaction: the answers of the branch that was taken, one for each of its parts. */
  readonly responses?: readonly EtcdKeyAnswer[] | undefined;
}
