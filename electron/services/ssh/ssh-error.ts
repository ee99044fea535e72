/**
 * Every way a remote session can fail, one stable code each. The screen turns the code into a
 * sentence of the user's language; the message here is the English one, for logs and reports.
 */
export type SshErrorCode =
  | 'ssh.refused'
  | 'ssh.timeout'
  | 'ssh.unreachable'
  | 'ssh.nameNotFound'
  | 'ssh.authFailed'
  | 'ssh.hostKeyChanged'
  | 'ssh.noCommonAlgorithm'
  | 'ssh.protocol'
  | 'ssh.lost'
  | 'ssh.keyUnreadable'
  | 'ssh.passphraseWrong'
  | 'ssh.channelRefused'
  | 'ssh.remoteFile'
  | 'ssh.remoteCommand'
  | 'ssh.noConsent'
  | 'ssh.noSession'
  | 'ssh.recordingFailed';

/** A failure of a remote session. Its message never carries a secret. */
export class SshError extends Error {
  readonly code: SshErrorCode;

  constructor(code: SshErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SshError';
    this.code = code;
  }
}

interface EngineError extends Error {
  readonly level?: string;
  readonly code?: string | number;
}

/** What an error of the socket or of the SSH library means for the person at the screen. */
export function asSshError(
  error: unknown,
  where: { host: string; port: number; username: string },
): SshError {
  if (error instanceof SshError) return error;
  const cause = (error instanceof Error ? error : new Error(String(error))) as EngineError;
  const address = `${where.host}:${where.port}`;
  const make = (code: SshErrorCode, message: string) => new SshError(code, message, { cause });
  switch (cause.code) {
    case 'ECONNREFUSED':
      return make(
        'ssh.refused',
        `${address} refused the connection: no SSH server listens on this port. Check the port and whether SSH is enabled on the device.`,
      );
    case 'ETIMEDOUT':
      return timedOut(where);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return make(
        'ssh.unreachable',
        `${where.host} cannot be reached from this network. Check the cable, the address and the VPN.`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return make(
        'ssh.nameNotFound',
        `The name ${where.host} could not be found. Check the spelling, or use the IP address.`,
      );
  }
  if (cause.level === 'client-authentication') {
    return make(
      'ssh.authFailed',
      `${address} did not accept the login of ${where.username}. Check user, password or key; it is not tried again by itself, so that the account is not locked.`,
    );
  }
  if (/no matching|unsupported algorithm/i.test(cause.message)) {
    return make(
      'ssh.noCommonAlgorithm',
      `${address} offers only outdated encryption: ${cause.message}. Old algorithms can be allowed for this device alone.`,
    );
  }
  if (
    cause.code === 'ECONNRESET' ||
    cause.code === 'EPIPE' ||
    /connection lost|keepalive/i.test(cause.message)
  ) {
    return make('ssh.lost', `The connection to ${address} was lost. Connect again when the network is back.`);
  }
  if (cause.level === 'handshake' || cause.level === 'protocol') {
    return make(
      'ssh.protocol',
      `${address} does not speak SSH as expected: ${cause.message}. Check that the port is the one of the SSH server.`,
    );
  }
  return make('ssh.lost', `The connection to ${address} ended: ${cause.message}.`);
}

/** The error for a host that does not answer in time. */
export function timedOut(where: { host: string; port: number }): SshError {
  return new SshError(
    'ssh.timeout',
    `${where.host}:${where.port} did not answer in time. Check the address, the cable and whether a firewall is in between.`,
  );
}
