import {
  dialog,
  type BrowserWindow,
  type MessageBoxOptions,
  type OpenDialogOptions,
  type SaveDialogOptions,
} from 'electron';

/*
 * Electron's dialogs, over the window where there is one. What the reader cancels is no answer: none, or null.
 */

/** The paths that the reader opens; none where the dialog was cancelled. */
export async function chosenPaths(
  options: OpenDialogOptions,
  owner: BrowserWindow | null,
): Promise<readonly string[]> {
  const { canceled, filePaths } = owner
    ? await dialog.showOpenDialog(owner, options)
    : await dialog.showOpenDialog(options);
  return canceled ? [] : filePaths;
}

/** The one file or folder that the reader opens; null where the dialog was cancelled. */
export async function chosenPath(
  options: OpenDialogOptions,
  owner: BrowserWindow | null,
): Promise<string | null> {
  const [chosen = null] = await chosenPaths(options, owner);
  return chosen;
}

/** Where the reader wants something saved; null where the dialog was cancelled. */
export async function chosenTarget(
  options: SaveDialogOptions,
  owner: BrowserWindow | null,
): Promise<string | null> {
  const { canceled, filePath } = owner
    ? await dialog.showSaveDialog(owner, options)
    : await dialog.showSaveDialog(options);
  return canceled || !filePath ? null : filePath;
}

/** Which of its buttons the reader answers a message with, by its place. */
export async function answerTo(options: MessageBoxOptions, owner: BrowserWindow | null): Promise<number> {
  const { response } = owner
    ? await dialog.showMessageBox(owner, options)
    : await dialog.showMessageBox(options);
  return response;
}
