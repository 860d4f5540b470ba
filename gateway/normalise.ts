const BEYOND_ASCII = /[^\p{ASCII}]/u;

/** The text in Unicode's form NFC, in which equal texts are the same bytes. ASCII is so already. */
export function normalised(text: string): string {
  return BEYOND_ASCII.test(text) ? text.normalize('NFC') : text;
}
