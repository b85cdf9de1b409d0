/**
 * The names of everything that the page can ask of main, apart from their schemas (see contract.ts) so that the
 * preload script, which only passes messages on, need not carry a schema library.
 */
export const publicChannels = [
  'app:info',
  'app:settings',
  'app:saveSettings',
  'app:showCommands',
  'app:readyToClose',
  'app:notices',
  'app:complain',
  'files:open',
  'files:openFolder',
  'files:question',
  'files:answer',
  'files:given',
  'files:forget',
  'study:openSample',
  'engine:probe',
  'engine:time',
  'engine:install',
  'training:start',
  'training:describe',
  'training:unfinished',
  'training:continue',
  'training:adapt',
  'inference:segment',
  'jobs:open',
  'jobs:stop',
  'jobs:pause',
  'jobs:resume',
  'export:mask',
  'export:picture',
  'model:import',
  'model:export',
  'export:chooseFolder',
  'export:look',
  'export:into',
  'study:current',
  'study:save',
  'study:saveAs',
  'study:open',
  'study:new',
  'study:locate',
  'masks:choose',
  'contrasts:choose',
  'masks:take',
  'masks:append',
  'masks:read',
  'help:open',
  'help:collect',
  'help:saveReport',
] as const;

export type PublicChannel = (typeof publicChannels)[number];

/** Asked only by the preload script, on behalf of files that a person dropped on the window. */
export const adoptChannel = 'files:adopt';

/** What main tells the page without being asked. */
export const eventChannel = 'event';
