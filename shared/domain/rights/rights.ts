import { eventTypes } from '../registry.ts';
import type { Refusal } from '../refusal.ts';
import { kindOfScope, type Subject } from './subject.ts';
import { APPENDS, READS } from './table.ts';

/** Whether the user may read the scope. */
export function mayRead(subject: Subject, scope: string): boolean {
  const kind = kindOfScope(subject, scope);
  if (kind === undefined) return false;
  return READS.some((line) => line.scopes.includes(kind) && holdsOne(subject, line.roles));
}

/**
 * The scopes that the user may read, as far as the account alone says: these by name (they need not exist), and
 * whether every region is among them.
 */
export function readableScopes(subject: Subject): { named: string[]; everyRegion: boolean } {
  const own = ['org', `user/${subject.id}`];
  const regions = [subject.homeRegion, ...subject.regions].map((region) => `region/${region}`);
  return {
    named: [...new Set([...own, ...regions])].filter((scope) => mayRead(subject, scope)).toSorted(),
    everyRegion: READS.some((line) => line.scopes.includes('otherRegion') && holdsOne(subject, line.roles)),
  };
}

export interface AppendOptions {
  /** The fact's stream is shared into a scope that the user may read: he may work on it where it is at home. */
  readonly shared?: boolean;
}

/**
 * Whether the user may add a fact of this type to the scope. A type that this version does not know may be added
 * wherever the user may write at all: a newer laptop knows more, and what happened is not refused for that.
 */
export function mayAppend(
  subject: Subject,
  scope: string,
  type: string,
  options: AppendOptions = {},
): boolean {
  const kind = kindOfScope(subject, scope);
  if (kind === undefined) return false;
  return linesFor(type).some(
    (line) =>
      holdsOne(subject, line.roles) &&
      (line.scopes.includes(kind) ||
        (line.shared === true && options.shared === true && kind === 'otherRegion')),
  );
}

/** Why the user may not add the fact, in the shape that screens put into words; `undefined` when he may. */
export function refusalOf(
  subject: Subject,
  scope: string,
  type: string,
  options: AppendOptions = {},
): Refusal | undefined {
  if (mayAppend(subject, scope, type, options)) return undefined;
  return {
    code: isReadOnly(subject) ? 'right.readOnly' : 'right.append',
    params: { scope, type },
    missing: [],
  };
}

/** Whether no role of the user may add anything anywhere: the screens show such a user no actions. */
export function isReadOnly(subject: Pick<Subject, 'roles'>): boolean {
  return !APPENDS.some((line) => holdsOne(subject, line.roles));
}

function holdsOne({ roles }: Pick<Subject, 'roles'>, wanted: readonly string[]): boolean {
  return wanted.some((role) => roles.includes(role));
}

/** Lines of the type itself stand above those of its noun; `*` adds to either. An unknown type has all lines. */
function linesFor(type: string): typeof APPENDS {
  const exact = APPENDS.filter((line) => line.types === type);
  if (exact.length === 0 && !Object.hasOwn(eventTypes, type)) return APPENDS;
  const noun = `${type.split('.', 1)[0] ?? ''}.*`;
  const own = exact.length > 0 ? exact : APPENDS.filter((line) => line.types === noun);
  return [...own, ...APPENDS.filter((line) => line.types === '*')];
}
