import { formatHlc } from '#shared/events/hlc.ts';
import { KEPT_RUNS, type Ledger } from './ledger.ts';
import type { JournalRecord } from './record.ts';

/** Who has the journal open. */
export interface Opener {
  readonly device: string;
  /** Id of this run of the host. */
  readonly run: string;
}

/** The record that begins a segment and a run: what is known so far. */
export function openRecord(
  ledger: Ledger,
  { device, run }: Opener,
): Omit<Extract<JournalRecord, { k: 'open' }>, 'f'> {
  return {
    k: 'open',
    version: 1,
    device,
    hlc: formatHlc(ledger.hlc, device),
    counters: Object.fromEntries(ledger.counters),
    run,
    before: ledger.runs.filter((one) => one !== run).slice(0, KEPT_RUNS),
    epoch: ledger.epoch,
    lastVerdictAt: ledger.lastVerdictAt,
  };
}
