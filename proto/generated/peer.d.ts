import * as $protobuf from "protobufjs";
import Long = require("long");

export namespace gauntletpeer {

    interface IPeerMessage extends gauntletpeer.PeerMessage.$Properties {
    }

    class PeerMessage {
        constructor(properties?: gauntletpeer.PeerMessage.$Properties);
        $unknowns?: Uint8Array[];
        from: number;
        to: number;
        term: number;
        vote_request?: (gauntletpeer.VoteRequest.$Properties|null);
        vote_response?: (gauntletpeer.VoteResponse.$Properties|null);
        append?: (gauntletpeer.Append.$Properties|null);
        append_accepted?: (gauntletpeer.AppendAccepted.$Properties|null);
        append_rejected?: (gauntletpeer.AppendRejected.$Properties|null);
        heartbeat?: (gauntletpeer.Heartbeat.$Properties|null);
        heartbeat_response?: (gauntletpeer.HeartbeatResponse.$Properties|null);
        propose?: (gauntletpeer.Propose.$Properties|null);
        read_request?: (gauntletpeer.ReadRequest.$Properties|null);
        read_response?: (gauntletpeer.ReadResponse.$Properties|null);
        timeout_now?: (gauntletpeer.TimeoutNow.$Properties|null);
        propose_change?: (gauntletpeer.ProposeChange.$Properties|null);
        proposals_refused?: (gauntletpeer.ProposalsRefused.$Properties|null);
        snapshot?: (gauntletpeer.Snapshot.$Properties|null);
        body?: ("vote_request"|"vote_response"|"append"|"append_accepted"|"append_rejected"|"heartbeat"|"heartbeat_response"|"propose"|"read_request"|"read_response"|"timeout_now"|"propose_change"|"proposals_refused"|"snapshot");
        static encode(message: gauntletpeer.PeerMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.PeerMessage & gauntletpeer.PeerMessage.$Shape;
    }

