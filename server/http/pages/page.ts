import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What follows `<main>`: made with {@link html}, so that nothing a person typed is ever markup. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Markup with values in it; a value is text, never markup, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Markup)[]): Markup {
  const texts = values.map((value) => (value instanceof Markup ? value.text : escapeText(value)));
  return new Markup(parts.map((part, index) => part + (texts[index] ?? '')).join(''));
}

export interface Page {
  readonly title: string;
  readonly content: Markup;
}

/** A page in the languages of the product. */
export type Pages = Readonly<Record<'en' | 'zh', Page>>;

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; }
main { max-width: 26rem; padding: 1.5rem; }
h1 { font-size: 1.25rem; }
label { display: block; margin-top: 1rem; }
input { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .5rem; font: inherit; }
button { margin-top: 1.5rem; padding: .5rem 1.25rem; font: inherit; }
.code { font: 600 2rem/1.4 ui-monospace, monospace; letter-spacing: .15em; user-select: all; }
`;
/** Whole, because its hash counts every space between its tags. */
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** No scripts, no images, nothing from elsewhere, no frames around it; forms go to this server only. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Sends a page in the language that the browser asks for, Chinese or else English. */
export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  pages: Pages,
): FastifyReply {
  const language = /^\s*zh\b/i.test(request.headers['accept-language'] ?? '') ? 'zh' : 'en';
  const { title, content } = pages[language];
  const page = html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="robots" content="noindex" />
        <title>${title} – Faultline</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return reply
    .status(status)
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'content-language': language === 'zh' ? 'zh-CN' : 'en',
    })
    .send(page.text);
}

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
