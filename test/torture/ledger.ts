import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';

/** What the laptops were told, kept where no fault reaches it. */
export class Ledger {
  /** Every fact that a laptop was told is saved, as it was answered. */
  readonly saved = new Map<string, DomainEvent>();
  /** Everything that anybody ever tried to write. */
  readonly attempted = new Set<string>();
  /** Hashes of the attachments that a laptop was told are kept. */
  readonly kept = new Set<string>();
  /** What must never happen, seen at once. */
  readonly faults: string[] = [];

  attempt(drafts: readonly EventDraft[]): void {
    for (const { id } of drafts) this.attempted.add(id);
  }

  save(events: readonly DomainEvent[]): void {
    for (const event of events) {
      const before = this.saved.get(event.id);
      if (before !== undefined && before.hlc !== event.hlc)
        this.faults.push(`duplicated: ${event.id} was written twice`);
      this.saved.set(event.id, event);
    }
  }
}
