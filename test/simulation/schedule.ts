import type { EventDraft } from '#shared/events/envelope.ts';
import { endOf } from './activity.ts';
import { decideSomething, seenStamps } from './acts.ts';
import { Bundles } from './bundles.ts';
import type { CentralServer } from './central-server.ts';
import type { Laptop } from './laptop.ts';
import type { Port } from './life.ts';
import type { Network } from './network.ts';
import { type Office, REGIONS } from './office.ts';
import { Random } from './random.ts';
import type { Script, Turn } from './script.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface World {
  readonly script: Script;
  readonly time: VirtualTime;
  readonly server: CentralServer;
  readonly office: Office;
  readonly network: Network;
  readonly laptops: readonly Laptop[];
  /** Makes one more of a laptop that is off. */
  readonly copy: (laptop: Laptop, random: Random) => Promise<Laptop>;
  /** Every draft that anybody tried to save. */
  readonly attempted: Map<string, EventDraft>;
  readonly note: (what: string) => void;
}

const DAY_MS = 86_400_000;
/** People work on the newest tickets: so their acts meet. */
const TICKETS_AT_HAND = 5;
/** Longer than a revoked laptop tries to hand over what it has. */
const AWAY_MS = 15 * DAY_MS;
/** Copies among them. */
const MOST_LAPTOPS = 6;

/** Lets happen what a script says, one thing after the other, and then heals the world. */
export class Schedule {
  readonly faults: string[] = [];
  /** Devices whose data folder was copied: two laptops wrote under their name. */
  readonly clonedDevices = new Set<string>();
  crashes = 0;
  restores = 0;
  readonly #world: World;
  readonly #tickets: string[] = [];
  readonly #bundles = new Bundles();
  /** Acts whose saving failed, and that the person tries once more. */
  readonly #again = new Map<Laptop, readonly EventDraft[]>();
  /** Of the turn under way. */
  #random: Random;

  constructor(world: World) {
    this.#world = world;
    this.#random = this.#randomOf('start');
  }

  async run(): Promise<void> {
    const { script, time, network, note } = this.#world;
    for (const turn of script.turns) {
      this.#random = this.#randomOf(`turn ${turn.n}`);
      const laptop = this.#whoIsAt(turn.who);
      if (laptop === undefined) continue;
      time.ms += turn.ms;
      network.isFaulty = turn.calm !== true;
      await network.advance(turn.n, this.#random.fork('network'));
      await this.#bringUp();
      for (const each of this.#working) await each.fireTimers();
      await this.#bringUp();
      note(`${turn.n} ${laptop.name} ${turn.what}`);
      if (laptop.isWiped) continue;
      await endOf(this.#take(turn.what, laptop), `${laptop.name} (${turn.what})`);
      await this.#bringUp();
    }
  }

  /** The laptop at this place, or a copy of it. */
  #whoIsAt(place: number): Laptop | undefined {
    const original = this.#world.laptops[place];
    const twins = this.#working.filter((laptop) => laptop === original || laptop.origin === original);
    return twins.length === 0 ? undefined : this.#random.fork('who').pick(twins);
  }

  /** Those that the office has not had wiped. */
  get #working(): readonly Laptop[] {
    return this.#world.laptops.filter(({ isWiped }) => !isWiped);
  }

  #randomOf(name: string): Random {
    return new Random(`seed ${this.#world.script.seed}/${name}`);
  }

