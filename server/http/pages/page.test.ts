import { describe, expect, it } from 'vitest';
import { html } from './page.ts';

describe('Markup', () => {
  it('[SY57] takes what is put into it for text', () => {
    expect(html`<p title="${'"><script>&\''}">${html`<b>${'<i>'}</b>`}</p>`.text).toBe(
      '<p title="&#34;&#62;&#60;script&#62;&#38;&#39;"><b>&#60;i&#62;</b></p>',
    );
  });
});
