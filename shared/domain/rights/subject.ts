/** Who asks for a right: a user as the accounts say now. */
export interface Subject {
  readonly id: string;
  /** Roles a newer version invented give no right here. */
  readonly roles: readonly string[];
  readonly homeRegion: string;
  /** Home region, regions of the user's teams, and regions given directly. */
  readonly regions: readonly string[];
}

/** The kinds of scope, seen from one user. `workRegion`: another one than home that he works in. */
export type ScopeKind = 'org' | 'homeRegion' | 'workRegion' | 'otherRegion' | 'ownUser' | 'otherUser';

/** What the scope is to the user; `undefined` for a kind of scope that this version does not know. */
export function kindOfScope(subject: Subject, scope: string): ScopeKind | undefined {
  if (scope === 'org') return 'org';
  const [noun, id] = splitScope(scope);
  if (id === '') return undefined;
  if (noun === 'region') {
    if (id === subject.homeRegion) return 'homeRegion';
    return subject.regions.includes(id) ? 'workRegion' : 'otherRegion';
  }
  if (noun === 'user') return id === subject.id ? 'ownUser' : 'otherUser';
  return undefined;
}

function splitScope(scope: string): [noun: string, id: string] {
  const slash = scope.indexOf('/');
  return slash < 0 ? [scope, ''] : [scope.slice(0, slash), scope.slice(slash + 1)];
}
