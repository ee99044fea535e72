import type { Sql } from '../db/database.ts';
import type { Offer } from './offer.ts';

interface Head {
  readonly hlc: string;
  readonly hash: string;
}

/**
 * The hash chains of the devices that hand in, stream by stream: which event is the last. A
 * refused event is a link too: the device made it, and its next event names it.
 */
export class ChainHeads {
  readonly #heads: Map<string, Head>;

  private constructor(heads: Map<string, Head>) {
    this.#heads = heads;
  }

  static async read(
    sql: Sql,
    tenant: string,
    devices: ReadonlySet<string>,
    offers: readonly Offer[],
  ): Promise<ChainHeads> {
    const events = offers.flatMap(({ event }) =>
      event !== undefined && devices.has(event.device) ? event : [],
    );
    const chains = new Map(events.map(({ device, stream }) => [nameOf(device, stream), { device, stream }]));
    const rows = await sql.query<Head & { device: string; stream: string }>(
      `SELECT s.device, s.stream, h.hlc, h.hash
       FROM json_to_recordset($2::json) AS s(device text, stream text) CROSS JOIN LATERAL (
         SELECT * FROM (
           (SELECT hlc, id, hash FROM events WHERE tenant = $1 AND device = s.device AND stream = s.stream
            ORDER BY hlc DESC, id DESC LIMIT 1)
           UNION ALL
           (SELECT hlc, id, hash FROM refusals WHERE tenant = $1 AND device = s.device AND stream = s.stream
            ORDER BY hlc DESC, id DESC LIMIT 1)
         ) AS both_kinds ORDER BY hlc DESC, id DESC LIMIT 1
       ) AS h`,
      [tenant, JSON.stringify([...chains.values()])],
    );
    return new ChainHeads(
      new Map(rows.map(({ device, stream, hlc, hash }) => [nameOf(device, stream), { hlc, hash }])),
    );
  }

  /** Takes the next event of its device. @returns whether it fails to name its predecessor. */
  follow(offer: Offer): boolean {
    const { event, hash, hlc } = offer;
    if (event === undefined) return false;
    const chain = nameOf(event.device, event.stream);
    const head = this.#heads.get(chain);
    this.#heads.set(chain, { hlc, hash });
    return event.prev !== (head?.hash ?? '');
  }
}

function nameOf(device: string, stream: string): string {
  return `${device}\n${stream}`;
}
