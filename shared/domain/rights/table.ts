import type { Role } from '../directory/events.ts';
import type { ScopeKind } from './subject.ts';

interface ReadLine {
  readonly roles: readonly Role[];
  readonly scopes: readonly ScopeKind[];
  readonly why: string;
}

/**
 * `types`: one type, or all of a noun (`ticket.*`); the exact one stands above the pattern.
 * `shared`: also facts of a stream of another region that is shared with the user.
 */
interface AppendLine {
  readonly types: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly ScopeKind[];
  readonly shared?: true;
  readonly why: string;
}

const STAFF: readonly Role[] = ['engineer', 'technician', 'specialist', 'desk', 'manager', 'admin'];
const OFFICE: readonly Role[] = ['desk', 'manager', 'admin'];
const ANSWERABLE: readonly Role[] = ['manager', 'admin'];
const OWN_REGIONS: readonly ScopeKind[] = ['homeRegion', 'workRegion'];
const WORK: readonly ScopeKind[] = [...OWN_REGIONS, 'ownUser'];
const EVERY_REGION: readonly ScopeKind[] = [...OWN_REGIONS, 'otherRegion'];

/** Who may read which kind of scope. */
export const READS: readonly ReadLine[] = [
  {
    roles: STAFF,
    scopes: ['org', ...WORK],
    why: 'The catalogue, the work of the own regions, the own desk.',
  },
  { roles: ['admin'], scopes: EVERY_REGION, why: 'Who repairs the accounts has to see what they see.' },
  {
    roles: ['customer'],
    scopes: ['homeRegion', 'ownUser'],
    why: 'Follows the work at the own sites; knowledge and people of the organisation are internal.',
  },
];

/** Who may append which facts to which kind of scope. Roles and scopes that no line names may not. */
export const APPENDS: readonly AppendLine[] = [
  { types: 'ticket.*', roles: STAFF, scopes: WORK, shared: true, why: 'What happened on a ticket happened.' },
  {
    types: 'ticket.shared',
    roles: STAFF,
    scopes: [...WORK, 'otherUser'],
    why: 'Whoever works on a ticket may ask somebody for help, and hand it to him.',
  },
  { types: 'ticket.unshared', roles: STAFF, scopes: WORK, why: 'Whoever may share may end it.' },
  {
    types: 'part.*',
    roles: STAFF,
    scopes: WORK,
    shared: true,
    why: 'A move that was made in the field was made.',
  },
  { types: 'customer.*', roles: STAFF, scopes: WORK, why: 'A new contact is learnt at the door.' },
  { types: 'site.*', roles: STAFF, scopes: WORK, why: 'The way in is learnt on the way.' },
  { types: 'asset.*', roles: STAFF, scopes: WORK, shared: true, why: 'What stands there is seen there.' },
  { types: 'contract.*', roles: OFFICE, scopes: OWN_REGIONS, why: 'What was sold is entered by the office.' },
  { types: 'article.*', roles: STAFF, scopes: WORK, why: 'Who found it writes it down.' },
  {
    types: 'article.*',
    roles: ['specialist', ...ANSWERABLE],
    scopes: ['org'],
    why: 'Knowledge for all regions is answered for by those who know.',
  },
  { types: 'user.*', roles: ANSWERABLE, scopes: OWN_REGIONS, why: 'Roles are given, not taken.' },
  {
    types: '*',
    roles: ANSWERABLE,
    scopes: ['org'],
    why: 'What all regions share is changed by who answers for it.',
  },
  { types: '*', roles: ['admin'], scopes: EVERY_REGION, why: 'Who repairs can write wherever he reads.' },
];

/** What the office's screens look after. */
export type AdminArea = 'users' | 'teams' | 'regions' | 'devices' | 'refusals' | 'audit' | 'status';

interface AdminLine {
  readonly role: Role;
  readonly areas: readonly AdminArea[];
  /** `own`: only what belongs to the regions of the user himself. */
  readonly reach: 'all' | 'own';
  readonly why: string;
}

/** Who may administer what. */
export const ADMINISTERS: readonly AdminLine[] = [
  {
    role: 'admin',
    areas: ['users', 'teams', 'regions', 'devices', 'refusals', 'audit', 'status'],
    reach: 'all',
    why: 'Answers for the whole organisation, and for what administrators did.',
  },
  {
    role: 'manager',
    areas: ['users', 'teams', 'devices', 'refusals'],
    reach: 'own',
    why: 'Answers for the people of the own regions and for what they carry.',
  },
];
