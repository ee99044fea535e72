import { eventTypes, type DataOf, type EventTypeName } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { hashEvent } from '#shared/events/hash-chain.ts';
import { formatHlc } from '#shared/events/hlc.ts';
import { uuidV7 } from '#shared/events/uuid.ts';

/** 2026-03-02 is a Monday; 01:00 UTC is 09:00 in Shanghai. */
export const START = Date.parse('2026-03-02T01:00:00Z');

/** Makes events as a device would: stamped, chained, one minute after the other unless told. */
export class EventBuilder {
  readonly #device: string;
  readonly #scope: string;
  readonly #chain = new Map<string, string>();
  #ms: number;
  #count = 0;

  constructor(device = 'SZ03', scope = 'region/sz', start = START) {
    this.#device = device;
    this.#scope = scope;
    this.#ms = start;
  }

  /** Moves this device's clock. */
  after(minutes: number): this {
    this.#ms += minutes * 60_000;
    return this;
  }

  make<T extends EventTypeName>(stream: string, type: T, data: DataOf<T>, actor = 'li.wei'): DomainEvent {
    this.#ms += 60_000;
    this.#count++;
    const random = new Uint8Array(10);
    random.set(new TextEncoder().encode(this.#device).subarray(0, 4), 4);
    new DataView(random.buffer).setUint16(8, this.#count);
    const event: DomainEvent = {
      id: uuidV7(this.#ms, random),
      stream,
      scope: this.#scope,
      type,
      v: eventTypes[type].v,
      data: eventTypes[type].data.parse(data) as Record<string, unknown>,
      hlc: formatHlc({ ms: this.#ms, counter: 0 }, this.#device),
      at: new Date(this.#ms).toISOString(),
      tz: 'Asia/Shanghai',
      clock: { monotonicMs: this.#count * 1000, bootId: `boot-${this.#device}` },
      actor,
      device: this.#device,
      prev: this.#chain.get(stream) ?? '',
    };
    this.#chain.set(stream, hashEvent(event));
    return event;
  }
}

/** What the service desk would enter for a rectifier failure. */
export const opening = (patch: Partial<DataOf<'ticket.opened'>> = {}): DataOf<'ticket.opened'> => ({
  number: 'SZ03-00001X',
  customerId: 'dongling',
  siteId: 'shiqiao',
  assetId: 'dps-2',
  contactName: '刘工',
  contactPhone: '0755-8600-1100',
  channel: 'hotline',
  symptom: '整流模块通信中断',
  environment: 'SMU 3.12',
  occurredAt: '2026-03-02T00:50:00Z',
  ...patch,
});

/** In the slot R2 of dps-2 the unit G1 takes the place of F1. */
export function aSwap(builder: EventBuilder, stream: string): DomainEvent {
  const unit = (serial: string) => ({
    unitId: `R48-50A~${serial}`,
    partNumber: 'R48-50A',
    serial,
    name: '整流模块',
  });
  return builder.make(stream, 'part.swapped', {
    ticketId: stream.slice('ticket/'.length),
    assetId: 'dps-2',
    slotId: 'R2',
    kit: { kind: 'van', id: 'li.wei' },
    good: unit('G1'),
    faulty: unit('F1'),
    rmaId: 'rma-1',
    fault: '无输出',
  });
}
