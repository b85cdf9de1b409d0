import { app, nativeTheme } from 'electron';
import { packagedCommit } from '../../version';
import type { Handlers } from '../router';
import type { Services } from '../services';

type AppChannel =
  | 'app:info'
  | 'app:settings'
  | 'app:saveSettings'
  | 'app:showCommands'
  | 'app:readyToClose'
  | 'app:notices'
  | 'app:complain';

export function appHandlers({ settings, menu, closing, notices, log }: Services): Pick<Handlers, AppChannel> {
  return {
    'app:info': () => ({
      version: app.getVersion(),
      commit: packagedCommit(app.getAppPath()),
      electron: process.versions['electron'] ?? '',
      platform: process.platform,
    }),
    'app:settings': () => settings.get(),
    'app:showCommands': ({ commands }) => {
      menu.show(commands);
      return {};
    },
    'app:readyToClose': ({ unsaved }) => {
      closing.answer(unsaved);
      return {};
    },
    'app:notices': () => ({ notices: notices.splice(0) }),
    'app:complain': ({ text }) => {
      log(`the page: ${text}`);
      return {};
    },
    'app:saveSettings': (next) => {
      settings.save(next);
      nativeTheme.themeSource = next.theme;
      return {};
    },
  };
}