  /** Ends all faults, and lets everybody push and pull until nothing is left. @returns how many rounds it took. */
  async heal(limit: number): Promise<number> {
    const { server, network } = this.#world;
    this.#random = this.#randomOf('end');
    network.isFaulty = false;
    server.database.durable = true;
    server.database.diesAt = undefined;
    await this.#bringUp();
    for (const laptop of this.#working) {
      laptop.life.spare();
      laptop.link.isUp = true;
      laptop.link.isOutdated = false;
      laptop.disk.isFull = false;
    }
    await network.advance(Number.POSITIVE_INFINITY, this.#random.fork('network'));
    await this.#bringUp();
    for (const laptop of this.#working) await laptop.logIn();
    for (let round = 1; round <= limit; round++) {
      for (const laptop of this.#working) {
        if (await laptop.needsLogin()) await laptop.logIn();
        await laptop.syncNow();
        if (laptop.isWiped) continue;
        await laptop.pull();
        // What a refused fact holds back goes once somebody has looked at it.
        await laptop.giveUpRefused();
      }
      if ((await this.unrest()) === '') return round;
    }
    return limit + 1;
  }

  /** What still has to happen, in words; `''` for nothing. */
  async unrest(): Promise<string> {
    const { server } = this.#world;
    const heads = await server.database.real.query<{ scope: string; head: number }>(
      'SELECT scope, head FROM scopes WHERE tenant = $1',
      [server.tenant],
    );
    const head = new Map(heads.map((row) => [row.scope, row.head]));
    const left: string[] = [];
    for (const laptop of this.#working) {
      if (!laptop.isAtWork) {
        left.push(`${laptop.name} is being wiped`);
        continue;
      }
      const { name, journal, store, workspace } = laptop;
      const waiting = journal.outbox().filter(({ state }) => state !== 'refused').length;
      if (waiting > 0) left.push(`${name} has ${waiting} facts without a verdict`);
      const { cursors, epoch } = await store.position({});
      if (epoch !== server.epoch) left.push(`${name} is in another epoch`);
      for (const [scope, cursor] of Object.entries(cursors))
        if (cursor !== head.get(scope)) left.push(`${name} stands at ${cursor} of ${scope}`);
      const blobs = (await workspace.engine?.unsentBlobs()) ?? [];
      if (blobs.length > 0)
        left.push(`${name} has ${blobs.length} attachments (${blobs[0]?.state} ${blobs[0]?.reason})`);
      const { count, refused } = workspace.carried;
      if (count > 0) left.push(`${name} carries ${count} facts (${refused?.code ?? 'not judged'})`);
      const { keys } = await store.incomplete({});
      if (keys.length > 0) left.push(`${name} has incomplete rows`);
    }
    return left.join('; ');
  }

  async #take(turn: Turn['what'], laptop: Laptop): Promise<void> {
    const { server, office, note } = this.#world;
    const random = this.#random;
    switch (turn) {
      case 'act':
        for (let acts = 1 + random.int(3); acts > 0 && laptop.isAtWork; acts--) await this.#act(laptop);
        return;
      case 'push':
      case 'pull':
        if (laptop.link.isUp && (await laptop.needsLogin())) await laptop.logIn();
        if (!laptop.isAtWork) return;
        return turn === 'push' ? laptop.syncNow() : laptop.pull();
      case 'crash':
        return laptop.life.end();
      case 'crashSoon': {
        const port = random.pick<Port>(['disk', 'network', 'ownFacts', 'news', 'news']);
        return laptop.life.planCrash(port, 1 + random.int(5));
      }
      case 'setClock':
        return laptop.clock.set(Math.round(random.between(-2 * DAY_MS, 2 * DAY_MS)));
      case 'line':
        laptop.link.isUp = random.chance(0.6);
        return;
      case 'disk':
        laptop.disk.isFull = random.chance(0.4);
        return;
      case 'databaseDies':
        server.database.diesAt = random.pick(['beforeCommit', 'afterCommit']);
        return;
      case 'serverRestarts':
        return server.start();
      case 'mayForget':
        server.database.durable = !server.database.durable;
        return;
      case 'backup':
        return server.backUp();
      case 'restore':
        if (!(await server.restore())) return;
        this.restores++;
        // What they had handed over before they were wiped, nobody has any more.
        for (const each of this.#world.laptops) if (each.isWiped) each.isForgotten = true;
        note('restored');
        return;
      case 'region':
        return this.#moveRegion(laptop);
      case 'decide':
        return note(`decided ${(await office.decideRefusal(random.chance(0.6))) ?? 'nothing'}`);
      case 'version':
        laptop.link.isOutdated = random.chance(0.4);
        return;
      case 'compact':
        return laptop.compact();
      case 'bundle':
        return this.#bundle(laptop);
      case 'clone':
        return this.#clone(laptop);
      case 'revoke':
        return this.#revoke(laptop);
      case 'purge':
        return this.#purge();
      case 'away':
        this.#world.time.ms += AWAY_MS;
    }
  }

  get carriedDevices(): ReadonlySet<string> {
    return this.#bundles.carriedDevices;
  }

  async #bundle(laptop: Laptop): Promise<void> {
    const random = this.#random;
    const { note } = this.#world;
    if (random.chance(0.5)) note(`made a bundle of ${await this.#bundles.make(laptop)} facts`);
    else note(`took in ${await this.#bundles.takeIn(laptop, random)} facts`);
  }

  /** Somebody copies the data folder of a laptop that is off to another computer, and goes on with both. */
  async #clone(laptop: Laptop): Promise<void> {
    const { laptops, note, copy } = this.#world;
    if (laptops.length >= MOST_LAPTOPS) return;
    this.clonedDevices.add(laptop.workspace.workspace.deviceId);
    await laptop.crash(false);
    const twin = await copy(laptop, this.#random.fork('copy'));
    await laptop.start();
    await twin.start();
    note(`${twin.name} is a copy of ${laptop.name}`);
  }

  async #revoke(laptop: Laptop): Promise<void> {
    const { office, note } = this.#world;
    if (this.#working.length < 2) return;
    const { deviceId } = laptop.workspace.workspace;
    await office.revokeDevice(deviceId);
    note(`revoked ${laptop.name}`);
  }

  async #purge(): Promise<void> {
    const { server, note } = this.#world;
    if (this.#tickets.length === 0) return;
    const ticket = this.#random.pick(this.#tickets.slice(-TICKETS_AT_HAND));
    note(`purged ${await server.purge(`ticket/${ticket}`)} facts of ${ticket}`);
  }

  async #moveRegion({ person }: Laptop): Promise<void> {
    const { office, note } = this.#world;
    const random = this.#random;
    if (person.roles.includes('admin')) return;
    if (random.chance(0.2)) {
      const home = random.pick(REGIONS);
      await office.moveHome(person, home);
      return note(`${person.id} moved to ${home}`);
    }
    note(`${person.id}: ${await office.toggleRegion(person)}`);
  }

