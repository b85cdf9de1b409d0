import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Bridge } from '../shared/ipc/bridge';
import { adoptChannel, eventChannel, publicChannels } from '../shared/ipc/channels';

/**
 * The one opening between the page and main. Paths stop here: the page hands over File objects, and only those that
 * really come from a disk have a path.
 */
const bridge: Bridge = {
  invoke: (channel, request) =>
    publicChannels.includes(channel)
      ? ipcRenderer.invoke(channel, request)
      : Promise.reject(new Error('no such channel')),
  adoptFiles: (files) => {
    const paths = files
      .map((file) => webUtils.getPathForFile(file as Parameters<typeof webUtils.getPathForFile>[0]))
      .filter((path) => path !== '');
    return ipcRenderer.invoke(adoptChannel, { paths });
  },
  onEvent: (listener) => {
    const forward = (_event: unknown, payload: unknown): void => listener(payload);
    ipcRenderer.on(eventChannel, forward);
    return () => void ipcRenderer.off(eventChannel, forward);
  },
};

contextBridge.exposeInMainWorld('ascnet', bridge);
