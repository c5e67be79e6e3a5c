import type { ChannelCredentials } from "@grpc/grpc-js";

type CreateConnector = ChannelCredentials["_createSecureConnector"];

/**
 * The same credentials, with which a channel does not dial after it was closed. grpc-js (1.14) makes one attempt more where a
 * channel is closed between two, and keeps the connection, which belongs to nobody then, until the server goes.
 */
export function endingWithChannel(credentials: ChannelCredentials): ChannelCredentials {
  const createConnector: CreateConnector = (...parameters) => {
    // oxlint-disable-next-line no-underscore-dangle -- what grpc-js calls it
    const connector = credentials._createSecureConnector(...parameters);
    let isOver = false;
    return {
      connect: (socket) => connector.connect(socket),
      getCallCredentials: () => connector.getCallCredentials(),
      // The first that an attempt does.
      waitForReady: () =>
        isOver ? Promise.reject(new Error("the channel is closed")) : connector.waitForReady(),
      // The last that a channel does with a connector.
      destroy: () => {
        isOver = true;
        connector.destroy();
      },
    };
  };
  return Object.create(credentials, {
    _createSecureConnector: { value: createConnector },
  }) as ChannelCredentials;
}
