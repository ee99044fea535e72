import { HostError } from '#shared/host/errors.ts';

export function noWorkspace(): HostError {
  return new HostError('app.noWorkspace', 'Choose the demo workspace or a server first.');
}

export function alreadyInWorkspace(): HostError {
  return new HostError('app.alreadyInWorkspace', 'This data folder already has a workspace.');
}

export function notOnServer(): HostError {
  return new HostError('app.notOnServer', 'The demo workspace has no server to log in to.');
}

export function otherUser(): HostError {
  return new HostError(
    'app.otherUser',
    'This workspace belongs to another user. Sign in as the one whose work is here.',
  );
}

/** Beginning anew would hide the journal and what is unsent in it. */
export function damagedWorkspace(): HostError {
  return new HostError(
    'app.damagedWorkspace',
    'The file workspace.json in the data folder is damaged. Restore it from a backup. The journal beside it is untouched.',
  );
}
