import type { ContractState } from '../contract/contract.ts';
import type { AssetState, CustomerState, SiteState } from '../directory/state.ts';
import type { ArticleState } from '../knowledge/article.ts';
import type { UnitState } from '../part/unit.ts';
import type { CalendarVersion } from '../sla/calendar.ts';
import type { TicketState } from '../ticket/state.ts';

/** What is known on this laptop when a visit is prepared. Everything is read before; nothing is fetched here. */
export interface VisitWorld {
  readonly site: SiteState;
  readonly customer: CustomerState | undefined;
  /** Assets of the site. */
  readonly assets: readonly AssetState[];
  /** Tickets of the site, newest first; of more than {@link OPEN_TICKETS} and {@link ENDED_TICKETS} the newest count. */
  readonly tickets: readonly VisitTicket[];
  readonly units: readonly UnitState[];
  readonly articles: readonly ArticleState[];
  readonly contracts: readonly ContractState[];
  readonly calendars: readonly Pick<CalendarVersion, 'id' | 'version'>[];
  /** Names of users for whom a credential lies in this laptop's vault. */
  readonly credentialUsers: ReadonlySet<string>;
  /** SHA-256 of the attachments whose bytes are on this laptop. */
  readonly blobsHere: ReadonlySet<string>;
  /** Whose kit counts as "with me". */
  readonly userId: string;
  /** The day of the visit at the site, `2026-11-22`. */
  readonly day: string;
}

/** Tickets of the past that a visitor may want to read again (VI4). */
export const ENDED_TICKETS = 10;
/** A site with more open tickets than this is beyond a visit; the newest are taken (VI4). */
export const OPEN_TICKETS = 200;

/** A ticket as a visit wants it: its state, and whether its facts are here or only its folded row. */
export interface VisitTicket {
  readonly key: string;
  readonly state: TicketState;
  readonly isOpen: boolean;
  readonly hasFacts: boolean;
}

export const VISIT_SECTIONS = [
  'contract',
  'contacts',
  'assets',
  'tickets',
  'parts',
  'knowledge',
  'baselines',
  'documents',
  'credentials',
] as const;
export type VisitSection = (typeof VISIT_SECTIONS)[number];

/**
 * - `here`: on this laptop, works in flight mode
 * - `toFetch`: the server has it; it is fetched while there is a network
 * - `missing`: nobody has it, or it lies elsewhere: a person has to see to it before he leaves
 */
export type Readiness = 'here' | 'toFetch' | 'missing';

/** One thing that the visit wants. `code` says in words of the texts why it is missing or worth knowing; `about` fills them. */
export interface VisitItem {
  readonly section: VisitSection;
  readonly id: string;
  readonly readiness: Readiness;
  readonly code: VisitCode;
  readonly about: Readonly<Record<string, string | number>>;
  /** What is fetched for it. */
  readonly entity?: string;
  readonly blob?: { readonly sha256: string; readonly size: number };
}

export type VisitCode =
  | 'contract'
  | 'contractEnded'
  | 'noContract'
  | 'calendar'
  | 'calendarMissing'
  | 'contact'
  | 'noContact'
  | 'asset'
  | 'assetWithoutSlots'
  | 'noAssets'
  | 'ticket'
  | 'ticketAttachment'
  | 'partInKit'
  | 'partInDepot'
  | 'partNowhere'
  | 'article'
  | 'noArticle'
  | 'baseline'
  | 'noBaseline'
  | 'document'
  | 'noDocument'
  | 'credential'
  | 'noCredential';

export interface VisitPlan {
  readonly items: readonly VisitItem[];
  readonly toFetch: {
    readonly entities: readonly string[];
    readonly blobs: readonly { sha256: string; size: number }[];
    readonly bytes: number;
  };
  readonly missing: number;
}
