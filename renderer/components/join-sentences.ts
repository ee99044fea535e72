/** Sentences as they follow each other in a language: Chinese has no space behind a full stop. Missing ones are left out. */
export function joinSentences(language: string, ...sentences: readonly (string | undefined)[]): string {
  return sentences
    .filter((sentence) => sentence !== undefined && sentence !== '')
    .join(language.startsWith('zh') ? '' : ' ');
}
