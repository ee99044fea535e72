import type { Terminal } from '@xterm/xterm';
import { styleNonce } from '../../app/nonce.ts';

/**
 * Runs something synchronous during which xterm.js makes `<style>` elements: opening a terminal, or a
 * renderer taking over from another. They get the nonce of this page, or our content security policy would
 * drop them. Its option `documentOverride` does not reach all of them (xterm 6.0, CoreBrowserTerminal.ts:461).
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

interface RowFactory {
  _addStyle(element: HTMLElement, style: string): void;
}
interface Insides {
  readonly _core?: {
    readonly _renderService?: {
      readonly _renderer?: { readonly value?: { readonly _rowFactory?: RowFactory } };
    };
  };
}

/**
 * Lets the rows of page elements have 24-bit colours. xterm 6.0 sets them as a `style` attribute, which the
 * policy forbids; the same as properties is allowed. There is no public place for this, so the one method
 * (DomRendererRowFactory.ts:517) is replaced, for all terminals, on an opened terminal's word.
 */
export function setRowStylesAsProperties(opened: Terminal): void {
  const factory = (opened as unknown as Insides)._core?._renderService?._renderer?.value?._rowFactory;
  if (factory === undefined) return;
  const prototype = Object.getPrototypeOf(factory) as RowFactory;
  prototype._addStyle = (element, style) => {
    element.style.cssText += style;
  };
}
