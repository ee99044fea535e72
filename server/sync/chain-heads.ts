import type { Sql } from '../db/database.ts';
import type { Offer } from './offer.ts';

interface Head {
  readonly hlc: string;
  readonly hash: string;
}

/**
 * The hash chain of one device, stream by stream: which event is the last. A
 * refused event is a link too: the device made it, and its next event names it.
 */
export class ChainHeads {
  readonly #heads: Map<string, Head>;

  private constructor(heads: Map<string, Head>) {
    this.#heads = heads;
  }

  static async read(sql: Sql, tenant: string, device: string, offers: readonly Offer[]): Promise<ChainHeads> {
    const streams = [...new Set(offers.map(({ stream }) => stream).filter((stream) => stream !== ''))];
    const rows = await sql.query<Head & { stream: string }>(
      `SELECT s.stream, h.hlc, h.hash FROM unnest($3::text[]) AS s(stream) CROSS JOIN LATERAL (
         SELECT * FROM (
           (SELECT hlc, id, hash FROM events WHERE tenant = $1 AND device = $2 AND stream = s.stream
            ORDER BY hlc DESC, id DESC LIMIT 1)
           UNION ALL
           (SELECT hlc, id, hash FROM refusals WHERE tenant = $1 AND device = $2 AND stream = s.stream
            ORDER BY hlc DESC, id DESC LIMIT 1)
         ) AS both_kinds ORDER BY hlc DESC, id DESC LIMIT 1
       ) AS h`,
      [tenant, device, streams],
    );
    return new ChainHeads(new Map(rows.map(({ stream, hlc, hash }) => [stream, { hlc, hash }])));
  }

  /** Takes the next event of the device. @returns whether it fails to name its predecessor. */
  follow(offer: Offer): boolean {
    const { event, stream, hash, hlc } = offer;
    if (event === undefined) return false;
    const head = this.#heads.get(stream);
    this.#heads.set(stream, { hlc, hash });
    return event.prev !== (head?.hash ?? '');
  }
}
