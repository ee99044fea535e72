import { z } from 'zod';
import type { FoldedRow, Noun } from '#shared/domain/projection.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { call, stream } from '#shared/host/define.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import type { ListAnswer, ListQuery } from './list-query.ts';
import type { Segment } from './pages.ts';
import type { EventWithStanding, SyncPosition } from './store.ts';

type Labels = Record<string, { name: string; nameEn?: string }>;
const nothing = z.object({});
/** Both sides are the same build: these values are typed, not checked a second time. */
const trusted = <T>() => z.custom<T>(() => true);

/** The store as the page sees it: it runs in a worker, so that no list and no fold costs a frame. */
export const storeContract = {
  store: {
    firstPage: call(nothing, trusted<{ query: ListQuery; answer: ListAnswer; labels: Labels } | undefined>()),
    list: call(trusted<ListQuery>(), trusted<ListAnswer & { labels: Labels }>()),
    row: call(z.object({ key: z.string() }), trusted<FoldedRow | undefined>()),
    rowsOf: call(z.object({ noun: trusted<Exclude<Noun, 'ticket'>>() }), trusted<FoldedRow[]>()),
    eventsOf: call(z.object({ key: z.string() }), trusted<EventWithStanding[]>()),
    position: call(nothing, trusted<SyncPosition>()),
    applyLocal: call(z.object({ events: trusted<DomainEvent[]>() }), nothing),
    applyRefusals: call(z.object({ eventIds: z.array(z.string()) }), nothing),
    applyPull: call(z.object({ lines: trusted<PullLine[]>() }), nothing),
    applyEntity: call(z.object({ key: z.string(), events: trusted<DomainEvent[]>() }), nothing),
    incomplete: call(nothing, z.object({ keys: z.array(z.string()) })),
    missingPages: call(z.object({ hashes: z.array(z.string()) }), z.object({ hashes: z.array(z.string()) })),
    stagePage: call(trusted<Segment>(), nothing),
    adoptPages: call(z.object({ position: trusted<SyncPosition>() }), nothing),
    /** Opens the database anew after it was taken away; the caller fills it again. */
    reopen: call(nothing, nothing),
    /** Keys that changed, coalesced; `*` for everything. `lost`: the database is gone and wants to be rebuilt. */
    changes: stream(nothing, trusted<{ keys: string[]; lost: boolean }>()),
  },
} as const;
