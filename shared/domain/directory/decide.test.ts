import { describe, expect, it } from 'vitest';
import { context } from '#test/support/ticket-builder.ts';
import { EventBuilder } from '#test/support/event-builder.ts';
import { foldEntity } from '../projection.ts';
import type { DataOf } from '../registry.ts';
import { decideDirectory, type DirectoryCommand } from './decide.ts';
import { unknownCustomer, unknownSite, type AssetState, type SiteState } from './state.ts';

const site: DataOf<'site.registered'> = {
  customerId: 'dongling',
  name: '石桥局站',
  address: '石桥路 18 号',
  zone: 'Asia/Shanghai',
  region: 'sz',
};
const asset: DataOf<'asset.registered'> = {
  siteId: 'shiqiao',
  name: '开关电源 2#',
  kind: 'switchingPower',
  model: 'PS48600',
  serial: 'PS-1',
  slots: [],
};
const file = { sha256: 'a'.repeat(64), size: 12, name: 'map.png' };

function refusalOf(command: DirectoryCommand): string | undefined {
  const decision = decideDirectory(command, context());
  return decision.ok ? undefined : decision.refusal.code;
}

describe('writing down customers, sites and assets', () => {
  it('gives a new thing an id of its own, and keeps the id of what is said anew', () => {
    const fresh = decideDirectory({ do: 'registerSite', ...site }, context());
    expect(fresh).toMatchObject({ ok: true, drafts: [{ type: 'site.registered', scope: 'region/sz' }] });
    const again = decideDirectory({ do: 'registerSite', id: 'shiqiao', ...site }, context());
    expect(again).toMatchObject({ ok: true, drafts: [{ stream: 'site/shiqiao' }] });
  });

  it('says more about something where it stands, and not where its author works', () => {
    const there = { scope: 'region/bj' };
    const commands: DirectoryCommand[] = [
      { do: 'registerSite', id: 'shiqiao', home: there.scope, ...site },
      { do: 'addContact', customer: { ...unknownCustomer('c'), ...there }, name: '刘工', phone: '1' },
      { do: 'addDocument', site: { ...unknownSite('s'), ...there }, kind: 'map', title: 'x', ...file },
    ];
    for (const command of commands)
      expect(decideDirectory(command, context())).toMatchObject({ drafts: [there] });
  });

  it('refuses what could not be found again or computed with', () => {
    expect(refusalOf({ do: 'registerCustomer', name: ' ' })).toBe('directory.nameMissing');
    expect(refusalOf({ do: 'registerSite', ...site, zone: 'Mars/Olympus' })).toBe('directory.zoneUnknown');
    const slot = { slotId: 'R1', label: 'R1', partNumber: 'R48-50A' };
    expect(refusalOf({ do: 'registerAsset', ...asset, slots: [slot, slot] })).toBe('directory.slotTwice');
    const customer = { ...unknownCustomer('dongling'), contacts: [{ name: '刘工', phone: '1' }] };
    expect(refusalOf({ do: 'addContact', customer, name: '刘工', phone: '1' })).toBe(
      'directory.contactKnown',
    );
    expect(refusalOf({ do: 'removeDocument', site: unknownSite('s'), documentId: 'd', reason: '' })).toBe(
      'directory.documentUnknown',
    );
    const contract = { number: 'HT-1', customerId: 'dongling', siteIds: [], entitlement: '' };
    const calendar = { id: '7x24', version: 1 };
    expect(
      refusalOf({ do: 'registerContract', ...contract, from: '2026-02-01', to: '2026-01-01', calendar }),
    ).toBe('directory.termReversed');
  });

  it('keeps documents and baselines through a new registration, whatever order they arrive in', () => {
    const builder = new EventBuilder();
    const events = [
      builder.make('site/shiqiao', 'site.registered', site),
      builder.make('site/shiqiao', 'site.documentAdded', {
        documentId: 'd1',
        kind: 'map',
        title: '路线',
        ...file,
      }),
      builder.make('site/shiqiao', 'site.documentAdded', {
        documentId: 'd2',
        kind: 'drawing',
        title: '图',
        ...file,
      }),
      builder.make('site/shiqiao', 'site.documentRemoved', { documentId: 'd1', reason: '过期' }),
      builder.make('site/shiqiao', 'site.registered', { ...site, name: '石桥' }),
    ];
    const state = foldEntity('site/shiqiao', events)?.state as SiteState;
    expect(state).toMatchObject({ name: '石桥', documents: [{ documentId: 'd2' }] });
    expect(foldEntity('site/shiqiao', events.toReversed())?.state).toEqual(state);
    const kept = [
      builder.make('asset/dps', 'asset.baselineTaken', { baselineId: 'b1', label: '开局', ...file }),
      builder.make('asset/dps', 'asset.registered', asset),
    ];
    expect(foldEntity('asset/dps', kept)?.state as AssetState).toMatchObject({
      model: 'PS48600',
      baselines: [{ baselineId: 'b1', label: '开局' }],
    });
  });
});
