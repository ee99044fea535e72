import { create } from 'zustand';

/** Whether the host answers. */
export const useConnectionState = create<{ readonly host: 'connecting' | 'open' | 'reconnecting' | 'dead' }>(
  () => ({
    host: 'connecting',
  }),
);
