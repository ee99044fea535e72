import { connectContract, type HostConnection } from '#shared/host/client.ts';
import type { ContractClient, ContractSpec } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import type { WorkerName, WorkerProcess } from './ports.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** A worker that has lived this long is not one that dies at once. */
const HEALTHY_MS = 30_000;

export interface WorkerLinkOptions<C extends ContractSpec> {
  readonly name: WorkerName;
  readonly contract: C;
  readonly spawn: () => WorkerProcess;
  readonly monotonicMs: () => number;
}

/**
 * The way to one worker. It is started at the first call and anew after it
 * died, with growing pauses when it keeps dying. Calls under way when it dies,
 * and calls during a pause, fail with `host.workerGone`.
 */
export class WorkerLink<C extends ContractSpec> {
  readonly #options: WorkerLinkOptions<C>;
  #running: { worker: WorkerProcess; connection: Promise<HostConnection<C>> } | undefined;
  #deaths = 0;
  #notBeforeMs = 0;
  #isClosed = false;

  constructor(options: WorkerLinkOptions<C>) {
    this.#options = options;
  }

  /** @throws HostError `host.workerGone`. */
  async client(): Promise<ContractClient<C>> {
    this.#running ??= this.#start();
    return (await this.#running.connection).client;
  }

  close(): void {
    this.#isClosed = true;
    this.#running?.worker.kill();
  }

  #start(): { worker: WorkerProcess; connection: Promise<HostConnection<C>> } {
    const { name, contract, spawn, monotonicMs } = this.#options;
    const gone = (): HostError =>
      new HostError(
        'host.workerGone',
        'A part of Faultline stopped unexpectedly and is started again. What was saved is safe; try again.',
        { worker: name },
      );
    if (this.#isClosed || monotonicMs() < this.#notBeforeMs) throw gone();
    const startedMs = monotonicMs();
    const worker = spawn();
    const running = { worker, connection: connectContract(contract, worker.transport, { lost: gone }) };
    const died = (): void => this.#died(running, startedMs);
    worker.onExit(died);
    // The channel may close before the exit is known. Whoever asked for the connection hears of it; nobody may have.
    running.connection.then(({ closed }) => closed).then(died, died);
    return running;
  }

  #died(running: object, startedMs: number): void {
    if (this.#running !== running) return;
    const { monotonicMs } = this.#options;
    this.#running = undefined;
    if (monotonicMs() - startedMs > HEALTHY_MS) this.#deaths = 0;
    // The first death is followed by a start at once: somebody waits.
    const pause = this.#deaths === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** this.#deaths, LONGEST_PAUSE_MS);
    this.#notBeforeMs = monotonicMs() + pause;
    this.#deaths++;
  }
}
