import { describe, expect, it } from 'vitest';
import { createDiagnostics } from './diagnostics.ts';
import { recoveryAddress, recoveryPage } from './recovery-page.ts';

describe('the recovery page', () => {
  it('has two ways on and no script', () => {
    const page = recoveryPage('rendererGone', 'en', 'N');
    expect(page).toContain('href="app://faultline/index.html"');
    expect(page).toContain('href="app://faultline/diagnostics.txt" download');
    expect(page).not.toMatch(/<script|\son\w+=|style="/);
    expect(page).toContain('<style nonce="N">');
  });

  it('never writes what stood in its address', () => {
    expect(recoveryPage('<img src=x>', 'zh', 'N')).not.toContain('<img');
  });

  it('says in both languages what happened', () => {
    expect(recoveryPage('hostFailed', 'zh', 'N')).toContain('本机服务未能启动');
    expect(recoveryPage('hostFailed', 'en', 'N')).toContain('could not start');
    expect(recoveryAddress('hostFailed')).toBe('app://faultline/recovery.html?reason=hostFailed');
  });
});

describe('diagnostics', () => {
  it('are versions and notes, one line each', () => {
    const diagnostics = createDiagnostics({ version: '0.1.0' }, () => 'T');
    expect(diagnostics.text()).toContain('Nothing to report.');
    diagnostics.note('navigation denied: https://a\nb');
    expect(diagnostics.text()).toBe(
      'Faultline diagnostics\nversion: 0.1.0\n\nT  navigation denied: https://a b\n',
    );
  });

  it('keep the last two hundred and no long ones', () => {
    const diagnostics = createDiagnostics({}, () => 'T');
    for (let i = 0; i < 500; i++) diagnostics.note(`${i} ${'x'.repeat(1000)}`);
    const lines = diagnostics.text().trimEnd().split('\n').slice(2);
    expect(lines.length).toBe(200);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(310);
  });
});
