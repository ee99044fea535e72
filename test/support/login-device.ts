import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { LoginAnswer, RefreshAnswer } from '#shared/sync/protocol.ts';

export interface ReadAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
  readonly headers: Headers;
}

/** Status and code of a refusal; of anything else the status alone. */
export const codeOf = ({
  status,
  body,
}: {
  readonly status: number;
  readonly body: unknown;
}): [number, string | undefined] => [status, (body as { code?: string } | null | undefined)?.code];

/** A laptop's Ed25519 key, as the vault would hold it. */
export class DeviceKey {
  readonly publicKey: string;
  readonly #private: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64url');
    this.#private = privateKey;
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString('base64url');
  }
}

/** One JSON request; refusals come back as they are. */
export async function ask<T = Record<string, unknown>>(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ReadAnswer<T>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' || !/json/.test(response.headers.get('content-type') ?? '')
      ? {}
      : JSON.parse(text)) as T,
    headers: response.headers,
  };
}

export interface LoginWords {
  readonly user: string;
  readonly password?: string;
  readonly key?: DeviceKey;
  readonly device?: object;
}

/** Logs in with the password; with a key the answer has a refresh token. */
export function logInAt(
  url: string,
  { user, password = 'demo', key, device = {} }: LoginWords,
): Promise<ReadAnswer<LoginAnswer>> {
  return ask<LoginAnswer>(url, 'POST', '/v1/login', {
    user,
    password,
    device: {
      name: 'laptop',
      platform: 'linux',
      ...(key === undefined ? {} : { publicKey: key.publicKey }),
      ...device,
    },
  });
}

export interface RefreshWords {
  readonly device: string;
  readonly refreshToken: string;
  /** What the laptop's clock says, right or wrong. */
  readonly at?: string;
}

/** A signed refresh; `changed` is put over what was signed, as somebody in between would. */
export function refreshAt(
  url: string,
  key: DeviceKey,
  { device, refreshToken, at = '1970-01-01T00:00:00Z' }: RefreshWords,
  changed: object = {},
): Promise<ReadAnswer<RefreshAnswer>> {
  const signature = key.sign(`faultline-refresh\n${device}\n${refreshToken}\n${at}`);
  return ask<RefreshAnswer>(url, 'POST', '/v1/refresh', { device, refreshToken, at, signature, ...changed });
}

/** A laptop that has logged in with a key of its own, and what refreshes its login. */
export interface KeyedLogin {
  readonly key: DeviceKey;
  readonly body: LoginAnswer;
  readonly device: string;
  readonly refreshToken: string;
}

export async function logInWithKey(url: string, user: string, device: object = {}): Promise<KeyedLogin> {
  const key = new DeviceKey();
  const { body } = await logInAt(url, { user, key, device });
  return { key, body, device: body.deviceId, refreshToken: body.refreshToken! };
}

/** What a token opens: `[200, undefined]` while it is good. */
export async function opensAt(url: string, token: string): Promise<[number, unknown]> {
  return codeOf(await ask(url, 'GET', '/v1/bootstrap', undefined, { authorization: `Bearer ${token}` }));
}
