import { app, nativeTheme } from 'electron';
import type { Handlers } from '../router';
import type { Services } from '../services';

export function appHandlers({
  settings,
}: Services): Pick<Handlers, 'app:info' | 'app:settings' | 'app:saveSettings'> {
  return {
    'app:info': () => ({
      version: app.getVersion(),
      electron: process.versions['electron'] ?? '',
      platform: process.platform,
    }),
    'app:settings': () => settings.get(),
    'app:saveSettings': (next) => {
      settings.save(next);
      nativeTheme.themeSource = next.theme;
      return {};
    },
  };
}
