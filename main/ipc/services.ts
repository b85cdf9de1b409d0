import type { BrowserWindow } from 'electron';
import type { Closing } from '../closing';
import type { EngineHost } from '../engineHost';
import type { SettingsFile } from '../files/settings';
import type { StudyFolder } from '../files/studyFolder';
import type { StudyStore } from '../files/studyStore';
import type { FileTokens } from '../files/tokens';
import type { GuideWindow } from '../guideWindow';
import type { Log } from '../log';
import type { AppMenu } from '../menu';
import type { Opening } from '../opening';
import type { PageLink } from '../pageLink';

/** What the handlers work with. */
export interface Services {
  readonly tokens: FileTokens;
  readonly engine: EngineHost;
  readonly study: StudyFolder;
  readonly studies: StudyStore;
  readonly settings: SettingsFile;
  readonly menu: AppMenu;
  readonly closing: Closing;
  readonly link: PageLink;
  readonly guide: GuideWindow;
  readonly log: Log;
  /** Sentences that the page has still to tell its reader. */
  readonly notices: string[];
  readonly opening: Opening;
  /** The window that dialogs belong to; null while there is none. */
  readonly window: () => BrowserWindow | null;
}
