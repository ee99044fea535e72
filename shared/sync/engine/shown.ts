import type { SyncStatus } from '../../host/sync.ts';
import type { EngineState } from './state.ts';

type Shown = SyncStatus['state'];

/** What people are shown. Greetings, refreshes and empty turns are nothing to tell: what was shown before stands. */
export function shownState(state: EngineState, before: Shown): Shown {
  const { main, uploads } = state;
  if (main.at === 'stopped') return before;
  if (state.isPaused) return 'offline';
  if (state.revokedMs !== null) return 'revoked';
  switch (main.at) {
    case 'needsLogin':
      return 'needsLogin';
    case 'backingOff':
    case 'paused':
    case 'wiped':
      return 'offline';
    case 'idle':
      if (uploads.effect !== null && uploads.isSending) return 'syncing';
      return state.isOtherVersion ? 'otherVersion' : 'online';
    case 'pushing':
      if (main.isSending) return 'syncing';
  }
  // Under way: what was said about waiting for a person is no longer true.
  return before === 'needsLogin' || before === 'revoked' ? 'offline' : before;
}
