import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';

interface ScopeHeld {
  readonly facts: Map<string, DomainEvent>;
  count: number;
  hash: string;
}

/** The least that a laptop has to do with the lines of a pull: apply them in order. Nothing here knows how the server works. */
export class FeedClient {
  cursors: Record<string, number> = {};
  readonly #scopes = new Map<string, ScopeHeld>();
  readonly faults: string[] = [];

  /** Applies a page: all of it, or nothing when its end is missing. */
  apply(lines: readonly PullLine[]): { more: boolean } {
    const end = lines.at(-1);
    if (end?.k !== 'end') return { more: true };
    for (const line of lines) this.#take(line);
    this.cursors = { ...end.cursors };
    return { more: end.more };
  }

  /** Ids of the facts held in a scope, sorted. */
  held(scope: string): string[] {
    return [...(this.#scopes.get(scope)?.facts.keys() ?? [])].toSorted();
  }

  #take(line: PullLine): void {
    switch (line.k) {
      case 'event':
        this.#count(line.scope, line.n, line.event.id).facts.set(line.event.id, line.event);
        break;
      case 'left': {
        const { facts } = this.#count(line.scope, line.n, line.id);
        // A scope's own facts never leave it: only what was delivered goes.
        for (const [id, event] of facts)
          if (event.stream === line.stream && event.scope !== line.scope) facts.delete(id);
        break;
      }
      case 'deleted':
        this.#count(line.scope, line.n, line.id).facts.delete(line.id);
        break;
      case 'checksum': {
        const held = this.#held(line.scope);
        if (held.count !== line.count || held.hash !== line.hash)
          this.faults.push(`${line.scope}: ${held.count} ${held.hash}, server ${line.count} ${line.hash}`);
        break;
      }
      case 'head':
        for (const scope of line.lost) this.#scopes.delete(scope);
        break;
      case 'acked':
      case 'end':
        break;
    }
  }

  #count(scope: string, n: number, id: string): ScopeHeld {
    const held = this.#held(scope);
    held.count++;
    held.hash = addToChecksum(held.hash, id);
    if (n !== held.count) this.faults.push(`${scope}: number ${n} came as entry ${held.count}`);
    return held;
  }

  #held(scope: string): ScopeHeld {
    const held = this.#scopes.get(scope) ?? { facts: new Map(), count: 0, hash: EMPTY_CHECKSUM };
    this.#scopes.set(scope, held);
    return held;
  }
}
