import { unitIdOf } from '#shared/domain/part/events.ts';
import { slotLocation } from '#shared/domain/part/unit.ts';
import { draft, type DecideContext } from '#shared/domain/refusal.ts';
import type { EventDraft } from '#shared/events/envelope.ts';

const PART = 'R48-3000';
const ASSETS = 2;
const SLOTS = 2;
const SPARES = 5;

/** What a region has before anybody works: a site with two systems, a unit in each slot, spares in a depot. */
export function firstFacts(context: DecideContext, region: string): EventDraft[] {
  const { scope } = context;
  const drafts: EventDraft[] = [
    draft(context, { stream: `customer/dongling-${region}`, scope }, 'customer.registered', {
      name: '东岭通信',
    }),
    draft(context, { stream: `site/shiqiao-${region}`, scope }, 'site.registered', {
      customerId: `dongling-${region}`,
      name: '石桥基站',
      address: '石桥路 1 号',
      zone: 'Asia/Shanghai',
      region,
    }),
  ];
  const receive = (serial: string, to: { kind: 'depot' | 'slot'; id: string }): string => {
    const unitId = unitIdOf({ partNumber: PART, serial });
    const supplier = { kind: 'supplier' as const, id: 'vertiv' };
    const data = { unitId, partNumber: PART, serial, name: '整流模块', condition: 'good' as const };
    drafts.push(
      draft(context, { stream: `unit/${unitId}`, scope }, 'part.received', { ...data, from: supplier, to }),
    );
    return unitId;
  };
  for (let asset = 1; asset <= ASSETS; asset++) {
    const assetId = `dps-${asset}-${region}`;
    const slots = [];
    for (let slot = 1; slot <= SLOTS; slot++) {
      const slotId = `R${slot}`;
      const { id } = slotLocation(assetId, slotId);
      const unitId = receive(`${region}-A${asset}S${slot}`, { kind: 'slot', id });
      slots.push({ slotId, label: slotId, partNumber: PART, unitId });
    }
    drafts.push(
      draft(context, { stream: `asset/${assetId}`, scope }, 'asset.registered', {
        siteId: `shiqiao-${region}`,
        name: `电源柜 ${asset}`,
        kind: 'dcPower',
        model: 'NetSure 731',
        serial: assetId,
        slots,
      }),
    );
  }
  for (let spare = 1; spare <= SPARES; spare++)
    receive(`${region}-SP${spare}`, { kind: 'depot', id: `depot-${region}` });
  return drafts;
}
