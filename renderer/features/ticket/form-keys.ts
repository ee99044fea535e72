import { useEffect, type KeyboardEvent, type RefObject } from 'react';

/**
 * The keys of every form: Enter goes on to the next field (Shift+Enter is a
 * new line where there may be one), Ctrl+Enter saves. Keys that belong to an
 * input method or to an open list are left alone.
 */
export function formKeys(
  event: KeyboardEvent<HTMLElement>,
  save: () => void,
  options: { readonly enterInText: 'newLine' | 'goesOn' },
): void {
  if (event.key !== 'Enter' || event.nativeEvent.isComposing || event.defaultPrevented) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    event.stopPropagation();
    save();
    return;
  }
  const target = event.target as HTMLElement;
  const isText = target.tagName === 'TEXTAREA';
  if (target.tagName === 'BUTTON' || (isText && (options.enterInText === 'newLine' || event.shiftKey)))
    return;
  event.preventDefault();
  focusNext(event.currentTarget, target);
}

/** Puts the focus on the field after another one; of a row of radio buttons, on the chosen one. */
export function focusNext(form: HTMLElement, from: Element): void {
  const fields = fieldsOf(form, from);
  fields[fields.indexOf(from as HTMLElement) + 1]?.focus();
}

/** A form begins where one types or chooses, not at its close button or at a tick that is the exception. */
export function useFirstFocus(form: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    if (form.current === null) return;
    const first = fieldsOf(form.current).find(
      (field) => !(field instanceof HTMLInputElement && field.type === 'checkbox'),
    );
    // The dialog's focus trap may start only after this: the attribute tells it where.
    first?.setAttribute('data-autofocus', 'true');
    first?.focus();
  }, [form]);
}

/** What can be typed into, chosen or pressed, in order. A row of radio buttons is one field: its chosen button, or its first. */
function fieldsOf(form: HTMLElement, keep?: Element): HTMLElement[] {
  const fields = [
    ...form.querySelectorAll<HTMLElement>(
      'input:not([type=hidden]):not(:disabled), textarea:not(:disabled), button[type=submit]',
    ),
  ].filter((field) => field.getAttribute('aria-hidden') !== 'true');
  const radios = fields.filter(isRadio);
  const standsForRow = (radio: HTMLInputElement): boolean => {
    const row = radios.filter(({ name }) => name === radio.name);
    return radio === (row.find((one) => one.checked) ?? row[0]);
  };
  return fields.filter((field) => field === keep || !isRadio(field) || standsForRow(field));
}

function isRadio(field: HTMLElement): field is HTMLInputElement {
  return field instanceof HTMLInputElement && field.type === 'radio';
}
