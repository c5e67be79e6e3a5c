import { connect } from "node:http2";

/**
 * Whether an HTTP/2 server answers at `url` within `timeoutMs`. gRPC gives its own connection attempts no
 * deadline: dialling through it into a partition would leave a socket behind that TCP
 * retries ever more slowly. This attempt ends with its timer, whatever the network does.
 */
export function answersHttp2(url: string, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(url);
    const finish = (answered: boolean) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    // The server's settings are the first thing that only a living process sends.
    session.once("remoteSettings", () => finish(true));
    session.once("close", () => finish(false));
    session.on("error", () => finish(false));
  });
}
