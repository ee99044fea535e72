import { expect, type Locator, type Page } from '@playwright/test';
import { choose } from './choice.ts';

/** A terminal in the dock: form, question about the host key, screen. */
export class Terminal {
  readonly page: Page;
  readonly root: Locator;
  readonly screen: Locator;
  readonly failure: Locator;
  readonly hostKey: Locator;

  constructor(page: Page) {
    this.page = page;
    this.root = page.getByTestId('terminal').filter({ visible: true });
    this.screen = this.root.locator('.xterm-rows');
    this.failure = this.root.getByTestId('terminal-failure');
    this.hostKey = this.root.getByTestId('host-key');
  }

  async fillAddress(address: { host: string; port: number; username: string }): Promise<void> {
    await this.root.getByTestId('terminal-host').fill(address.host);
    await this.root.getByTestId('terminal-port').fill(String(address.port));
    await this.root.getByTestId('terminal-user').fill(address.username);
  }

  /** Makes the vault of this computer with a passphrase: a browser has no key store. */
  async makeVault(passphrase: string): Promise<void> {
    const vault = this.root.getByTestId('terminal-vault');
    await vault.getByRole('button').last().click();
    await vault.getByTestId('terminal-vault-passphrase').fill(passphrase);
    await vault.getByRole('button').last().click();
    await expect(vault).toBeHidden();
  }

  /** Keeps a secret in the vault and chooses it. */
  async keepCredential(kind: 'password' | 'privateKey', secret: string): Promise<void> {
    await this.root.getByTestId('credential-new').click();
    const form = this.root.getByTestId('credential-form');
    await choose(form, kind);
    await form.getByTestId('credential-secret').fill(secret);
    await form.getByTestId('credential-save').click();
    await expect(form).toBeHidden();
    await expect(this.root.getByTestId('terminal-credential')).not.toHaveValue('');
  }

  async connect(): Promise<void> {
    await this.root.getByTestId('terminal-connect').click();
  }

  async trust(fingerprint: string): Promise<void> {
    await expect(this.hostKey.getByTestId('host-key-fingerprint')).toHaveText(fingerprint);
    await this.hostKey.getByTestId('host-key-trust').click();
  }

  async isOpen(): Promise<void> {
    await expect(this.root).toHaveAttribute('data-session-state', 'open', { timeout: 20_000 });
    await expect(this.screen).toBeVisible();
  }

  /** Types a line and the Enter key. */
  async run(command: string): Promise<void> {
    await this.root.getByTestId('terminal-screen').click();
    await this.page.keyboard.insertText(command);
    await this.page.keyboard.press('Enter');
  }

  async shows(text: string | RegExp, timeout = 10_000): Promise<void> {
    await expect(this.screen).toContainText(text, { timeout });
  }

  /** Ctrl+C ends a program. It waits until that runs: while bash still reads the line, bash itself would lose letters. */
  async interruptsProgram(): Promise<void> {
    await this.run("sh -c 'echo asleep-$((6*7)); exec sleep 600'");
    await this.shows('asleep-42');
    await this.page.keyboard.press('Control+c');
    await this.run('echo stopped-with-$?');
    await this.shows('stopped-with-130');
  }

  /** Rows and columns of the screen, as the page has drawn it. */
  async rows(): Promise<number> {
    return this.screen.locator('> div').count();
  }

  /** Makes the dock higher with the arrow keys of its edge. */
  async grow(steps: number): Promise<void> {
    const edge = this.page.getByTestId('dock').getByRole('separator');
    await edge.focus();
    for (let step = 0; step < steps; step++) await this.page.keyboard.press('ArrowUp');
  }

  /** Ends the session; its recording stands on the ticket when this resolves. */
  async disconnect(timeout = 60_000): Promise<void> {
    await this.root.getByTestId('terminal-disconnect').click();
    await expect(this.root.getByTestId('terminal-kept')).toBeVisible({ timeout });
  }
}
