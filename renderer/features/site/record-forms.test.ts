import { describe, expect, it } from 'vitest';
import { unknownAsset, unknownSite } from '#shared/domain/directory/state.ts';
import { commandOf, fieldsOf, startValues, type RecordForm } from './record-forms.ts';

const site = { ...unknownSite('shiqiao'), name: '石桥局站', customerId: 'dongling' };

describe('the forms of sites', () => {
  it('read slots one a line, and leave what sits in them', () => {
    const on = {
      ...unknownAsset('dps-2'),
      name: '开关电源 2#',
      slots: [{ slotId: 'R1', label: 'R1', partNumber: 'R48-50A', unitId: 'u1' }],
    };
    const form: RecordForm = { kind: 'asset', on, site };
    expect(startValues(form).slots).toBe('R1 R48-50A');
    const values = {
      ...startValues(form),
      slots: ' R1  R48-50A\n\nSMU SMU-02C rev B ',
      host: '10.1.1.9:2222',
      username: 'maint',
    };
    expect(commandOf(form, values, undefined)).toMatchObject({
      id: 'dps-2',
      siteId: 'shiqiao',
      slots: [
        { slotId: 'R1', partNumber: 'R48-50A', unitId: 'u1' },
        { slotId: 'SMU', partNumber: 'SMU-02C rev B' },
      ],
      address: { host: '10.1.1.9', port: 2222, username: 'maint' },
    });
  });

  it('read an address with and without a port', () => {
    const form: RecordForm = { kind: 'asset', site };
    const hostOf = (host: string) => commandOf(form, { host }, undefined);
    expect(hostOf('10.1.1.9')).toMatchObject({ address: { host: '10.1.1.9', port: 22 } });
    expect(hostOf('[fd00::9]:830')).toMatchObject({ address: { host: 'fd00::9', port: 830 } });
    expect(hostOf('fd00::9')).toMatchObject({ address: { host: 'fd00::9', port: 22 } });
    expect(hostOf('')).not.toHaveProperty('address');
  });

  it('make of a contract a term, a calendar and the site it is for', () => {
    const form: RecordForm = { kind: 'contract', site };
    const values = { number: 'HT-1', from: '2026-01-01', to: '2026-12-31', calendar: '7x24 1' };
    expect(commandOf(form, values, undefined)).toMatchObject({
      do: 'registerContract',
      customerId: 'dongling',
      siteIds: ['shiqiao'],
      calendar: { id: '7x24', version: 1 },
    });
  });

  it('want a file where a file is the point', () => {
    const required = fieldsOf({ kind: 'document', on: site }).filter((field) => field.isRequired);
    expect(required.map(({ name }) => name)).toEqual(['documentKind', 'title', 'file']);
  });
});
