import { productDomain, type DomainPort } from '#server/sync/domain.ts';
import { compareEvents, type DomainEvent } from '#shared/events/envelope.ts';
import { type DatabaseKind, STRANGER, TestServer } from './test-server.ts';

/** The product's domain, and one noun more whose state is the list of what happened, in fold order. */
export const probeDomain: DomainPort = {
  fault: (event) =>
    event.type === 'probe.noted' && event.data.bad === true ? 'probe.noted: bad' : productDomain.fault(event),
  touches: (event) => [
    ...productDomain.touches(event),
    ...(Array.isArray(event.data.touches) ? (event.data.touches as string[]) : []),
  ],
  evolve: (key, state, event) => {
    if (!key.startsWith('probe/')) return productDomain.evolve(key, state, event);
    if (event.data.explode === true) throw new Error('cannot be folded');
    return { seen: [...((state?.seen as string[] | undefined) ?? []), event.id] };
  },
};

let streams = 0;

/** The name of a stream that no test has had yet. */
export function newStream(): string {
  return `probe/${++streams}`;
}

/** The row that a server must have of these facts, folded by this domain in order. */
export function foldRow(key: string, scope: string, events: readonly DomainEvent[]) {
  const sorted = events.toSorted(compareEvents);
  let state: ReturnType<DomainPort['evolve']> | undefined;
  for (const event of sorted) {
    // As the server: what cannot be folded is passed over.
    if (event.data.explode !== true) state = probeDomain.evolve(key, state, event);
  }
  const last = sorted.at(-1)!;
  // As on the wire: what is undefined is absent.
  return { key, scope, hlc: last.hlc, id: last.id, state: JSON.parse(JSON.stringify(state ?? {})) };
}

/** A server of this domain whose segments are small and never old, with an engineer of another region. */
export async function startProbeServer(kind: DatabaseKind): Promise<TestServer> {
  const server = await TestServer.start(kind, {
    demo: true,
    domain: probeDomain,
    logLevel: 'error',
    bootstrap: { rows: 10, staleAfter: 0 },
    fsync: true,
  });
  await server.addAccount({ ...STRANGER, roles: ['engineer'] });
  return server;
}
