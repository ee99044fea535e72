import { styleNonce } from '../../app/nonce.ts';

/**
 * xterm.js writes `<style>` elements and, for 24-bit colours, `style` attributes. Our content security
 * policy takes the first only with the page's nonce and the second not at all, so xterm gets a document
 * whose new elements comply: styles carry the nonce, and a `style` attribute is set as properties.
 */
function compliantElement(element: HTMLElement): HTMLElement {
  if (element instanceof HTMLStyleElement) element.nonce = styleNonce;
  else if (element instanceof HTMLSpanElement) {
    element.setAttribute = (name: string, value: string): void => {
      if (name === 'style') element.style.cssText = value;
      else Element.prototype.setAttribute.call(element, name, value);
    };
  }
  return element;
}

/** The page's document for xterm's option `documentOverride`. */
export function compliantDocument(): Document {
  const create = (name: string): HTMLElement => compliantElement(Document.prototype.createElement.call(document, name) as HTMLElement);
  return new Proxy(document, {
    get(target, property) {
      if (property === 'createElement') return create;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/**
 * Runs something synchronous during which xterm makes elements from the page's own document whatever the
 * override says: its viewport and a renderer that takes over from another (xterm 6.0, CoreBrowserTerminal.ts:461).
 */
export function withStyleNonce<T>(action: () => T): T {
  Object.defineProperty(document, 'createElement', {
    configurable: true,
    value: (...input: Parameters<Document['createElement']>) => {
      const element = Document.prototype.createElement.apply(document, input);
      if (element instanceof HTMLStyleElement) element.nonce = styleNonce;
      return element;
    },
  });
  try {
    return action();
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
}
