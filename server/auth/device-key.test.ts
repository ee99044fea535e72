import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDeviceKey, deviceSigned } from './device-key.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64url');

describe('The key of a device', () => {
  it('[SY50] is an Ed25519 key and nothing else', () => {
    expect(checkDeviceKey(key)).toBe(key);
    const others = [
      generateKeyPairSync('ed448').publicKey,
      generateKeyPairSync('x25519').publicKey,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    ].map((other) => other.export({ format: 'der', type: 'spki' }).toString('base64url'));
    for (const other of [...others, '', 'x', key.slice(0, -4)])
      expect(() => checkDeviceKey(other)).toThrow(expect.objectContaining({ code: 'auth.badKey' }));
  });

  it('[SY51] proves its own signature of the same text', () => {
    expect(deviceSigned(key, 'text', signed('text'))).toBe(true);
    expect(deviceSigned(key, 'other', signed('text'))).toBe(false);
    expect(deviceSigned('', 'text', signed('text'))).toBe(false);
  });

  it('[SY51] takes no nonsense for a signature, and does not fail at it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (anyKey, text, signature) => {
        expect(deviceSigned(key, text, signature)).toBe(false);
        expect(deviceSigned(anyKey, text, signed(text))).toBe(false);
      }),
    );
  });
});
