import { mayRead } from './rights.ts';
import type { Subject } from './subject.ts';
import { ADMINISTERS, type AdminArea } from './table.ts';

/** Somebody, or something of somebody, that is to be changed: whose roles, and in which regions. */
export interface Target {
  readonly roles?: readonly string[];
  readonly regions: readonly string[];
}

/**
 * Whether the user may administer that area: at all, or for the target. Nobody reaches further than himself: who looks
 * after the own regions may touch neither an administrator nor somebody who works in a region besides.
 */
export function mayAdminister(subject: Subject, area: AdminArea, target?: Target): boolean {
  const lines = ADMINISTERS.filter(({ role, areas }) => subject.roles.includes(role) && areas.includes(area));
  if (target === undefined) return lines.length > 0;
  return lines.some(({ reach }) => reach === 'all' || isWithin(subject, target));
}

/** The regions the user administers in that area, or `all`. */
export function administeredRegions(subject: Subject, area: AdminArea): 'all' | readonly string[] {
  if (!mayAdminister(subject, area)) return [];
  const everywhere = ADMINISTERS.some(
    ({ role, areas, reach }) => reach === 'all' && subject.roles.includes(role) && areas.includes(area),
  );
  return everywhere ? 'all' : [...new Set([subject.homeRegion, ...subject.regions])];
}

/** Of these roles, those that the user may give to somebody in his own regions. */
export function givableRoles<R extends string>(subject: Subject, roles: readonly R[]): R[] {
  const regions = [subject.homeRegion];
  return roles.filter((role) => mayAdminister(subject, 'users', { roles: [role], regions }));
}

function isWithin(subject: Subject, { roles, regions }: Target): boolean {
  if (roles?.includes('admin') === true) return false;
  return regions.length > 0 && regions.every((region) => mayRead(subject, `region/${region}`));
}
