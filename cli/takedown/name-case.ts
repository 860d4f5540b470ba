// How a person names a case: by its key, by where the content is, or by a provider's own id of the content.
import { CommandFault } from '../command-fault.js';

/** As the contract takes it: one of the two. */
export type NamedCase =
  | { readonly locationKey: string }
  | { readonly location: { url: string } | { serviceName: string; contentId: string; providerId: string } };

/** `service`: `text` is a content id there; `provider`: whose it is. */
export interface NamedBy {
  readonly service?: string;
  readonly provider?: string;
}

/** With its dashes or without. */
const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** Throws `CommandFault` for what names no case; never repeats the text, which may be a location. */
export function nameCase(text: string, { service, provider }: NamedBy): NamedCase {
  if (service !== undefined) {
    if (provider === undefined)
      throw new CommandFault('--service also needs --provider: whose content it is', 2);
    return { location: { serviceName: service, contentId: text, providerId: provider } };
  }
  if (provider !== undefined) throw new CommandFault('--provider also needs --service', 2);
  const parts = UUID.exec(text)?.slice(1);
  if (parts !== undefined) return { locationKey: parts.join('-').toLowerCase() };
  if (/^https?:\/\//i.test(text)) return { location: { url: text } };
  throw new CommandFault(
    'name the case by its key (a UUID), by a URL, or by a content id with --service and --provider',
    2,
  );
}
