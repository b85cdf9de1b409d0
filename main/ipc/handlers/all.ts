import type { Handlers } from '../router';
import type { Services } from '../services';
import { appHandlers } from './app';
import { exportHandlers } from './export';
import { exportFolderHandlers } from './exportFolder';
import { fileHandlers } from './files';
import { helpHandlers } from './help';
import { jobHandlers } from './jobs';
import { maskHandlers } from './masks';
import { modelHandlers } from './models';
import { runHandlers } from './runs';
import { studyHandlers } from './study';

/** What answers each request of the contract. */
export function allHandlers(services: Services): Handlers {
  return {
    ...appHandlers(services),
    ...fileHandlers(services),
    ...jobHandlers(services),
    ...exportHandlers(services),
    ...modelHandlers(services),
    ...runHandlers(services),
    ...exportFolderHandlers(services),
    ...maskHandlers(services),
    ...studyHandlers(services),
    ...helpHandlers(services),
  };
}
