import type { Algorithms } from 'ssh2';

const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/**
 * What we offer a server.
 *
 * - No chacha20-poly1305 and no CBC: with either, a man in the middle can cut messages off the start of
 *   a connection whose server lacks strict key exchange (Terrapin, CVE-2023-48795). Whether it has it is
 *   known only when the offer is already sent, so they are never offered.
 * - No SHA-1 signatures, MACs or key exchanges, no small groups. `legacy` adds those that old telecom
 *   controllers still need; it is set for one device on a person's word, never as a default.
 * - Types of keys already trusted for this host come first, so that a server with several keys shows the
 *   one we know.
 */
export function offeredAlgorithms(options: {
  knownKeyTypes: readonly string[];
  legacy: boolean;
}): Algorithms {
  const isKnown = (algorithm: string) =>
    options.knownKeyTypes.some(
      (type) => type === algorithm || (type === 'ssh-rsa' && algorithm.startsWith('rsa-')),
    );
  const serverHostKey = [
    ...HOST_KEY_ALGORITHMS.filter(isKnown),
    ...HOST_KEY_ALGORITHMS.filter((algorithm) => !isKnown(algorithm)),
  ];
  if (options.legacy) {
    return {
      kex: { append: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'], prepend: [], remove: [] },
      serverHostKey: [...serverHostKey, 'ssh-rsa'],
      cipher: { append: ['aes128-cbc', '3des-cbc'], prepend: [], remove: ['chacha20-poly1305@openssh.com'] },
      compress: ['none'],
    };
  }
  return {
    serverHostKey,
    cipher: { append: [], prepend: [], remove: ['chacha20-poly1305@openssh.com'] },
    hmac: { append: [], prepend: [], remove: ['hmac-sha1-etm@openssh.com', 'hmac-sha1'] },
    compress: ['none'],
  };
}
