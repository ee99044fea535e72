import type { HostClient } from '../../host/connect.ts';

type ConnectAnswer = Awaited<ReturnType<HostClient['ssh']['connect']>>;

/** The answer of the host to a key it may not trust by itself. Nothing was sent to that server. */
export type HostKeyQuestion = Exclude<ConnectAnswer, { kind: 'connected' }>;
export type OfferedKey = HostKeyQuestion['hostKey'];
export type KnownHost = Extract<HostKeyQuestion, { kind: 'hostKeyChanged' }>['known'][number];
