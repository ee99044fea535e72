import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Role } from '../directory/events.ts';
import { eventTypes } from '../registry.ts';
import { administeredRegions, givableRoles, mayAdminister } from './administer.ts';
import { isReadOnly, mayAppend, mayRead, readableScopes, refusalOf } from './rights.ts';
import type { Subject } from './subject.ts';
import { APPENDS } from './table.ts';

const REGIONS = ['sz', 'bj', 'cd'] as const;
const aUser = (roles: readonly string[], regions: readonly string[] = ['sz']): Subject => ({
  id: 'li.wei',
  roles,
  homeRegion: regions[0] ?? '',
  regions,
});
const scopes = fc.constantFrom(
  'org',
  ...REGIONS.map((region) => `region/${region}`),
  'user/li.wei',
  'user/zhao',
  'depot/1',
  'region/',
  'orgs',
);
const types = fc.oneof(
  fc.constantFrom(
    ...Object.keys(eventTypes),
    'ticket.shared',
    'ticket.unshared',
    'ticket.invented',
    'drone.flown',
  ),
  fc.string(),
);
const subjects = fc
  .record({
    roles: fc.subarray([...Role.options, 'astronaut']),
    homeRegion: fc.constantFrom(...REGIONS),
    more: fc.subarray([...REGIONS]),
  })
  .map(({ roles, homeRegion, more }) => ({
    id: 'li.wei',
    roles,
    homeRegion,
    regions: [...new Set([homeRegion, ...more])],
  }));

describe('The table of rights', () => {
  it('[SY40] lets nobody append where he may not read, except to hand a ticket to another user', () => {
    fc.assert(
      fc.property(subjects, scopes, types, (subject, scope, type) => {
        if (!mayAppend(subject, scope, type)) return;
        const handsOver = scope === 'user/zhao';
        expect(handsOver || mayRead(subject, scope)).toBe(true);
        if (handsOver && Object.hasOwn(eventTypes, type)) expect(type).toBe('ticket.shared');
      }),
    );
  });

  it('[SY40] lets a customer append nothing at all, also what it does not know', () => {
    fc.assert(
      fc.property(subjects, scopes, types, fc.boolean(), (subject, scope, type, shared) => {
        expect(mayAppend({ ...subject, roles: ['customer'] }, scope, type, { shared })).toBe(false);
      }),
    );
    expect(isReadOnly(aUser(['customer']))).toBe(true);
    expect(isReadOnly(aUser(['customer', 'engineer']))).toBe(false);
    expect(refusalOf(aUser(['customer']), 'region/sz', 'ticket.noted')?.code).toBe('right.readOnly');
  });

  it('[SY40] gives more roles never fewer rights', () => {
    fc.assert(
      fc.property(subjects, fc.constantFrom(...Role.options), scopes, types, (subject, role, scope, type) => {
        const more = { ...subject, roles: [...subject.roles, role] };
        if (mayRead(subject, scope)) expect(mayRead(more, scope)).toBe(true);
        if (mayAppend(subject, scope, type)) expect(mayAppend(more, scope, type)).toBe(true);
      }),
    );
  });

  it('[SY40] names the readable scopes exactly', () => {
    fc.assert(
      fc.property(subjects, scopes, (subject, scope) => {
        const { named, everyRegion } = readableScopes(subject);
        const read = named.includes(scope) || (everyRegion && /^region\/./.test(scope));
        expect(read).toBe(mayRead(subject, scope));
      }),
    );
  });

  it('[SY40] has a line for every type of event that this version knows', () => {
    const nouns = new Set(APPENDS.map(({ types: pattern }) => pattern.split('.', 1)[0]));
    expect(Object.keys(eventTypes).filter((type) => !nouns.has(type.split('.', 1)[0]))).toEqual([]);
  });

  it('[SY40] keeps contracts, people and the catalogue to those who answer for them', () => {
    const writes = (role: string, scope: string, type: string): boolean =>
      mayAppend(aUser([role]), scope, type);
    expect(writes('engineer', 'region/sz', 'contract.registered')).toBe(false);
    expect(writes('desk', 'region/sz', 'contract.registered')).toBe(true);
    expect(writes('engineer', 'region/sz', 'user.registered')).toBe(false);
    expect(writes('manager', 'org', 'user.registered')).toBe(true);
    expect(writes('engineer', 'org', 'article.published')).toBe(false);
    expect(writes('specialist', 'org', 'article.published')).toBe(true);
    expect(writes('manager', 'region/bj', 'ticket.noted')).toBe(false);
    expect(writes('admin', 'region/bj', 'ticket.noted')).toBe(true);
  });

  it('[SY40] takes what a newer version says happened wherever the user may write at all', () => {
    expect(mayAppend(aUser(['technician']), 'region/sz', 'drone.flown')).toBe(true);
    expect(mayAppend(aUser(['technician']), 'region/bj', 'drone.flown')).toBe(false);
    expect(mayAppend(aUser(['technician']), 'org', 'drone.flown')).toBe(false);
    expect(mayAppend(aUser(['astronaut']), 'region/sz', 'drone.flown')).toBe(false);
  });

  it('[SY41] opens every region of the user, and what another region shares with him', () => {
    const expert = aUser(['specialist'], ['sz', 'cd']);
    expect(mayRead(expert, 'region/cd')).toBe(true);
    expect(mayAppend(expert, 'region/cd', 'ticket.noted')).toBe(true);
    expect(mayAppend(expert, 'region/bj', 'ticket.noted')).toBe(false);
    expect(mayAppend(expert, 'region/bj', 'ticket.noted', { shared: true })).toBe(true);
    expect(mayAppend(expert, 'region/bj', 'ticket.shared', { shared: true })).toBe(false);
    expect(mayAppend(expert, 'region/bj', 'user.registered', { shared: true })).toBe(false);
  });
});

describe('Who administers', () => {
  const manager = aUser(['manager'], ['sz', 'cd']);

  it('[SY44] keeps a manager to people who work in the own regions only, and away from administrators', () => {
    expect(mayAdminister(manager, 'users', { roles: ['engineer'], regions: ['sz'] })).toBe(true);
    expect(mayAdminister(manager, 'users', { roles: ['engineer'], regions: ['bj'] })).toBe(false);
    expect(mayAdminister(manager, 'users', { roles: ['engineer'], regions: ['sz', 'bj'] })).toBe(false);
    expect(mayAdminister(manager, 'users', { roles: ['admin'], regions: ['sz'] })).toBe(false);
    expect(mayAdminister(manager, 'audit')).toBe(false);
    expect(mayAdminister(manager, 'regions')).toBe(false);
    expect(administeredRegions(manager, 'devices')).toEqual(['sz', 'cd']);
  });

  it('[SY44] offers each only the roles that he may give', () => {
    expect(givableRoles(manager, Role.options)).toEqual(Role.options.filter((role) => role !== 'admin'));
    expect(givableRoles(aUser(['admin']), Role.options)).toEqual(Role.options);
    expect(givableRoles(aUser(['desk']), Role.options)).toEqual([]);
  });

  it('[SY44] lets an administrator reach everything, and everybody else nothing', () => {
    expect(administeredRegions(aUser(['admin']), 'users')).toBe('all');
    expect(mayAdminister(aUser(['admin']), 'users', { roles: ['admin'], regions: ['bj'] })).toBe(true);
    for (const role of ['engineer', 'technician', 'specialist', 'desk', 'customer'])
      expect(mayAdminister(aUser([role]), 'users')).toBe(false);
  });
});
