import { BrowserWindow, session } from 'electron';

const scheme = 'ascnet-report';
const address = `${scheme}://page/`;

/**
 * Prints a page to PDF (A4), in a hidden window of its own that runs no script and reaches nothing but the page itself.
 * @param html of a page that loads nothing
 */
export async function printPdf(html: string): Promise<Uint8Array> {
  const own = session.fromPartition('report');
  if (!own.protocol.isProtocolHandled(scheme)) {
    own.webRequest.onBeforeRequest(({ url }, answer) =>
      answer({ cancel: url !== address && !url.startsWith('data:') }),
    );
  } else own.protocol.unhandle(scheme);
  own.protocol.handle(
    scheme,
    () => new Response(html, { headers: { 'Content-Type': 'text/html; charset=utf-8' } }),
  );
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: own,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      javascript: false,
    },
  });
  try {
    await window.loadURL(address);
    return await window.webContents.printToPDF({ pageSize: 'A4', printBackground: true });
  } finally {
    window.destroy();
  }
}
