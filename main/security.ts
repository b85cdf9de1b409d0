import { app, type Session } from 'electron';
import { isGuidePage, isOurPage, mayLoad, type PageOrigin } from './origins';

/**
 * Shuts every way out of the window: no page but ours, no new windows, no embedded contents, no permissions, no request
 * beyond our own scheme.
 */
export function setupSecurity(session: Session, page: PageOrigin): void {
  // Its dictionaries would be fetched from Chromium's makers.
  session.setSpellCheckerEnabled(false);
  app.on('web-contents-created', (_event, contents) => {
    const refuseForeign = (event: { preventDefault(): void; url: string }): void => {
      // The guide's pages lead to each other, and to nothing else.
      const isAllowed = isGuidePage(contents.getURL()) ? isGuidePage(event.url) : isOurPage(event.url, page);
      if (!isAllowed) event.preventDefault();
    };
    contents.on('will-navigate', refuseForeign);
    contents.on('will-frame-navigate', refuseForeign);
    contents.on('will-redirect', refuseForeign);
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !mayLoad(details.url, page) }));
  session.on('will-download', (event) => event.preventDefault());
}

/**
 * What the page may do. Scripts and workers come only from our own files; styles from our files and from the one style
 * element that carries the nonce; data only from our own scheme.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "connect-src 'self' ascnet://file",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}
