import { describe, expect, it } from 'vitest';
import { checkForUpdate } from './updates.ts';

describe('looking for an update', () => {
  const updater = (answer: unknown) => {
    const fake = { autoDownload: true, checkForUpdates: async () => answer as never };
    return { fake, load: async () => fake };
  };

  it('names the newer version and downloads nothing by itself', async () => {
    const { fake, load } = updater({ isUpdateAvailable: true, updateInfo: { version: '0.2.0' } });
    expect(await checkForUpdate(load, '0.1.0')).toEqual({ kind: 'available', version: '0.2.0' });
    expect(fake.autoDownload).toBe(false);
  });

  it('says that it is current', async () => {
    const { load } = updater({ isUpdateAvailable: false, updateInfo: { version: '0.1.0' } });
    expect(await checkForUpdate(load, '0.1.0')).toEqual({ kind: 'current', version: '0.1.0' });
  });

  it('is no error without a network or without an installer', async () => {
    const offline = () => Promise.reject(new Error('net::ERR_INTERNET_DISCONNECTED'));
    expect(await checkForUpdate(offline, '0.1.0')).toEqual({
      kind: 'unknown',
      reason: 'net::ERR_INTERNET_DISCONNECTED',
    });
    expect((await checkForUpdate(updater(null).load, '0.1.0')).kind).toBe('unknown');
  });
});
