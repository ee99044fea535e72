import ssh2 from 'ssh2';
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import { printable } from './printable.ts';
import { SshError } from './ssh-error.ts';

/** What proves who we are. It lives in the vault and in the memory of this process, nowhere else. */
export type SshSecret =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'privateKey'; readonly privateKey: string; readonly passphrase?: string }
  | { readonly kind: 'none' };

/** Questions of the server in one round, as untrusted plain text. `echo: false` must be masked. */
export interface PromptRound {
  readonly name: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly text: string; readonly echo: boolean }[];
}
/** Asks the person; undefined gives up. */
export type AskPrompts = (round: PromptRound) => Promise<readonly string[] | undefined>;

/** Real servers ask for a password and a code; one that never stops asking is cut off. */
const MAX_ROUNDS = 6;
const MAX_PROMPTS = 8;
const PASSWORD_LIKE = /password|passcode|密码|口令/i;

/**
 * The order of login attempts: first `none`, which only asks what the server accepts, then the one method
 * that fits the secret, then, when the server says so, a second factor. A refused secret is never sent
 * again, neither by the same method nor by another: accounts of devices lock after few failures.
 * `onFailure` hears what ends the login from our side.
 */
export function authentication(options: { username: string; secret: SshSecret; askPrompts?: AskPrompts }): {
  handler: AuthHandlerMiddleware;
  onFailure: (listener: (error: SshError) => void) => void;
} {
  const { username, secret } = options;
  if (secret.kind === 'privateKey') checkKey(secret);
  let asked = false;
  let secretSent = false;
  let rounds = 0;
  let fail: (error: SshError) => void = () => undefined;

  const prompt = (
    name: string,
    instructions: string,
    _language: string,
    prompts: readonly { prompt: string; echo?: boolean }[],
    answer: (answers: string[]) => void,
  ) => {
    rounds += 1;
    const round: PromptRound = {
      name: printable(name, 200),
      instructions: printable(instructions, 1000),
      prompts: prompts.map((one) => ({ text: printable(one.prompt, 200), echo: one.echo === true })),
    };
    const only = round.prompts.length === 1 ? round.prompts[0] : undefined;
    // A round that is not answered is ended from our side; a wrong answer would count as a failed login.
    if (rounds > MAX_ROUNDS || prompts.length > MAX_PROMPTS) {
      fail(authFailed('The server keeps asking questions instead of logging in, so the login was ended.'));
      return;
    }
    if (secret.kind === 'password' && !secretSent && only?.echo === false && PASSWORD_LIKE.test(only.text)) {
      secretSent = true;
      answer([secret.password]);
      return;
    }
    if (options.askPrompts === undefined) {
      const question = (only?.text ?? round.name).trim();
      fail(authFailed(`The server asks "${question}", which the stored secret does not answer.`));
      return;
    }
    void askAndAnswer(options.askPrompts, round, answer);
  };

  const askAndAnswer = async (ask: AskPrompts, round: PromptRound, answer: (answers: string[]) => void) => {
    try {
      const answers = await ask(round);
      if (answers === undefined) fail(authFailed('The login was given up.'));
      else answer([...answers]);
    } catch (cause) {
      fail(authFailed('The question of the server could not be shown.', { cause }));
    }
  };

  const handler = (methodsLeft: AuthenticationType[] | null, partialSuccess: boolean | null) => {
    if (!asked) {
      asked = true;
      return { type: 'none', username } as AnyAuthMethod;
    }
    const accepted = methodsLeft ?? [];
    if (secretSent && partialSuccess !== true) return false;
    const keyboard = { type: 'keyboard-interactive', username, prompt } as AnyAuthMethod;
    if (secret.kind === 'privateKey' && !secretSent && accepted.includes('publickey')) {
      secretSent = true;
      return {
        type: 'publickey',
        username,
        key: secret.privateKey,
        passphrase: secret.passphrase,
      } as AnyAuthMethod;
    }
    if (secret.kind === 'password' && !secretSent && accepted.includes('password')) {
      secretSent = true;
      return { type: 'password', username, password: secret.password } as AnyAuthMethod;
    }
    const canAnswer = options.askPrompts !== undefined || (secret.kind === 'password' && !secretSent);
    if (accepted.includes('keyboard-interactive') && canAnswer && rounds === 0) return keyboard;
    if (!secretSent) {
      const methods = printable(accepted.join(', '), 200) || 'nothing';
      fail(authFailed(`The server does not accept this kind of login; it accepts: ${methods}.`));
    }
    return false;
  };
  // The library's types know only the callback form; returning the method is its documented other form.
  return { handler: handler as unknown as AuthHandlerMiddleware, onFailure: (listener) => (fail = listener) };
}

function authFailed(message: string, options?: ErrorOptions): SshError {
  return new SshError('ssh.authFailed', message, options);
}

/** Throws 'ssh.passphraseWrong' or 'ssh.keyUnreadable'; neither message repeats the key. */
function checkKey(secret: { privateKey: string; passphrase?: string }): void {
  const parsed = ssh2.utils.parseKey(secret.privateKey, secret.passphrase);
  if (!(parsed instanceof Error)) {
    const [key] = Array.isArray(parsed) ? parsed : [parsed];
    if (key?.isPrivateKey() === true) return;
    throw new SshError(
      'ssh.keyUnreadable',
      'The file is a public key. Choose the private key, the file without ".pub".',
    );
  }
  if (/passphrase|decrypt|integrity|encrypted/i.test(parsed.message)) {
    throw new SshError(
      'ssh.passphraseWrong',
      secret.passphrase === undefined || secret.passphrase === ''
        ? 'The private key is locked with a passphrase. Enter it to use the key.'
        : 'The passphrase does not open the private key.',
    );
  }
  throw new SshError(
    'ssh.keyUnreadable',
    'The private key cannot be read. OpenSSH, PEM and PuTTY keys of type Ed25519, ECDSA and RSA are understood.',
  );
}