    namespace PeerMessage {
        interface $Properties {
            from?: (number|null);
            to?: (number|null);
            term?: (number|null);
            vote_request?: (gauntletpeer.VoteRequest.$Properties|null);
            vote_response?: (gauntletpeer.VoteResponse.$Properties|null);
            append?: (gauntletpeer.Append.$Properties|null);
            append_accepted?: (gauntletpeer.AppendAccepted.$Properties|null);
            append_rejected?: (gauntletpeer.AppendRejected.$Properties|null);
            heartbeat?: (gauntletpeer.Heartbeat.$Properties|null);
            heartbeat_response?: (gauntletpeer.HeartbeatResponse.$Properties|null);
            propose?: (gauntletpeer.Propose.$Properties|null);
            read_request?: (gauntletpeer.ReadRequest.$Properties|null);
            read_response?: (gauntletpeer.ReadResponse.$Properties|null);
            timeout_now?: (gauntletpeer.TimeoutNow.$Properties|null);
            propose_change?: (gauntletpeer.ProposeChange.$Properties|null);
            proposals_refused?: (gauntletpeer.ProposalsRefused.$Properties|null);
            snapshot?: (gauntletpeer.Snapshot.$Properties|null);
            body?: ("vote_request"|"vote_response"|"append"|"append_accepted"|"append_rejected"|"heartbeat"|"heartbeat_response"|"propose"|"read_request"|"read_response"|"timeout_now"|"propose_change"|"proposals_refused"|"snapshot");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          from?: number|null;
          to?: number|null;
          term?: number|null;
          vote_request?: gauntletpeer.VoteRequest.$Shape|null;
          vote_response?: gauntletpeer.VoteResponse.$Shape|null;
          append?: gauntletpeer.Append.$Shape|null;
          append_accepted?: gauntletpeer.AppendAccepted.$Shape|null;
          append_rejected?: gauntletpeer.AppendRejected.$Shape|null;
          heartbeat?: gauntletpeer.Heartbeat.$Shape|null;
          heartbeat_response?: gauntletpeer.HeartbeatResponse.$Shape|null;
          propose?: gauntletpeer.Propose.$Shape|null;
          read_request?: gauntletpeer.ReadRequest.$Shape|null;
          read_response?: gauntletpeer.ReadResponse.$Shape|null;
          timeout_now?: gauntletpeer.TimeoutNow.$Shape|null;
          propose_change?: gauntletpeer.ProposeChange.$Shape|null;
          proposals_refused?: gauntletpeer.ProposalsRefused.$Shape|null;
          snapshot?: gauntletpeer.Snapshot.$Shape|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ body?: undefined; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "vote_request"; vote_request: gauntletpeer.VoteRequest.$Shape; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "vote_response"; vote_request?: null; vote_response: gauntletpeer.VoteResponse.$Shape; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "append"; vote_request?: null; vote_response?: null; append: gauntletpeer.Append.$Shape; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "append_accepted"; vote_request?: null; vote_response?: null; append?: null; append_accepted: gauntletpeer.AppendAccepted.$Shape; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "append_rejected"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected: gauntletpeer.AppendRejected.$Shape; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "heartbeat"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat: gauntletpeer.Heartbeat.$Shape; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "heartbeat_response"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response: gauntletpeer.HeartbeatResponse.$Shape; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "propose"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose: gauntletpeer.Propose.$Shape; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "read_request"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request: gauntletpeer.ReadRequest.$Shape; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "read_response"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response: gauntletpeer.ReadResponse.$Shape; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "timeout_now"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now: gauntletpeer.TimeoutNow.$Shape; propose_change?: null; proposals_refused?: null; snapshot?: null }|{ body?: "propose_change"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change: gauntletpeer.ProposeChange.$Shape; proposals_refused?: null; snapshot?: null }|{ body?: "proposals_refused"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused: gauntletpeer.ProposalsRefused.$Shape; snapshot?: null }|{ body?: "snapshot"; vote_request?: null; vote_response?: null; append?: null; append_accepted?: null; append_rejected?: null; heartbeat?: null; heartbeat_response?: null; propose?: null; read_request?: null; read_response?: null; timeout_now?: null; propose_change?: null; proposals_refused?: null; snapshot: gauntletpeer.Snapshot.$Shape })
        );
    }

    interface IEntry extends gauntletpeer.Entry.$Properties {
    }

    class Entry {
        constructor(properties?: gauntletpeer.Entry.$Properties);
        $unknowns?: Uint8Array[];
        index: number;
        term: number;
        kind: gauntletpeer.EntryKind;
        version: number;
        timestamp_ms: number;
        data: Uint8Array;
        configuration?: (gauntletpeer.Configuration.$Properties|null);
        static encode(message: gauntletpeer.Entry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Entry & gauntletpeer.Entry.$Shape;
    }

    namespace Entry {
        interface $Properties {
            index?: (number|null);
            term?: (number|null);
            kind?: (gauntletpeer.EntryKind|null);
            version?: (number|null);
            timestamp_ms?: (number|null);
            data?: (Uint8Array|null);
            configuration?: (gauntletpeer.Configuration.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Entry.$Properties;
    }

    enum EntryKind {
        NOOP = 0,
        NORMAL = 1,
        CONFIGURATION = 2
    }

    interface IConfiguration extends gauntletpeer.Configuration.$Properties {
    }

    class Configuration {
        constructor(properties?: gauntletpeer.Configuration.$Properties);
        $unknowns?: Uint8Array[];
        voters: number[];
        outgoing: number[];
        learners: number[];
        learners_next: number[];
        promotable: number[];
        auto_leave: boolean;
        static encode(message: gauntletpeer.Configuration.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Configuration & gauntletpeer.Configuration.$Shape;
    }

    namespace Configuration {
        interface $Properties {
            voters?: (number[]|null);
            outgoing?: (number[]|null);
            learners?: (number[]|null);
            learners_next?: (number[]|null);
            promotable?: (number[]|null);
            auto_leave?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Configuration.$Properties;
    }

    interface IVoteRequest extends gauntletpeer.VoteRequest.$Properties {
    }

    class VoteRequest {
        constructor(properties?: gauntletpeer.VoteRequest.$Properties);
        $unknowns?: Uint8Array[];
        pre: boolean;
        last_index: number;
        last_term: number;
        transfer: boolean;
        static encode(message: gauntletpeer.VoteRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.VoteRequest & gauntletpeer.VoteRequest.$Shape;
    }

    namespace VoteRequest {
        interface $Properties {
            pre?: (boolean|null);
            last_index?: (number|null);
            last_term?: (number|null);
            transfer?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.VoteRequest.$Properties;
    }

    interface IVoteResponse extends gauntletpeer.VoteResponse.$Properties {
    }

    class VoteResponse {
        constructor(properties?: gauntletpeer.VoteResponse.$Properties);
        $unknowns?: Uint8Array[];
        pre: boolean;
        granted: boolean;
        static encode(message: gauntletpeer.VoteResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.VoteResponse & gauntletpeer.VoteResponse.$Shape;
    }

    namespace VoteResponse {
        interface $Properties {
            pre?: (boolean|null);
            granted?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.VoteResponse.$Properties;
    }

    interface IAppend extends gauntletpeer.Append.$Properties {
    }

    class Append {
        constructor(properties?: gauntletpeer.Append.$Properties);
        $unknowns?: Uint8Array[];
        prev_index: number;
        prev_term: number;
        commit: number;
        entries: gauntletpeer.Entry.$Properties[];
        static encode(message: gauntletpeer.Append.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Append & gauntletpeer.Append.$Shape;
    }

    namespace Append {
        interface $Properties {
            prev_index?: (number|null);
            prev_term?: (number|null);
            commit?: (number|null);
            entries?: (gauntletpeer.Entry.$Properties[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Append.$Properties;
    }

    interface IAppendAccepted extends gauntletpeer.AppendAccepted.$Properties {
    }

    class AppendAccepted {
        constructor(properties?: gauntletpeer.AppendAccepted.$Properties);
        $unknowns?: Uint8Array[];
        match_index: number;
        static encode(message: gauntletpeer.AppendAccepted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.AppendAccepted & gauntletpeer.AppendAccepted.$Shape;
    }

    namespace AppendAccepted {
        interface $Properties {
            match_index?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.AppendAccepted.$Properties;
    }

    interface IAppendRejected extends gauntletpeer.AppendRejected.$Properties {
    }

    class AppendRejected {
        constructor(properties?: gauntletpeer.AppendRejected.$Properties);
        $unknowns?: Uint8Array[];
        rejected_prev_index: number;
        hint_index: number;
        hint_term: number;
        lost: boolean;
        static encode(message: gauntletpeer.AppendRejected.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.AppendRejected & gauntletpeer.AppendRejected.$Shape;
    }

    namespace AppendRejected {
        interface $Properties {
            rejected_prev_index?: (number|null);
            hint_index?: (number|null);
            hint_term?: (number|null);
            lost?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.AppendRejected.$Properties;
    }

    interface IHeartbeat extends gauntletpeer.Heartbeat.$Properties {
    }

    class Heartbeat {
        constructor(properties?: gauntletpeer.Heartbeat.$Properties);
        $unknowns?: Uint8Array[];
        commit: number;
        round: number;
        static encode(message: gauntletpeer.Heartbeat.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Heartbeat & gauntletpeer.Heartbeat.$Shape;
    }

    namespace Heartbeat {
        interface $Properties {
            commit?: (number|null);
            round?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Heartbeat.$Properties;
    }

    interface IHeartbeatResponse extends gauntletpeer.HeartbeatResponse.$Properties {
    }

    class HeartbeatResponse {
        constructor(properties?: gauntletpeer.HeartbeatResponse.$Properties);
        $unknowns?: Uint8Array[];
        round: number;
        static encode(message: gauntletpeer.HeartbeatResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.HeartbeatResponse & gauntletpeer.HeartbeatResponse.$Shape;
    }

    namespace HeartbeatResponse {
        interface $Properties {
            round?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.HeartbeatResponse.$Properties;
    }

    interface IPropose extends gauntletpeer.Propose.$Properties {
    }

    class Propose {
        constructor(properties?: gauntletpeer.Propose.$Properties);
        $unknowns?: Uint8Array[];
        data: Uint8Array[];
        id: number;
        static encode(message: gauntletpeer.Propose.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Propose & gauntletpeer.Propose.$Shape;
    }

    namespace Propose {
        interface $Properties {
            data?: (Uint8Array[]|null);
            id?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Propose.$Properties;
    }

    interface IProposeChange extends gauntletpeer.ProposeChange.$Properties {
    }

    class ProposeChange {
        constructor(properties?: gauntletpeer.ProposeChange.$Properties);
        $unknowns?: Uint8Array[];
        id: number;
        changes: gauntletpeer.ConfigurationChange.$Properties[];
        data: Uint8Array;
        static encode(message: gauntletpeer.ProposeChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.ProposeChange & gauntletpeer.ProposeChange.$Shape;
    }

    namespace ProposeChange {
        interface $Properties {
            id?: (number|null);
            changes?: (gauntletpeer.ConfigurationChange.$Properties[]|null);
            data?: (Uint8Array|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          id?: number|null;
          changes?: gauntletpeer.ConfigurationChange.$Shape[]|null;
          data?: Uint8Array|null;
          $unknowns?: Uint8Array[];
        };
    }

    interface IConfigurationChange extends gauntletpeer.ConfigurationChange.$Properties {
    }

    class ConfigurationChange {
        constructor(properties?: gauntletpeer.ConfigurationChange.$Properties);
        $unknowns?: Uint8Array[];
        add_voter?: (number|null);
        add_learner?: (number|null);
        add_promotable?: (number|null);
        remove?: (number|null);
        change?: ("add_voter"|"add_learner"|"add_promotable"|"remove");
        static encode(message: gauntletpeer.ConfigurationChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.ConfigurationChange & gauntletpeer.ConfigurationChange.$Shape;
    }

    namespace ConfigurationChange {
        interface $Properties {
            add_voter?: (number|null);
            add_learner?: (number|null);
            add_promotable?: (number|null);
            remove?: (number|null);
            change?: ("add_voter"|"add_learner"|"add_promotable"|"remove");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          add_voter?: number|null;
          add_learner?: number|null;
          add_promotable?: number|null;
          remove?: number|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ change?: undefined; add_voter?: null; add_learner?: null; add_promotable?: null; remove?: null }|{ change?: "add_voter"; add_voter: number; add_learner?: null; add_promotable?: null; remove?: null }|{ change?: "add_learner"; add_voter?: null; add_learner: number; add_promotable?: null; remove?: null }|{ change?: "add_promotable"; add_voter?: null; add_learner?: null; add_promotable: number; remove?: null }|{ change?: "remove"; add_voter?: null; add_learner?: null; add_promotable?: null; remove: number })
        );
    }

    interface IProposalsRefused extends gauntletpeer.ProposalsRefused.$Properties {
    }

    class ProposalsRefused {
        constructor(properties?: gauntletpeer.ProposalsRefused.$Properties);
        $unknowns?: Uint8Array[];
        id: number;
        reason: gauntletpeer.Refusal;
        static encode(message: gauntletpeer.ProposalsRefused.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.ProposalsRefused & gauntletpeer.ProposalsRefused.$Shape;
    }

    namespace ProposalsRefused {
        interface $Properties {
            id?: (number|null);
            reason?: (gauntletpeer.Refusal|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.ProposalsRefused.$Properties;
    }

    enum Refusal {
        UNKNOWN_REFUSAL = 0,
        NO_LEADER = 1,
        TOO_MANY_UNCOMMITTED = 2,
        LEADER_CHANGED = 3,
        CHANGE_UNDER_WAY = 4,
        TERM_NOT_COMMITTED = 5,
        LEARNER_NOT_READY = 6,
        NO_VOTERS_LEFT = 7,
        NO_SPACE = 8
    }

    interface ITimeoutNow extends gauntletpeer.TimeoutNow.$Properties {
    }

    class TimeoutNow {
        constructor(properties?: gauntletpeer.TimeoutNow.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: gauntletpeer.TimeoutNow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.TimeoutNow & gauntletpeer.TimeoutNow.$Shape;
    }

    namespace TimeoutNow {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.TimeoutNow.$Properties;
    }

    interface ISnapshot extends gauntletpeer.Snapshot.$Properties {
    }

    class Snapshot {
        constructor(properties?: gauntletpeer.Snapshot.$Properties);
        $unknowns?: Uint8Array[];
        index: number;
        term: number;
        configuration?: (gauntletpeer.Configuration.$Properties|null);
        static encode(message: gauntletpeer.Snapshot.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Snapshot & gauntletpeer.Snapshot.$Shape;
    }

    namespace Snapshot {
        interface $Properties {
            index?: (number|null);
            term?: (number|null);
            configuration?: (gauntletpeer.Configuration.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Snapshot.$Properties;
    }

    interface IReadRequest extends gauntletpeer.ReadRequest.$Properties {
    }

    class ReadRequest {
        constructor(properties?: gauntletpeer.ReadRequest.$Properties);
        $unknowns?: Uint8Array[];
        id: number;
        static encode(message: gauntletpeer.ReadRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.ReadRequest & gauntletpeer.ReadRequest.$Shape;
    }

    namespace ReadRequest {
        interface $Properties {
            id?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.ReadRequest.$Properties;
    }

    interface IReadResponse extends gauntletpeer.ReadResponse.$Properties {
    }

    class ReadResponse {
        constructor(properties?: gauntletpeer.ReadResponse.$Properties);
        $unknowns?: Uint8Array[];
        id: number;
        refused: boolean;
        index: number;
        static encode(message: gauntletpeer.ReadResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.ReadResponse & gauntletpeer.ReadResponse.$Shape;
    }

    namespace ReadResponse {
        interface $Properties {
            id?: (number|null);
            refused?: (boolean|null);
            index?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.ReadResponse.$Properties;
    }

    interface ICommand extends gauntletpeer.Command.$Properties {
    }

    class Command {
        constructor(properties?: gauntletpeer.Command.$Properties);
        $unknowns?: Uint8Array[];
        origin: number;
        request_id: number;
        put?: (Uint8Array|null);
        delete_range?: (Uint8Array|null);
        txn?: (Uint8Array|null);
        members: gauntletpeer.MemberAttributes.$Properties[];
        request?: ("put"|"delete_range"|"txn");
        static encode(message: gauntletpeer.Command.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Command & gauntletpeer.Command.$Shape;
    }

    namespace Command {
        interface $Properties {
            origin?: (number|null);
            request_id?: (number|null);
            put?: (Uint8Array|null);
            delete_range?: (Uint8Array|null);
            txn?: (Uint8Array|null);
            members?: (gauntletpeer.MemberAttributes.$Properties[]|null);
            request?: ("put"|"delete_range"|"txn");
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          origin?: number|null;
          request_id?: number|null;
          put?: Uint8Array|null;
          delete_range?: Uint8Array|null;
          txn?: Uint8Array|null;
          members?: gauntletpeer.MemberAttributes.$Shape[]|null;
          $unknowns?: Uint8Array[];
        } & (
          ({ request?: undefined; put?: null; delete_range?: null; txn?: null }|{ request?: "put"; put: Uint8Array; delete_range?: null; txn?: null }|{ request?: "delete_range"; put?: null; delete_range: Uint8Array; txn?: null }|{ request?: "txn"; put?: null; delete_range?: null; txn: Uint8Array })
        );
    }

    interface IMemberAttributes extends gauntletpeer.MemberAttributes.$Properties {
    }

    class MemberAttributes {
        constructor(properties?: gauntletpeer.MemberAttributes.$Properties);
        $unknowns?: Uint8Array[];
        id: number;
        name: string;
        peer_urls: string[];
        client_urls: string[];
        static encode(message: gauntletpeer.MemberAttributes.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.MemberAttributes & gauntletpeer.MemberAttributes.$Shape;
    }

    namespace MemberAttributes {
        interface $Properties {
            id?: (number|null);
            name?: (string|null);
            peer_urls?: (string[]|null);
            client_urls?: (string[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.MemberAttributes.$Properties;
    }

    interface IHardState extends gauntletpeer.HardState.$Properties {
    }

    class HardState {
        constructor(properties?: gauntletpeer.HardState.$Properties);
        $unknowns?: Uint8Array[];
        term: number;
        vote: number;
        lost_to: number;
        static encode(message: gauntletpeer.HardState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.HardState & gauntletpeer.HardState.$Shape;
    }

    namespace HardState {
        interface $Properties {
            term?: (number|null);
            vote?: (number|null);
            lost_to?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.HardState.$Properties;
    }

    interface IPeerBatch extends gauntletpeer.PeerBatch.$Properties {
    }

    class PeerBatch {
        constructor(properties?: gauntletpeer.PeerBatch.$Properties);
        $unknowns?: Uint8Array[];
        messages: gauntletpeer.PeerMessage.$Properties[];
        report?: (gauntletpeer.Report.$Properties|null);
        static encode(message: gauntletpeer.PeerBatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.PeerBatch & gauntletpeer.PeerBatch.$Shape;
    }

    namespace PeerBatch {
        interface $Properties {
            messages?: (gauntletpeer.PeerMessage.$Properties[]|null);
            report?: (gauntletpeer.Report.$Properties|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          messages?: gauntletpeer.PeerMessage.$Shape[]|null;
          report?: gauntletpeer.Report.$Shape|null;
          $unknowns?: Uint8Array[];
        };
    }

    interface ISnapshotPart extends gauntletpeer.SnapshotPart.$Properties {
    }

    class SnapshotPart {
        constructor(properties?: gauntletpeer.SnapshotPart.$Properties);
        $unknowns?: Uint8Array[];
        message?: (gauntletpeer.PeerMessage.$Properties|null);
        data: Uint8Array;
        last: boolean;
        static encode(message: gauntletpeer.SnapshotPart.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.SnapshotPart & gauntletpeer.SnapshotPart.$Shape;
    }

    namespace SnapshotPart {
        interface $Properties {
            message?: (gauntletpeer.PeerMessage.$Properties|null);
            data?: (Uint8Array|null);
            last?: (boolean|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = {
          message?: gauntletpeer.PeerMessage.$Shape|null;
          data?: Uint8Array|null;
          last?: boolean|null;
          $unknowns?: Uint8Array[];
        };
    }

    interface IInstallSummary extends gauntletpeer.InstallSummary.$Properties {
    }

    class InstallSummary {
        constructor(properties?: gauntletpeer.InstallSummary.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: gauntletpeer.InstallSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.InstallSummary & gauntletpeer.InstallSummary.$Shape;
    }

    namespace InstallSummary {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.InstallSummary.$Properties;
    }

    interface IMembersRequest extends gauntletpeer.MembersRequest.$Properties {
    }

    class MembersRequest {
        constructor(properties?: gauntletpeer.MembersRequest.$Properties);
        $unknowns?: Uint8Array[];
        static encode(message: gauntletpeer.MembersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.MembersRequest & gauntletpeer.MembersRequest.$Shape;
    }

    namespace MembersRequest {
        interface $Properties {
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.MembersRequest.$Properties;
    }

    interface IMembersResponse extends gauntletpeer.MembersResponse.$Properties {
    }

    class MembersResponse {
        constructor(properties?: gauntletpeer.MembersResponse.$Properties);
        $unknowns?: Uint8Array[];
        cluster_id: number;
        members: gauntletpeer.MemberAttributes.$Properties[];
        removed: number[];
        static encode(message: gauntletpeer.MembersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.MembersResponse & gauntletpeer.MembersResponse.$Shape;
    }

    namespace MembersResponse {
        interface $Properties {
            cluster_id?: (number|null);
            members?: (gauntletpeer.MemberAttributes.$Properties[]|null);
            removed?: (number[]|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.MembersResponse.$Properties;
    }

    interface IReport extends gauntletpeer.Report.$Properties {
    }

    class Report {
        constructor(properties?: gauntletpeer.Report.$Properties);
        $unknowns?: Uint8Array[];
        alarms: gauntletpeer.Alarm[];
        hashes: gauntletpeer.StateHash.$Properties[];
        hash_format: number;
        static encode(message: gauntletpeer.Report.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.Report & gauntletpeer.Report.$Shape;
    }

    namespace Report {
        interface $Properties {
            alarms?: (gauntletpeer.Alarm[]|null);
            hashes?: (gauntletpeer.StateHash.$Properties[]|null);
            hash_format?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.Report.$Properties;
    }

    enum Alarm {
        UNKNOWN_ALARM = 0,
        NOSPACE = 1,
        CORRUPT = 2
    }

    interface IStateHash extends gauntletpeer.StateHash.$Properties {
    }

    class StateHash {
        constructor(properties?: gauntletpeer.StateHash.$Properties);
        $unknowns?: Uint8Array[];
        index: number;
        revision: number;
        hash: number;
        static encode(message: gauntletpeer.StateHash.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.StateHash & gauntletpeer.StateHash.$Shape;
    }

    namespace StateHash {
        interface $Properties {
            index?: (number|null);
            revision?: (number|null);
            hash?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.StateHash.$Properties;
    }

    interface IStateMeta extends gauntletpeer.StateMeta.$Properties {
    }

    class StateMeta {
        constructor(properties?: gauntletpeer.StateMeta.$Properties);
        $unknowns?: Uint8Array[];
        format: number;
        index: number;
        term: number;
        configuration?: (gauntletpeer.Configuration.$Properties|null);
        revision: number;
        records: number;
        hash: number;
        members: gauntletpeer.MemberAttributes.$Properties[];
        removed: number[];
        cluster_id: number;
        member_id: number;
        hash_format: number;
        static encode(message: gauntletpeer.StateMeta.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.StateMeta & gauntletpeer.StateMeta.$Shape;
    }

    namespace StateMeta {
        interface $Properties {
            format?: (number|null);
            index?: (number|null);
            term?: (number|null);
            configuration?: (gauntletpeer.Configuration.$Properties|null);
            revision?: (number|null);
            records?: (number|null);
            hash?: (number|null);
            members?: (gauntletpeer.MemberAttributes.$Properties[]|null);
            removed?: (number[]|null);
            cluster_id?: (number|null);
            member_id?: (number|null);
            hash_format?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.StateMeta.$Properties;
    }

    interface ISendSummary extends gauntletpeer.SendSummary.$Properties {
    }

    class SendSummary {
        constructor(properties?: gauntletpeer.SendSummary.$Properties);
        $unknowns?: Uint8Array[];
        messages: number;
        static encode(message: gauntletpeer.SendSummary.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): gauntletpeer.SendSummary & gauntletpeer.SendSummary.$Shape;
    }

    namespace SendSummary {
        interface $Properties {
            messages?: (number|null);
            $unknowns?: Uint8Array[];
        }
        type $Shape = gauntletpeer.SendSummary.$Properties;
    }
}
