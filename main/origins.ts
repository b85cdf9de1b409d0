/** The scheme under which everything of the window is served; nothing else may be loaded. */
export const scheme = 'ascnet';
export const appOrigin = `${scheme}://app`;
/** The user guide's pages. */
export const guideOrigin = `${scheme}://guide`;

/** Where the page comes from: our own scheme, or the development server when one is running. */
export interface PageOrigin {
  readonly origin: string;
  readonly startUrl: string;
}

/** @param devServerUrl the development server's address; undefined in a build. */
export function pageOrigin(devServerUrl: string | undefined): PageOrigin {
  return devServerUrl
    ? { origin: new URL(devServerUrl).origin, startUrl: devServerUrl }
    : { origin: appOrigin, startUrl: `${appOrigin}/index.html` };
}

/** Whether an address is a page of ours. `URL.origin` is "null" for custom schemes in Node, hence the parts. */
export function isOurPage(url: string, page: PageOrigin): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}` === page.origin;
}

/** Whether an address is a page of the guide. */
export function isGuidePage(url: string): boolean {
  return isOurPage(url, { origin: guideOrigin, startUrl: guideOrigin });
}

/** Whether the window may load an address at all; blob: and data: are made by the page itself. */
export function mayLoad(url: string, page: PageOrigin): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  if (protocol === `${scheme}:` || protocol === 'blob:' || protocol === 'data:' || protocol === 'devtools:') {
    return true;
  }
  if (page.origin === appOrigin) return false;
  return isOurPage(url.replace(/^ws(s?):/, 'http$1:'), page);
}
