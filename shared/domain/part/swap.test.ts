import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventBuilder } from '#test/support/event-builder.ts';
import { aTicket, context } from '#test/support/ticket-builder.ts';
import type { DomainEvent } from '../../events/envelope.ts';
import type { AssetState } from '../directory/state.ts';
import { foldEntity } from '../projection.ts';
import { touches } from '../registry.ts';
import { decideSwap, swapWarnings, type SwapCommand } from './decide.ts';
import { unitIdOf } from './events.ts';
import type { RmaState } from './rma.ts';
import type { UnitState } from './unit.ts';

const kit = { kind: 'van', id: 'li.wei' } as const;
const supplier = { kind: 'supplier', id: 'factory' } as const;
const rectifier = (serial: string) => ({ partNumber: 'R48-50A', serial, name: '整流模块' });
const IN = rectifier('2102K50201');
const OUT = rectifier('2102K40118');
const command: SwapCommand = { slotId: 'R2', kit, good: IN, faulty: OUT, fault: '通信中断' };

function world() {
  const builder = new EventBuilder();
  const received = (unit: typeof IN, to: { kind: 'van' | 'slot' | 'depot'; id: string }): DomainEvent => {
    const unitId = unitIdOf(unit);
    return builder.make(`unit/${unitId}`, 'part.received', {
      unitId,
      ...unit,
      condition: 'good',
      from: supplier,
      to,
    });
  };
  const events = [
    builder.make('asset/dps-2', 'asset.registered', {
      siteId: 'shiqiao',
      name: '开关电源 2#',
      kind: 'switchingPower',
      model: 'PS48600',
      serial: 'PS-1',
      slots: [{ slotId: 'R2', label: 'R2', partNumber: 'R48-50A', unitId: unitIdOf(OUT) }],
    }),
    received(IN, kit),
    received(OUT, { kind: 'slot', id: 'dps-2#R2' }),
  ];
  const state = <S>(key: string): S =>
    foldEntity(
      key,
      events.filter((event) => touches(event).includes(key)),
    )!.state as S;
  const stockWorld = () => ({
    ticket: aTicket().graded('P2').assigned().accepted().state,
    asset: state<AssetState>('asset/dps-2'),
    unit: (unitId: string) =>
      events.some((event) => touches(event).includes(`unit/${unitId}`))
        ? state<UnitState>(`unit/${unitId}`)
        : undefined,
  });
  /** Decides a swap and puts the fact among the others, as the journal would. */
  const swap = (patch: Partial<SwapCommand> = {}) => {
    const decision = decideSwap({ ...command, ...patch }, stockWorld(), context());
    if (!decision.ok) return decision.refusal;
    for (const draft of decision.drafts) {
      events.push(builder.make(draft.stream, 'part.swapped', draft.data as never));
    }
    return undefined;
  };
  return { builder, events, state, stockWorld, swap, received };
}

describe('a swap', () => {
  it('[P4] [EV7] is one fact that changes ticket, both units, the asset and an RMA line', () => {
    const { events, swap, state } = world();
    expect(swap()).toBeUndefined();
    const fact = events.at(-1)!;
    const rmaKey = touches(fact).find((key) => key.startsWith('rma/'))!;
    expect(touches(fact)).toEqual([
      'ticket/t1',
      'asset/dps-2',
      `unit/${unitIdOf(IN)}`,
      `unit/${unitIdOf(OUT)}`,
      rmaKey,
    ]);
    expect(state<UnitState>(`unit/${unitIdOf(IN)}`)).toMatchObject({
      location: { kind: 'slot', id: 'dps-2#R2' },
      condition: 'good',
      exceptions: [],
    });
    expect(state<UnitState>(`unit/${unitIdOf(OUT)}`)).toMatchObject({
      location: kit,
      condition: 'faulty',
      exceptions: [],
    });
    expect(state<AssetState>('asset/dps-2').slots[0]?.unitId).toBe(unitIdOf(IN));
    expect(state<RmaState>(rmaKey)).toMatchObject({
      status: 'draft',
      serial: OUT.serial,
      ticketId: 't1',
      fault: '通信中断',
    });
  });

  it('[P4] warns of a serial that is installed elsewhere, and lets a person overrule with a reason', () => {
    const { swap, received, events, state } = world();
    const elsewhere = rectifier('2102K99999');
    events.push(received(elsewhere, { kind: 'slot', id: 'other#R1' }));
    expect(swap({ good: elsewhere })).toMatchObject({
      code: 'part.swapDoubtful',
      missing: ['goodInstalledElsewhere'],
    });
    expect(swap({ good: elsewhere, overruleReason: '现场核对铭牌' })).toBeUndefined();
    expect(state<UnitState>(`unit/${unitIdOf(elsewhere)}`).exceptions).toMatchObject([
      { code: 'wrongLocation', expected: kit, found: { kind: 'slot', id: 'other#R1' } },
    ]);
  });

  it('[P4] names every doubt: unknown serial, another part number, another unit in the slot', () => {
    const { stockWorld } = world();
    const odd = { partNumber: 'R48-30A', serial: 'X1', name: '' };
    expect(
      swapWarnings({ ...command, good: odd, faulty: rectifier('Y9') }, stockWorld()).map(({ code }) => code),
    ).toEqual(['goodUnknown', 'otherUnitInSlot', 'partNumberDiffers']);
  });

  it('[P4] the same serial cannot go in and come out', () => {
    expect(world().swap({ good: OUT })).toMatchObject({ code: 'part.sameUnit' });
  });

  it('[P3] a serial is the same unit however it is written', () => {
    expect(unitIdOf({ partNumber: ' r48-50a', serial: '2102k40118 ' })).toBe(unitIdOf(OUT));
  });
});

describe('two swaps of the same unit, each made without knowing of the other', () => {
  it('[P5] both stand, and the contradiction is an exception on every device alike', () => {
    const { events, swap } = world();
    swap();
    const other = new EventBuilder('SZ04').after(30);
    const fact = events.at(-1)!.data as never as { good: object; faulty: object };
    events.push(
      other.make('ticket/t2', 'part.swapped', {
        ticketId: 't2',
        assetId: 'dps-9',
        slotId: 'R1',
        kit,
        good: fact.good as never,
        faulty: { unitId: 'R48-50A~OLD', ...rectifier('OLD') },
        rmaId: 'rma-2',
        fault: '',
      }),
    );
    const key = `unit/${unitIdOf(IN)}`;
    const mine = events.filter((event) => touches(event).includes(key));
    fc.assert(
      fc.property(fc.shuffledSubarray(mine, { minLength: mine.length }), (shuffled) => {
        const unit = foldEntity(key, shuffled)!.state as UnitState;
        expect(unit.location).toEqual({ kind: 'slot', id: 'dps-9#R1' });
        expect(unit.exceptions).toMatchObject([{ code: 'wrongLocation' }]);
      }),
    );
  });

  it('[P11] every unit is somewhere after any run of swaps', () => {
    const { events, state } = world();
    const keys = new Set(events.flatMap(touches).filter((key) => key.startsWith('unit/')));
    for (const key of keys) expect(state<UnitState>(key).location).toBeDefined();
  });
});
