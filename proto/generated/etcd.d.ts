import * as $protobuf from "protobufjs";
import Long = require("long");

export namespace etcdserverpb {

    enum AlarmType {
        NONE = 0,
        NOSPACE = 1,
        CORRUPT = 2
    }

    interface IResponseHeader extends etcdserverpb.ResponseHeader.$Properties {
    }

    class ResponseHeader {
        constructor(properties?: etcdserverpb.ResponseHeader.$Properties);
        $unknowns?: Uint8Array[];
        cluster_id: (number|Long);
        member_id: (number|Long);
        revision: (number|Long);
        raft_term: (number|Long);
        static encode(message: etcdserverpb.ResponseHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.ResponseHeader & etcdserverpb.ResponseHeader.$Shape;
    }

    namespace ResponseHeader {
        interface $Properties {
            cluster_id?: (number|Long|null);
            member_id?: (number|Long|null);
            revision?: (number|Long|null);
            raft_term?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.ResponseHeader.$Properties;
    }

    interface IRangeRequest extends etcdserverpb.RangeRequest.$Properties {
    }

    class RangeRequest {
        constructor(properties?: etcdserverpb.RangeRequest.$Properties);
        $unknowns?: Uint8Array[];
        key: Uint8Array;
        range_end: Uint8Array;
        limit: (number|Long);
        revision: (number|Long);
        sort_order: etcdserverpb.RangeRequest.SortOrder;
        sort_target: etcdserverpb.RangeRequest.SortTarget;
        serializable: boolean;
        keys_only: boolean;
        count_only: boolean;
        min_mod_revision: (number|Long);
        max_mod_revision: (number|Long);
        min_create_revision: (number|Long);
        max_create_revision: (number|Long);
        static encode(message: etcdserverpb.RangeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.RangeRequest & etcdserverpb.RangeRequest.$Shape;
    }

    namespace RangeRequest {
        interface $Properties {
            key?: (Uint8Array|null);
            range_end?: (Uint8Array|null);
            limit?: (number|Long|null);
            revision?: (number|Long|null);
            sort_order?: (etcdserverpb.RangeRequest.SortOrder|null);
            sort_target?: (etcdserverpb.RangeRequest.SortTarget|null);
            serializable?: (boolean|null);
            keys_only?: (boolean|null);
            count_only?: (boolean|null);
            min_mod_revision?: (number|Long|null);
            max_mod_revision?: (number|Long|null);
            min_create_revision?: (number|Long|null);
            max_create_revision?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.RangeRequest.$Properties;

        enum SortOrder {
            NONE = 0,
            ASCEND = 1,
            DESCEND = 2
        }

        enum SortTarget {
            KEY = 0,
            VERSION = 1,
            CREATE = 2,
            MOD = 3,
            VALUE = 4
        }
    }

    interface IRangeResponse extends etcdserverpb.RangeResponse.$Properties {
    }

    class RangeResponse {
        constructor(properties?: etcdserverpb.RangeResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        kvs: mvccpb.KeyValue.$Properties[];
        more: boolean;
        count: (number|Long);
        static encode(message: etcdserverpb.RangeResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.RangeResponse & etcdserverpb.RangeResponse.$Shape;
    }

    namespace RangeResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            kvs?: (mvccpb.KeyValue.$Properties[]|null);
            more?: (boolean|null);
            count?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.RangeResponse.$Properties;
    }

    interface IPutRequest extends etcdserverpb.PutRequest.$Properties {
    }

    class PutRequest {
        constructor(properties?: etcdserverpb.PutRequest.$Properties);
        $unknowns?: Uint8Array[];
        key: Uint8Array;
        value: Uint8Array;
        lease: (number|Long);
        prev_kv: boolean;
        ignore_value: boolean;
        ignore_lease: boolean;
        static encode(message: etcdserverpb.PutRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.PutRequest & etcdserverpb.PutRequest.$Shape;
    }

