/** Our links look like `faultline://ticket/SZ03-000123`. */
export const DEEP_LINK_SCHEME = 'faultline';

/** The places a link may name. Each opens by its own number or id. */
export const DEEP_LINK_PLACES = ['ticket', 'asset', 'customer', 'site', 'article'] as const;

export interface DeepLink {
  readonly place: (typeof DEEP_LINK_PLACES)[number];
  /** Number or id as written in the link; whether it exists is for the screen to find out. */
  readonly id: string;
}

/** Longer ids are not ours: one is a UUID or a short number. Windows adds the closing slash. */
const LINK = new RegExp(`^${DEEP_LINK_SCHEME}://([a-z]+)/([A-Za-z0-9][A-Za-z0-9._-]{0,79})/?$`);

/**
 * Reads a link that another program handed to us. Anything may stand in it, so
 * all that is not exactly a place and an id is nothing: no query, no
 * credentials, no command.
 * @returns the link, or `undefined` where the text is none of ours.
 */
export function parseDeepLink(text: string): DeepLink | undefined {
  const [, name, id] = LINK.exec(text) ?? [];
  const place = DEEP_LINK_PLACES.find((known) => known === name);
  return place !== undefined && id !== undefined ? { place, id } : undefined;
}

/** The link in a list of command-line arguments: the first one that reads as ours. */
export function deepLinkIn(argv: readonly string[]): DeepLink | undefined {
  for (const argument of argv) {
    const link = parseDeepLink(argument);
    if (link !== undefined) return link;
  }
  return undefined;
}

/** The text of a link, as one copies it into a message. */
export function formatDeepLink(link: DeepLink): string {
  return `${DEEP_LINK_SCHEME}://${link.place}/${link.id}`;
}
