import { status } from "@grpc/grpc-js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classify, KNOWN_ERRORS } from "./errors.js";

const codes = Object.values(status).filter((code): code is status => typeof code === "number");

/** gRPC code and text of every error that leaves a write undone. The rest of the world is `info`. */
const REFUSED: readonly (readonly [status, string])[] = [
  [status.INVALID_ARGUMENT, "etcdserver: key is not provided"],
  [status.INVALID_ARGUMENT, "etcdserver: key not found"],
  [status.INVALID_ARGUMENT, "etcdserver: value is provided"],
  [status.INVALID_ARGUMENT, "etcdserver: lease is provided"],
  [status.INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  [status.INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  [status.INVALID_ARGUMENT, "etcdserver: invalid client api version"],
  [status.INVALID_ARGUMENT, "etcdserver: invalid sort option"],
  [status.INVALID_ARGUMENT, "etcdserver: request is too large"],
  [status.INVALID_ARGUMENT, "etcdserver: user name is empty"],
  [status.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"],
  [status.INVALID_ARGUMENT, "etcdserver: revision of auth store is old"],
  [status.OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  [status.OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  [status.RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],
  [status.RESOURCE_EXHAUSTED, "etcdserver: too many requests"],
  [status.NOT_FOUND, "etcdserver: requested lease not found"],
  [status.PERMISSION_DENIED, "etcdserver: permission denied"],
  [status.UNAUTHENTICATED, "etcdserver: invalid auth token"],
  [status.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner"],
  [status.FAILED_PRECONDITION, "etcdserver: not capable"],
  [status.UNAVAILABLE, "etcdserver: no leader"],
  [status.UNAVAILABLE, "etcdserver: rpc not supported for learner"],
  [status.UNAVAILABLE, "etcdserver: not capable"],
];

const UNCLEAR: readonly (readonly [status, string])[] = [
  [status.UNAVAILABLE, "etcdserver: leader changed"],
  [status.UNAVAILABLE, "etcdserver: server stopped"],
  [status.UNAVAILABLE, "etcdserver: request timed out"],
  [status.UNAVAILABLE, "etcdserver: request timed out, possibly due to previous leader failure"],
  [status.UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost"],
  [status.UNAVAILABLE, "etcdserver: request timed out, waiting for the applied index took too long"],
  [status.UNAVAILABLE, "etcdserver: unhealthy cluster"],
  [status.DATA_LOSS, "etcdserver: corrupt cluster"],
  [status.CANCELLED, "etcdserver: request canceled"],
  [status.DEADLINE_EXCEEDED, "etcdserver: context deadline exceeded"],
  // Texts of grpc-js that sound like proof and are none.
  [status.UNAVAILABLE, "No connection established. Last error: connect ECONNREFUSED 10.0.0.1:2379"],
  [status.UNAVAILABLE, "Connection dropped"],
  [status.UNAVAILABLE, "Stream refused by server"],
  [status.DEADLINE_EXCEEDED, "Deadline exceeded after 1.000s,Waiting for LB pick"],
  [status.CANCELLED, "Call cancelled"],
  [status.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs 4)"],
  [status.UNIMPLEMENTED, "The server does not implement the method"],
  [status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)"],
  [status.UNKNOWN, "etcdserver: request timed out, leader transfer took too long"],
  // A known text under another code is not the known error.
  [status.UNKNOWN, "etcdserver: no leader"],
  [status.INTERNAL, "etcdserver: too many requests"],
  [status.UNAVAILABLE, "no leader"],
];

describe("classify", () => {
  test.each(REFUSED)("a write that ended with %s %s certainly did not happen", (grpcCode, details) => {
    expect(classify({ grpcCode, details, neverSent: false }, "write").outcome).toBe("fail");
  });

  test.each(UNCLEAR)("a write that ended with %s %s may have happened", (grpcCode, details) => {
    expect(classify({ grpcCode, details, neverSent: false }, "write").outcome).toBe("info");
  });

  test("no other answer proves that a write did not happen", () => {
    const refused = new Set(REFUSED.map(([code, text]) => `${code} ${text}`));
    const texts = fc.oneof(fc.constantFrom(...KNOWN_ERRORS.map(({ details }) => details)), fc.string());
    fc.assert(
      fc.property(fc.constantFrom(...codes), texts, (grpcCode, details) => {
        const expected = refused.has(`${grpcCode} ${details}`) ? "fail" : "info";
        expect(classify({ grpcCode, details, neverSent: false }, "write").outcome).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test("a refusal that a server also gives to writes that happened proves nothing of that server", () => {
    const details = "etcdserver: mvcc: database space exceeded";
    const failure = { grpcCode: status.RESOURCE_EXHAUSTED, details, neverSent: false };
    expect(classify(failure, "write", ["no-space"])).toEqual({ code: "no-space", outcome: "info" });
    expect(classify(failure, "write", ["too-many-requests"]).outcome).toBe("fail");
    expect(classify(failure, "read", ["no-space"]).outcome).toBe("fail");
    expect(classify({ ...failure, neverSent: true }, "write", ["no-space"]).outcome).toBe("fail");
  });

  test("every code of gRPC has a short name", () => {
    for (const grpcCode of codes) {
      expect(classify({ grpcCode, details: "", neverSent: false }, "write").code).toMatch(/^[a-z-]+$/);
    }
  });

  test("a failed read had no effect, whatever the error", () => {
    for (const [grpcCode, details] of [...REFUSED, ...UNCLEAR]) {
      expect(classify({ grpcCode, details, neverSent: false }, "read").outcome).toBe("fail");
    }
  });

  test("what was never sent did not happen", () => {
    const failure = { grpcCode: status.UNAVAILABLE, details: "anything", neverSent: true };
    expect(classify(failure, "write")).toEqual({ code: "never-sent", outcome: "fail" });
  });
});
