/**
 * The number of a ticket is final when it is born, unique without a server and
 * short enough to read aloud: device code, running number, check character
 * (`SZ03-00172K`). The check character is ISO 7064 MOD 37,36 over device code
 * and running number: it finds every single wrong character and every swap of two neighbours.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const SHAPE = /^([A-Z0-9]{2,8})-(\d{5,})([0-9A-Z])$/;

/** The number of the `running`-th ticket born on a device. */
export function formatTicketNumber(deviceCode: string, running: number): string {
  const digits = String(running).padStart(5, '0');
  return `${deviceCode}-${digits}${checkCharacter(deviceCode + digits)}`;
}

/** Whether a text, as read or heard, is a number with a right check character. Case does not matter. */
export function isTicketNumber(text: string): boolean {
  const match = SHAPE.exec(text.trim().toUpperCase());
  return match !== null && checkCharacter(`${match[1] ?? ''}${match[2] ?? ''}`) === match[3];
}

function checkCharacter(text: string): string {
  let product = 36;
  for (const character of text) {
    const sum = (product + ALPHABET.indexOf(character)) % 36 || 36;
    product = (sum * 2) % 37;
  }
  return ALPHABET.charAt((37 - product) % 36);
}
