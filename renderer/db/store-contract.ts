import { z } from 'zod';
import type { FoldedRow, Noun } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { call, stream } from '#shared/host/define.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import type { Adoption } from './adopt-scope.ts';
import type { ListAnswer, ListQuery } from './list-query.ts';
import type { Segment } from './pages.ts';
import type { SyncPosition } from './position.ts';
import type { EventWithStanding, FirstPage, Labels, PullOutcome } from './store.ts';

/** What keeps others from reading the store: see `cacheKey` in shared/host/app.ts. */
export type Protection = 'os' | 'passphrase' | 'none';

export interface StoreChange {
  readonly keys: readonly string[];
  /** The database is gone and wants to be rebuilt. */
  readonly lost: boolean;
  /** A page did not open: its scope wants to be fetched anew. */
  readonly damaged: boolean;
}

const nothing = z.object({});
/** Both sides are the same build: these values are typed, not checked a second time. */
const trusted = <T>() => z.custom<T>(() => true);

/** The store as the page sees it: it runs in a worker, so that no list and no fold costs a frame. */
export const storeContract = {
  store: {
    firstPage: call(nothing, trusted<FirstPage | undefined>()),
    list: call(trusted<ListQuery>(), trusted<ListAnswer & { labels: Labels }>()),
    row: call(z.object({ key: z.string() }), trusted<FoldedRow | undefined>()),
    rowsOf: call(z.object({ noun: trusted<Exclude<Noun, 'ticket'>>() }), trusted<FoldedRow[]>()),
    eventsOf: call(z.object({ key: z.string() }), trusted<EventWithStanding[]>()),
    /** Where pulling stands, and the scopes of which a page did not open. */
    position: call(nothing, trusted<SyncPosition & { readonly damaged: readonly string[] }>()),
    applyLocal: call(z.object({ events: trusted<DomainEvent[]>() }), nothing),
    applyRefusals: call(z.object({ eventIds: z.array(z.string()) }), nothing),
    applyPull: call(z.object({ lines: trusted<PullLine[]>() }), trusted<PullOutcome>()),
    /** All facts of one entity as the server gives them; without any it goes. */
    applyEntity: call(z.object({ key: z.string(), lines: trusted<PullLine[]>() }), nothing),
    incomplete: call(nothing, z.object({ keys: z.array(z.string()) })),
    missingPages: call(z.object({ hashes: z.array(z.string()) }), z.object({ hashes: z.array(z.string()) })),
    stagePage: call(trusted<Segment>(), nothing),
    adoptScope: call(trusted<Adoption>(), nothing),
    /** Takes scopes away that the server no longer names. */
    applyScopeLoss: call(z.object({ scopes: z.array(z.string()) }), nothing),
    /** Packs what has settled; a few hundred milliseconds beside everything else, when there is something to pack. */
    compact: call(nothing, z.object({ packed: z.number().int() })),
    /** What the page knows of the time: server minus laptop. What arrives from now on is noted by it. */
    setClock: call(z.object({ offsetMs: z.number() }), nothing),
    /** What keeps others from reading what is stored here. */
    protection: call(nothing, z.object({ protection: trusted<Protection>() })),
    /** Opens the database anew after it was taken away; the caller fills it again. */
    reopen: call(nothing, nothing),
    /** Keys that changed, coalesced; `*` for everything. */
    changes: stream(nothing, trusted<StoreChange>()),
  },
} as const;
