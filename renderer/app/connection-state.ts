import { create } from 'zustand';
import type { HostState } from '../host/connect.ts';

/** Whether the host answers. */
export const useConnectionState = create<{ readonly host: HostState }>(() => ({
  host: 'connecting',
}));
