import { appLaunch } from './electron.mjs';
import { ensureBuilt } from './build.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';

/** The exit code of a program whose shared libraries are missing. */
const cannotLoad = 127;

await runAsScript(import.meta.url, async () => {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    throw new PlainError(
      [
        'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.',
        'On a desktop, start it from a terminal of that desktop. On a server, give it a display: xvfb-run -a npm start',
        'Everything also works without a window: npm run -s asc-net -- --help',
      ].join('\n'),
    );
  await ensureBuilt();
  const { executablePath, args, env } = await appLaunch({ args: process.argv.slice(2) });
  const { code } = await run(executablePath, args, { env });
  if (code === cannotLoad)
    throw new PlainError(
      'Electron did not start: a library of the system is missing. `node scripts/systemPackages.mjs` installs what it needs.',
    );
  return code;
});