  async #act(laptop: Laptop): Promise<void> {
    const { attempted, note } = this.#world;
    const random = this.#random;
    const again = this.#again.get(laptop);
    this.#again.delete(laptop);
    if (again !== undefined && random.chance(0.5)) {
      const isSaved = await laptop.save(again);
      note(`again ${isSaved}`);
      return;
    }
    const deed = await this.#decide(laptop, this.#tickets);
    if (deed === undefined || !laptop.isAtWork) return;
    for (const draft of deed.drafts) {
      attempted.set(draft.id, draft);
      if (draft.type === 'ticket.opened') this.#tickets.push(draft.stream.slice('ticket/'.length));
    }
    note(`${deed.act} ${deed.refused ?? ''} ${JSON.stringify(deed.drafts)}`);
    if (deed.drafts.length === 0) return;
    const seen = await this.#alive(laptop, () => seenStamps(laptop, deed.drafts));
    if (seen === undefined) return;
    const before = laptop.saved.length;
    if (await laptop.save(deed.drafts)) note('saved');
    else this.#again.set(laptop, deed.drafts);
    for (const event of laptop.saved.slice(before))
      if (seen.some((hlc) => hlc >= event.hlc))
        this.faults.push(`SIM7 ${event.type} ${event.id} on ${laptop.name} sorts before what its author saw`);
  }

  #decide(laptop: Laptop, tickets: readonly string[]) {
    const random = this.#random;
    return this.#alive(laptop, async () => {
      const known: string[] = [];
      for (const id of tickets)
        if ((await laptop.store.row({ key: `ticket/${id}` })) !== undefined) known.push(id);
      return decideSomething(laptop, known.slice(-TICKETS_AT_HAND), random);
    });
  }

  /** @returns `undefined` when the laptop lost its power over it. */
  async #alive<T>(laptop: Laptop, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      if (!laptop.isAtWork) return undefined;
      throw thrown;
    }
  }

  /** Whoever has lost power starts again. */
  async #bringUp(): Promise<void> {
    const { laptops, note } = this.#world;
    for (const laptop of laptops) {
      await laptop.noticeWipe();
      if (!laptop.isCrashed) continue;
      this.crashes++;
      const losesStore = this.#random.chance(0.3);
      await endOf(laptop.crash(losesStore), `${laptop.name} (crash)`);
      await endOf(laptop.start(), `${laptop.name} (start)`);
      note(`${laptop.name} crashed${losesStore ? ' and lost its store' : ''}`);
    }
  }
}