    namespace PutRequest {
        interface $Properties {
            key?: (Uint8Array|null);
            value?: (Uint8Array|null);
            lease?: (number|Long|null);
            prev_kv?: (boolean|null);
            ignore_value?: (boolean|null);
            ignore_lease?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.PutRequest.$Properties;
    }

    interface IPutResponse extends etcdserverpb.PutResponse.$Properties {
    }

    class PutResponse {
        constructor(properties?: etcdserverpb.PutResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        prev_kv?: (mvccpb.KeyValue.$Properties|null);
        static encode(message: etcdserverpb.PutResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.PutResponse & etcdserverpb.PutResponse.$Shape;
    }

    namespace PutResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            prev_kv?: (mvccpb.KeyValue.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.PutResponse.$Properties;
    }

    interface IDeleteRangeRequest extends etcdserverpb.DeleteRangeRequest.$Properties {
    }

    class DeleteRangeRequest {
        constructor(properties?: etcdserverpb.DeleteRangeRequest.$Properties);
        $unknowns?: Uint8Array[];
        key: Uint8Array;
        range_end: Uint8Array;
        prev_kv: boolean;
        static encode(message: etcdserverpb.DeleteRangeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.DeleteRangeRequest & etcdserverpb.DeleteRangeRequest.$Shape;
    }

    namespace DeleteRangeRequest {
        interface $Properties {
            key?: (Uint8Array|null);
            range_end?: (Uint8Array|null);
            prev_kv?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.DeleteRangeRequest.$Properties;
    }

    interface IDeleteRangeResponse extends etcdserverpb.DeleteRangeResponse.$Properties {
    }

    class DeleteRangeResponse {
        constructor(properties?: etcdserverpb.DeleteRangeResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        deleted: (number|Long);
        prev_kvs: mvccpb.KeyValue.$Properties[];
        static encode(message: etcdserverpb.DeleteRangeResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.DeleteRangeResponse & etcdserverpb.DeleteRangeResponse.$Shape;
    }

    namespace DeleteRangeResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            deleted?: (number|Long|null);
            prev_kvs?: (mvccpb.KeyValue.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.DeleteRangeResponse.$Properties;
    }

    interface IRequestOp extends etcdserverpb.RequestOp.$Properties {
    }

    class RequestOp {
        constructor(properties?: etcdserverpb.RequestOp.$Properties);
        $unknowns?: Uint8Array[];
        request_range?: (etcdserverpb.RangeRequest.$Properties|null);
        request_put?: (etcdserverpb.PutRequest.$Properties|null);
        request_delete_range?: (etcdserverpb.DeleteRangeRequest.$Properties|null);
        request_txn?: (etcdserverpb.TxnRequest.$Properties|null);
        request?: ("request_range"|"request_put"|"request_delete_range"|"request_txn");
        static encode(message: etcdserverpb.RequestOp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.RequestOp & etcdserverpb.RequestOp.$Shape;
    }

    namespace RequestOp {
        interface $Properties {
            request_range?: (etcdserverpb.RangeRequest.$Properties|null);
            request_put?: (etcdserverpb.PutRequest.$Properties|null);
            request_delete_range?: (etcdserverpb.DeleteRangeRequest.$Properties|null);
            request_txn?: (etcdserverpb.TxnRequest.$Properties|null);
            request?: ("request_range"|"request_put"|"request_delete_range"|"request_txn");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          request_range?: etcdserverpb.RangeRequest.$Shape|null;
          request_put?: etcdserverpb.PutRequest.$Shape|null;
          request_delete_range?: etcdserverpb.DeleteRangeRequest.$Shape|null;
          request_txn?: etcdserverpb.TxnRequest.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ request?: undefined; request_range?: null; request_put?: null; request_delete_range?: null; request_txn?: null }|{ request?: "request_range"; request_range: etcdserverpb.RangeRequest.$Shape; request_put?: null; request_delete_range?: null; request_txn?: null }|{ request?: "request_put"; request_range?: null; request_put: etcdserverpb.PutRequest.$Shape; request_delete_range?: null; request_txn?: null }|{ request?: "request_delete_range"; request_range?: null; request_put?: null; request_delete_range: etcdserverpb.DeleteRangeRequest.$Shape; request_txn?: null }|{ request?: "request_txn"; request_range?: null; request_put?: null; request_delete_range?: null; request_txn: etcdserverpb.TxnRequest.$Shape })
        );
    }

    interface IResponseOp extends etcdserverpb.ResponseOp.$Properties {
    }

    class ResponseOp {
        constructor(properties?: etcdserverpb.ResponseOp.$Properties);
        $unknowns?: Uint8Array[];
        response_range?: (etcdserverpb.RangeResponse.$Properties|null);
        response_put?: (etcdserverpb.PutResponse.$Properties|null);
        response_delete_range?: (etcdserverpb.DeleteRangeResponse.$Properties|null);
        response_txn?: (etcdserverpb.TxnResponse.$Properties|null);
        response?: ("response_range"|"response_put"|"response_delete_range"|"response_txn");
        static encode(message: etcdserverpb.ResponseOp.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.ResponseOp & etcdserverpb.ResponseOp.$Shape;
    }

    namespace ResponseOp {
        interface $Properties {
            response_range?: (etcdserverpb.RangeResponse.$Properties|null);
            response_put?: (etcdserverpb.PutResponse.$Properties|null);
            response_delete_range?: (etcdserverpb.DeleteRangeResponse.$Properties|null);
            response_txn?: (etcdserverpb.TxnResponse.$Properties|null);
            response?: ("response_range"|"response_put"|"response_delete_range"|"response_txn");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          response_range?: etcdserverpb.RangeResponse.$Shape|null;
          response_put?: etcdserverpb.PutResponse.$Shape|null;
          response_delete_range?: etcdserverpb.DeleteRangeResponse.$Shape|null;
          response_txn?: etcdserverpb.TxnResponse.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ response?: undefined; response_range?: null; response_put?: null; response_delete_range?: null; response_txn?: null }|{ response?: "response_range"; response_range: etcdserverpb.RangeResponse.$Shape; response_put?: null; response_delete_range?: null; response_txn?: null }|{ response?: "response_put"; response_range?: null; response_put: etcdserverpb.PutResponse.$Shape; response_delete_range?: null; response_txn?: null }|{ response?: "response_delete_range"; response_range?: null; response_put?: null; response_delete_range: etcdserverpb.DeleteRangeResponse.$Shape; response_txn?: null }|{ response?: "response_txn"; response_range?: null; response_put?: null; response_delete_range?: null; response_txn: etcdserverpb.TxnResponse.$Shape })
        );
    }

    interface ICompare extends etcdserverpb.Compare.$Properties {
    }

    class Compare {
        constructor(properties?: etcdserverpb.Compare.$Properties);
        $unknowns?: Uint8Array[];
        result: etcdserverpb.Compare.CompareResult;
        target: etcdserverpb.Compare.CompareTarget;
        key: Uint8Array;
        version?: (number|Long|null);
        create_revision?: (number|Long|null);
        mod_revision?: (number|Long|null);
        value?: (Uint8Array|null);
        lease?: (number|Long|null);
        range_end: Uint8Array;
        target_union?: ("version"|"create_revision"|"mod_revision"|"value"|"lease");
        static encode(message: etcdserverpb.Compare.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.Compare & etcdserverpb.Compare.$Shape;
    }

    namespace Compare {
        interface $Properties {
            result?: (etcdserverpb.Compare.CompareResult|null);
            target?: (etcdserverpb.Compare.CompareTarget|null);
            key?: (Uint8Array|null);
            version?: (number|Long|null);
            create_revision?: (number|Long|null);
            mod_revision?: (number|Long|null);
            value?: (Uint8Array|null);
            lease?: (number|Long|null);
            range_end?: (Uint8Array|null);
            target_union?: ("version"|"create_revision"|"mod_revision"|"value"|"lease");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          result?: etcdserverpb.Compare.CompareResult|null;
          target?: etcdserverpb.Compare.CompareTarget|null;
          key?: Uint8Array|null;
          version?: number|Long|null;
          create_revision?: number|Long|null;
          mod_revision?: number|Long|null;
          value?: Uint8Array|null;
          lease?: number|Long|null;
          range_end?: Uint8Array|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ target_union?: undefined; version?: null; create_revision?: null; mod_revision?: null; value?: null; lease?: null }|{ target_union?: "version"; version: number|Long; create_revision?: null; mod_revision?: null; value?: null; lease?: null }|{ target_union?: "create_revision"; version?: null; create_revision: number|Long; mod_revision?: null; value?: null; lease?: null }|{ target_union?: "mod_revision"; version?: null; create_revision?: null; mod_revision: number|Long; value?: null; lease?: null }|{ target_union?: "value"; version?: null; create_revision?: null; mod_revision?: null; value: Uint8Array; lease?: null }|{ target_union?: "lease"; version?: null; create_revision?: null; mod_revision?: null; value?: null; lease: number|Long })
        );

        enum CompareResult {
            EQUAL = 0,
            GREATER = 1,
            LESS = 2,
            NOT_EQUAL = 3
        }

        enum CompareTarget {
            VERSION = 0,
            CREATE = 1,
            MOD = 2,
            VALUE = 3,
            LEASE = 4
        }
    }

    interface ITxnRequest extends etcdserverpb.TxnRequest.$Properties {
    }

    class TxnRequest {
        constructor(properties?: etcdserverpb.TxnRequest.$Properties);
        $unknowns?: Uint8Array[];
        compare: etcdserverpb.Compare.$Properties[];
        success: etcdserverpb.RequestOp.$Properties[];
        failure: etcdserverpb.RequestOp.$Properties[];
        static encode(message: etcdserverpb.TxnRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.TxnRequest & etcdserverpb.TxnRequest.$Shape;
    }

    namespace TxnRequest {
        interface $Properties {
            compare?: (etcdserverpb.Compare.$Properties[]|null);
            success?: (etcdserverpb.RequestOp.$Properties[]|null);
            failure?: (etcdserverpb.RequestOp.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          compare?: etcdserverpb.Compare.$Shape[]|null;
          success?: etcdserverpb.RequestOp.$Shape[]|null;
          failure?: etcdserverpb.RequestOp.$Shape[]|null;
          $unknowns?: Uint8Array[];
        };
    }

    interface ITxnResponse extends etcdserverpb.TxnResponse.$Properties {
    }

    class TxnResponse {
        constructor(properties?: etcdserverpb.TxnResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        succeeded: boolean;
        responses: etcdserverpb.ResponseOp.$Properties[];
        static encode(message: etcdserverpb.TxnResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.TxnResponse & etcdserverpb.TxnResponse.$Shape;
    }

    namespace TxnResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            succeeded?: (boolean|null);
            responses?: (etcdserverpb.ResponseOp.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          header?: etcdserverpb.ResponseHeader.$Shape|null;
          succeeded?: boolean|null;
          responses?: etcdserverpb.ResponseOp.$Shape[]|null;
          $unknowns?: Uint8Array[];
        };
    }

    interface IMember extends etcdserverpb.Member.$Properties {
    }

    class Member {
        constructor(properties?: etcdserverpb.Member.$Properties);
        $unknowns?: Uint8Array[];
        ID: (number|Long);
        name: string;
        peerURLs: string[];
        clientURLs: string[];
        isLearner: boolean;
        static encode(message: etcdserverpb.Member.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.Member & etcdserverpb.Member.$Shape;
    }

    namespace Member {
        interface $Properties {
            ID?: (number|Long|null);
            name?: (string|null);
            peerURLs?: (string[]|null);
            clientURLs?: (string[]|null);
            isLearner?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.Member.$Properties;
    }

    interface IMemberListRequest extends etcdserverpb.MemberListRequest.$Properties {
    }

    class MemberListRequest {
        constructor(properties?: etcdserverpb.MemberListRequest.$Properties);
        $unknowns?: Uint8Array[];
        linearizable: boolean;
        static encode(message: etcdserverpb.MemberListRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberListRequest & etcdserverpb.MemberListRequest.$Shape;
    }

    namespace MemberListRequest {
        interface $Properties {
            linearizable?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberListRequest.$Properties;
    }

    interface IMemberListResponse extends etcdserverpb.MemberListResponse.$Properties {
    }

    class MemberListResponse {
        constructor(properties?: etcdserverpb.MemberListResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        members: etcdserverpb.Member.$Properties[];
        static encode(message: etcdserverpb.MemberListResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberListResponse & etcdserverpb.MemberListResponse.$Shape;
    }

    namespace MemberListResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            members?: (etcdserverpb.Member.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberListResponse.$Properties;
    }

    interface IMemberAddRequest extends etcdserverpb.MemberAddRequest.$Properties {
    }

    class MemberAddRequest {
        constructor(properties?: etcdserverpb.MemberAddRequest.$Properties);
        $unknowns?: Uint8Array[];
        peerURLs: string[];
        isLearner: boolean;
        static encode(message: etcdserverpb.MemberAddRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberAddRequest & etcdserverpb.MemberAddRequest.$Shape;
    }

    namespace MemberAddRequest {
        interface $Properties {
            peerURLs?: (string[]|null);
            isLearner?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberAddRequest.$Properties;
    }

    interface IMemberAddResponse extends etcdserverpb.MemberAddResponse.$Properties {
    }

    class MemberAddResponse {
        constructor(properties?: etcdserverpb.MemberAddResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        member?: (etcdserverpb.Member.$Properties|null);
        members: etcdserverpb.Member.$Properties[];
        static encode(message: etcdserverpb.MemberAddResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberAddResponse & etcdserverpb.MemberAddResponse.$Shape;
    }

    namespace MemberAddResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            member?: (etcdserverpb.Member.$Properties|null);
            members?: (etcdserverpb.Member.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberAddResponse.$Properties;
    }

    interface IMemberRemoveRequest extends etcdserverpb.MemberRemoveRequest.$Properties {
    }

    class MemberRemoveRequest {
        constructor(properties?: etcdserverpb.MemberRemoveRequest.$Properties);
        $unknowns?: Uint8Array[];
        ID: (number|Long);
        static encode(message: etcdserverpb.MemberRemoveRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberRemoveRequest & etcdserverpb.MemberRemoveRequest.$Shape;
    }

    namespace MemberRemoveRequest {
        interface $Properties {
            ID?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberRemoveRequest.$Properties;
    }

    interface IMemberRemoveResponse extends etcdserverpb.MemberRemoveResponse.$Properties {
    }

    class MemberRemoveResponse {
        constructor(properties?: etcdserverpb.MemberRemoveResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        members: etcdserverpb.Member.$Properties[];
        static encode(message: etcdserverpb.MemberRemoveResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberRemoveResponse & etcdserverpb.MemberRemoveResponse.$Shape;
    }

    namespace MemberRemoveResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            members?: (etcdserverpb.Member.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberRemoveResponse.$Properties;
    }

    interface IMemberUpdateRequest extends etcdserverpb.MemberUpdateRequest.$Properties {
    }

    class MemberUpdateRequest {
        constructor(properties?: etcdserverpb.MemberUpdateRequest.$Properties);
        $unknowns?: Uint8Array[];
        ID: (number|Long);
        peerURLs: string[];
        static encode(message: etcdserverpb.MemberUpdateRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberUpdateRequest & etcdserverpb.MemberUpdateRequest.$Shape;
    }

    namespace MemberUpdateRequest {
        interface $Properties {
            ID?: (number|Long|null);
            peerURLs?: (string[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberUpdateRequest.$Properties;
    }

    interface IMemberUpdateResponse extends etcdserverpb.MemberUpdateResponse.$Properties {
    }

    class MemberUpdateResponse {
        constructor(properties?: etcdserverpb.MemberUpdateResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        members: etcdserverpb.Member.$Properties[];
        static encode(message: etcdserverpb.MemberUpdateResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberUpdateResponse & etcdserverpb.MemberUpdateResponse.$Shape;
    }

    namespace MemberUpdateResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            members?: (etcdserverpb.Member.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberUpdateResponse.$Properties;
    }

    interface IMemberPromoteRequest extends etcdserverpb.MemberPromoteRequest.$Properties {
    }

    class MemberPromoteRequest {
        constructor(properties?: etcdserverpb.MemberPromoteRequest.$Properties);
        $unknowns?: Uint8Array[];
        ID: (number|Long);
        static encode(message: etcdserverpb.MemberPromoteRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberPromoteRequest & etcdserverpb.MemberPromoteRequest.$Shape;
    }

    namespace MemberPromoteRequest {
        interface $Properties {
            ID?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberPromoteRequest.$Properties;
    }

    interface IMemberPromoteResponse extends etcdserverpb.MemberPromoteResponse.$Properties {
    }

    class MemberPromoteResponse {
        constructor(properties?: etcdserverpb.MemberPromoteResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        members: etcdserverpb.Member.$Properties[];
        static encode(message: etcdserverpb.MemberPromoteResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MemberPromoteResponse & etcdserverpb.MemberPromoteResponse.$Shape;
    }

    namespace MemberPromoteResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            members?: (etcdserverpb.Member.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MemberPromoteResponse.$Properties;
    }

    interface IAlarmRequest extends etcdserverpb.AlarmRequest.$Properties {
    }

    class AlarmRequest {
        constructor(properties?: etcdserverpb.AlarmRequest.$Properties);
        $unknowns?: Uint8Array[];
        action: etcdserverpb.AlarmRequest.AlarmAction;
        memberID: (number|Long);
        alarm: etcdserverpb.AlarmType;
        static encode(message: etcdserverpb.AlarmRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.AlarmRequest & etcdserverpb.AlarmRequest.$Shape;
    }

    namespace AlarmRequest {
        interface $Properties {
            action?: (etcdserverpb.AlarmRequest.AlarmAction|null);
            memberID?: (number|Long|null);
            alarm?: (etcdserverpb.AlarmType|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.AlarmRequest.$Properties;

        enum AlarmAction {
            GET = 0,
            ACTIVATE = 1,
            DEACTIVATE = 2
        }
    }

    interface IAlarmMember extends etcdserverpb.AlarmMember.$Properties {
    }

    class AlarmMember {
        constructor(properties?: etcdserverpb.AlarmMember.$Properties);
        $unknowns?: Uint8Array[];
        memberID: (number|Long);
        alarm: etcdserverpb.AlarmType;
        static encode(message: etcdserverpb.AlarmMember.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.AlarmMember & etcdserverpb.AlarmMember.$Shape;
    }

    namespace AlarmMember {
        interface $Properties {
            memberID?: (number|Long|null);
            alarm?: (etcdserverpb.AlarmType|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.AlarmMember.$Properties;
    }

    interface IAlarmResponse extends etcdserverpb.AlarmResponse.$Properties {
    }

    class AlarmResponse {
        constructor(properties?: etcdserverpb.AlarmResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        alarms: etcdserverpb.AlarmMember.$Properties[];
        static encode(message: etcdserverpb.AlarmResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.AlarmResponse & etcdserverpb.AlarmResponse.$Shape;
    }

    namespace AlarmResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            alarms?: (etcdserverpb.AlarmMember.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.AlarmResponse.$Properties;
    }

    interface IDowngradeInfo extends etcdserverpb.DowngradeInfo.$Properties {
    }

    class DowngradeInfo {
        constructor(properties?: etcdserverpb.DowngradeInfo.$Properties);
        $unknowns?: Uint8Array[];
        enabled: boolean;
        targetVersion: string;
        static encode(message: etcdserverpb.DowngradeInfo.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.DowngradeInfo & etcdserverpb.DowngradeInfo.$Shape;
    }

    namespace DowngradeInfo {
        interface $Properties {
            enabled?: (boolean|null);
            targetVersion?: (string|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.DowngradeInfo.$Properties;
    }

    interface IStatusRequest extends etcdserverpb.StatusRequest.$Properties {
    }

    class StatusRequest {
        constructor(properties?: etcdserverpb.StatusRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: etcdserverpb.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.StatusRequest & etcdserverpb.StatusRequest.$Shape;
    }

    namespace StatusRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.StatusRequest.$Properties;
    }

    interface IStatusResponse extends etcdserverpb.StatusResponse.$Properties {
    }

    class StatusResponse {
        constructor(properties?: etcdserverpb.StatusResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        version: string;
        dbSize: (number|Long);
        leader: (number|Long);
        raftIndex: (number|Long);
        raftTerm: (number|Long);
        raftAppliedIndex: (number|Long);
        errors: string[];
        dbSizeInUse: (number|Long);
        isLearner: boolean;
        storageVersion: string;
        dbSizeQuota: (number|Long);
        downgradeInfo?: (etcdserverpb.DowngradeInfo.$Properties|null);
        static encode(message: etcdserverpb.StatusResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.StatusResponse & etcdserverpb.StatusResponse.$Shape;
    }

    namespace StatusResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            version?: (string|null);
            dbSize?: (number|Long|null);
            leader?: (number|Long|null);
            raftIndex?: (number|Long|null);
            raftTerm?: (number|Long|null);
            raftAppliedIndex?: (number|Long|null);
            errors?: (string[]|null);
            dbSizeInUse?: (number|Long|null);
            isLearner?: (boolean|null);
            storageVersion?: (string|null);
            dbSizeQuota?: (number|Long|null);
            downgradeInfo?: (etcdserverpb.DowngradeInfo.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.StatusResponse.$Properties;
    }

    interface IDefragmentRequest extends etcdserverpb.DefragmentRequest.$Properties {
    }

    class DefragmentRequest {
        constructor(properties?: etcdserverpb.DefragmentRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: etcdserverpb.DefragmentRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.DefragmentRequest & etcdserverpb.DefragmentRequest.$Shape;
    }

    namespace DefragmentRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.DefragmentRequest.$Properties;
    }

    interface IDefragmentResponse extends etcdserverpb.DefragmentResponse.$Properties {
    }

    class DefragmentResponse {
        constructor(properties?: etcdserverpb.DefragmentResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        static encode(message: etcdserverpb.DefragmentResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.DefragmentResponse & etcdserverpb.DefragmentResponse.$Shape;
    }

    namespace DefragmentResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.DefragmentResponse.$Properties;
    }

    interface IHashRequest extends etcdserverpb.HashRequest.$Properties {
    }

    class HashRequest {
        constructor(properties?: etcdserverpb.HashRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: etcdserverpb.HashRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.HashRequest & etcdserverpb.HashRequest.$Shape;
    }

    namespace HashRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.HashRequest.$Properties;
    }

    interface IHashResponse extends etcdserverpb.HashResponse.$Properties {
    }

    class HashResponse {
        constructor(properties?: etcdserverpb.HashResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        hash: number;
        static encode(message: etcdserverpb.HashResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.HashResponse & etcdserverpb.HashResponse.$Shape;
    }

    namespace HashResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            hash?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.HashResponse.$Properties;
    }

    interface IHashKVRequest extends etcdserverpb.HashKVRequest.$Properties {
    }

    class HashKVRequest {
        constructor(properties?: etcdserverpb.HashKVRequest.$Properties);
        $unknowns?: Uint8Array[];
        revision: (number|Long);
        static encode(message: etcdserverpb.HashKVRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.HashKVRequest & etcdserverpb.HashKVRequest.$Shape;
    }

    namespace HashKVRequest {
        interface $Properties {
            revision?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.HashKVRequest.$Properties;
    }

    interface IHashKVResponse extends etcdserverpb.HashKVResponse.$Properties {
    }

    class HashKVResponse {
        constructor(properties?: etcdserverpb.HashKVResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        hash: number;
        compact_revision: (number|Long);
        hash_revision: (number|Long);
        static encode(message: etcdserverpb.HashKVResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.HashKVResponse & etcdserverpb.HashKVResponse.$Shape;
    }

    namespace HashKVResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            hash?: (number|null);
            compact_revision?: (number|Long|null);
            hash_revision?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.HashKVResponse.$Properties;
    }

    interface IMoveLeaderRequest extends etcdserverpb.MoveLeaderRequest.$Properties {
    }

    class MoveLeaderRequest {
        constructor(properties?: etcdserverpb.MoveLeaderRequest.$Properties);
        $unknowns?: Uint8Array[];
        targetID: (number|Long);
        static encode(message: etcdserverpb.MoveLeaderRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MoveLeaderRequest & etcdserverpb.MoveLeaderRequest.$Shape;
    }

    namespace MoveLeaderRequest {
        interface $Properties {
            targetID?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MoveLeaderRequest.$Properties;
    }

    interface IMoveLeaderResponse extends etcdserverpb.MoveLeaderResponse.$Properties {
    }

    class MoveLeaderResponse {
        constructor(properties?: etcdserverpb.MoveLeaderResponse.$Properties);
        $unknowns?: Uint8Array[];
        header?: (etcdserverpb.ResponseHeader.$Properties|null);
        static encode(message: etcdserverpb.MoveLeaderResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): etcdserverpb.MoveLeaderResponse & etcdserverpb.MoveLeaderResponse.$Shape;
    }

    namespace MoveLeaderResponse {
        interface $Properties {
            header?: (etcdserverpb.ResponseHeader.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = etcdserverpb.MoveLeaderResponse.$Properties;
    }
}

export namespace mvccpb {

    interface IKeyValue extends mvccpb.KeyValue.$Properties {
    }

    class KeyValue {
        constructor(properties?: mvccpb.KeyValue.$Properties);
        $unknowns?: Uint8Array[];
        key: Uint8Array;
        create_revision: (number|Long);
        mod_revision: (number|Long);
        version: (number|Long);
        value: Uint8Array;
        lease: (number|Long);
        static encode(message: mvccpb.KeyValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): mvccpb.KeyValue & mvccpb.KeyValue.$Shape;
    }

    namespace KeyValue {
        interface $Properties {
            key?: (Uint8Array|null);
            create_revision?: (number|Long|null);
            mod_revision?: (number|Long|null);
            version?: (number|Long|null);
            value?: (Uint8Array|null);
            lease?: (number|Long|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = mvccpb.KeyValue.$Properties;
    }

    interface IEvent extends mvccpb.Event.$Properties {
    }

    class Event {
        constructor(properties?: mvccpb.Event.$Properties);
        $unknowns?: Uint8Array[];
        type: mvccpb.Event.EventType;
        kv?: (mvccpb.KeyValue.$Properties|null);
        prev_kv?: (mvccpb.KeyValue.$Properties|null);
        static encode(message: mvccpb.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): mvccpb.Event & mvccpb.Event.$Shape;
    }

    namespace Event {
        interface $Properties {
            type?: (mvccpb.Event.EventType|null);
            kv?: (mvccpb.KeyValue.$Properties|null);
            prev_kv?: (mvccpb.KeyValue.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = mvccpb.Event.$Properties;

        enum EventType {
            PUT = 0,
            DELETE = 1
        }
    }
}
