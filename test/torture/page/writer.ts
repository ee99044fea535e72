import { newId } from '#renderer/app/desk.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { HostClient } from '#renderer/host/connect.ts';
import type { EventDraft } from '#shared/events/envelope.ts';
import type { Workspace } from '#shared/host/app.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { Random } from '#test/simulation/random.ts';
import type { Torturer } from './told.ts';

/** Tickets that are worked on at once: few, so that the laptops meet on them. */
const OPEN_TICKETS = 12;

/** A person who writes without pause: opens tickets, notes, corrects, attaches; what fails is tried again as it is. */
export class Writer {
  readonly #host: HostClient;
  readonly #store: StoreClient;
  readonly #workspace: Workspace;
  readonly #random: Random;
  readonly #torturer: Torturer;
  #isWriting = false;
  #running: Promise<void> = Promise.resolve();

  constructor(host: HostClient, store: StoreClient, workspace: Workspace, seed: string, torturer: Torturer) {
    this.#host = host;
    this.#store = store;
    this.#workspace = workspace;
    this.#random = new Random(seed);
    this.#torturer = torturer;
  }

  async write(isWriting: boolean): Promise<void> {
    if (isWriting === this.#isWriting) return;
    this.#isWriting = isWriting;
    if (!isWriting) return this.#running;
    const before = this.#running;
    this.#running = before.then(async () => {
      while (this.#isWriting) await this.#act();
    });
  }

  async #act(): Promise<void> {
    const drafts = await this.#again(() => this.#draw());
    if (drafts.length > 0) {
      await this.#torturer.attempt(drafts);
      const { events } = await this.#again(() => this.#host.journal.append({ drafts: [...drafts] }));
      await this.#torturer.saved(events);
      // A store that was taken away meanwhile is refilled from the journal by the engine.
      await this.#store.applyLocal({ events }).catch(() => undefined);
    }
    await pause(this.#random.int(60));
  }

  async #draw(): Promise<EventDraft[]> {
    const random = this.#random;
    const query = {
      view: 'all',
      userId: '',
      search: '',
      sort: 'newest',
      offset: 0,
      limit: OPEN_TICKETS,
    } as const;
    const items = await this.#store.list(query).then(
      (answer) => answer.items,
      () => [],
    );
    if (items.length === 0 || random.chance(0.1)) return this.#open();
    const { key } = random.pick(items);
    const draft = (type: string, data: Record<string, unknown>): EventDraft => this.#draft(key, type, data);
    switch (random.weighted({ note: 10, edit: 6, attach: 2, share: 1 })) {
      case 'note':
        return [
          draft('ticket.noted', { text: `${random.int(1e9)} ${'电池电压 50.1 V '.repeat(random.int(20))}` }),
        ];
      case 'edit': {
        const row = await this.#store.row({ key });
        const field = random.pick(['symptom', 'environment', 'rootCause', 'treatment'] as const);
        const { setBy } = (row?.state as TicketState | undefined)?.fields[field] ?? { setBy: '' };
        return [draft('ticket.edited', { field, value: `${field} ${random.int(1e9)}`, basedOn: setBy })];
      }
      case 'attach':
        return this.#attach(key);
      case 'share':
        return [
          draft(random.chance(0.6) ? 'ticket.shared' : 'ticket.unshared', {
            with: `user/${random.pick(['li.wei', 'zhang.min', 'wang.fang'])}`,
          }),
        ];
    }
  }

  async #open(): Promise<EventDraft[]> {
    const { number, deviceCode } = await this.#host.journal.takeNumber({ counter: 'ticket' });
    const stream = `ticket/${newId()}`;
    return [
      this.#draft(stream, 'ticket.opened', {
        number: `${deviceCode}-${number}`,
        customerId: 'dongling',
        siteId: 'shiqiao',
        contactName: '刘工',
        contactPhone: '',
        channel: 'hotline',
        symptom: '整流模块全部通信中断',
        environment: '',
        occurredAt: new Date().toISOString(),
      }),
      this.#draft(stream, 'ticket.graded', { impact: 'high', urgency: 'medium', grade: 'P2' }),
    ];
  }

  async #attach(key: string): Promise<EventDraft[]> {
    const random = this.#random;
    // Its own bytes each time: what is attached twice is one blob.
    const bytes = new Uint8Array(random.chance(0.1) ? 300_000 : 1 + random.int(20_000));
    for (let at = 0; at < bytes.length; at += 65_536)
      crypto.getRandomValues(bytes.subarray(at, Math.min(bytes.length, at + 65_536)));
    const { sha256, size } = await this.#host.blobs.put({ bytes });
    await this.#torturer.kept(sha256);
    return [
      this.#draft(key, 'ticket.evidenceAttached', {
        kind: 'file',
        name: 'R2.bin',
        sha256,
        size,
        mediaType: 'application/octet-stream',
      }),
    ];
  }

  #draft(stream: string, type: string, data: Record<string, unknown>): EventDraft {
    return { id: newId(), stream, scope: `region/${this.#workspace.homeRegion}`, type, v: 1, data };
  }

  /** Until it works: the disk is full, the host is gone for now. */
  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch {
        await pause(50);
      }
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
