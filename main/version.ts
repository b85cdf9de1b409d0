import { version } from '../package.json';

/** Name and version of this software, as outputs record it. */
export const SOFTWARE = `ASC-Net ${version}`;
export const VERSION: string = version;
