import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import type { etcdserverpb } from "@gauntlet/proto";
import { header } from "./context.js";
import type { ApiContext } from "./context.js";
import { unary } from "./unary.js";

type Request = etcdserverpb.MemberListRequest;
type Response = etcdserverpb.MemberListResponse.$Properties;

/** etcdserverpb.Cluster. The members are those of the initial cluster. */
export function clusterHandlers(context: ApiContext): UntypedServiceImplementation {
  return {
    memberList: unary<Request, Response>(context, "MemberList", async (request) => {
      if (request.linearizable) await context.replica.readBarrier();
      const members = context.identity.members.map(({ id, name, peerUrls }) => {
        const clientUrl = context.clientUrlOf(id);
        return { ID: id, name, peerURLs: [...peerUrls], clientURLs: clientUrl === null ? [] : [clientUrl] };
      });
      // etcd leaves the revision of membership answers 0.
      return { header: header(context, 0), members };
    }),
  };
}
