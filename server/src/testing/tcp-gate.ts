import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A TCP proxy on loopback that can be shut: then it still accepts, but passes nothing on, as a cut network would. */
export class TcpGate {
  readonly #server = createServer((socket) => this.#accept(socket));

  readonly #sockets = new Set<Socket>();

  readonly #target: () => number;

  #open = true;

  constructor(target: () => number) {
    this.#target = target;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  shut(): void {
    this.#open = false;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Passes nothing on until it is told to resume: then all of it, as if nothing had been. */
  pause(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  resume(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  /** Lets new connections pass; the old ones stay stuck. */
  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(near: Socket): void {
    this.#keep(near);
    if (!this.#open) {
      near.pause();
      return;
    }
    const far = connect(this.#target(), "127.0.0.1");
    this.#keep(far);
    near.pipe(far);
    far.pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}
