import { useImportingStore } from '../stores/importing';
import { ask } from '../ipc/client';
import { useJobsStore } from '../stores/jobs';
import { useMessagesStore } from '../stores/messages';
import { useReviewStore } from '../stores/review';
import { useRunsStore } from '../stores/runs';
import { useStudyStore } from '../stores/study';
import { useStudyFileStore } from '../stores/studyFile';
import { useTrainingStore } from '../stores/training';
import { maskStyles, useViewStore, type Place } from '../stores/view';
import { windowPresets } from '../viewer/scanVolume';
import { slicePlanes } from '../viewer/slicePlane';
import { editCommands } from './editCommands';
import { CommandRegistry, type Command } from './registry';
import { reviewCommands } from './reviewCommands';

/** Everything that can be done in the window. */
export function createCommands(): CommandRegistry {
  const view = useViewStore();
  const registry = new CommandRegistry(() => view.settings.keys);
  [
    ...dataCommands(),
    ...placeCommands(),
    ...viewCommands(),
    ...reviewCommands(),
    ...editCommands(),
    ...jobCommands(),
    ...helpCommands(),
  ].forEach((command) => registry.add(command));
  return registry;
}

/** The next of a few, round and round. */
function after<T>(all: readonly T[], one: T): T {
  return all[(all.indexOf(one) + 1) % all.length] as T;
}

const always = (): boolean => true;

function dataCommands(): Command[] {
  const study = useStudyStore();
  const view = useViewStore();
  const jobs = useJobsStore();
  const studyFile = useStudyFileStore();
  const importing = useImportingStore();
  const toData = (): void => {
    view.place = 'data';
  };
  return [
    {
      id: 'data.open',
      title: 'Open scans...',
      keys: ['Ctrl+O'],
      enabled: always,
      run: () => {
        toData();
        return study.openDialog();
      },
    },
    {
      id: 'data.openFolder',
      title: 'Open a folder of scans...',
      keys: ['Ctrl+Alt+O'],
      enabled: () => importing.progress === null,
      run: () => {
        toData();
        return importing.openFolder();
      },
    },
    {
      id: 'data.openSample',
      title: 'Open sample study',
      keys: [],
      enabled: () => !jobs.running.some(({ type }) => type === 'sample'),
      run: async () => {
        toData();
        await study.openSample();
        view.guideShown = study.scans.length > 0;
      },
    },
    { id: 'study.new', title: 'New study', keys: [], enabled: always, run: () => studyFile.startNew() },
    {
      id: 'study.open',
      title: 'Open study or batch...',
      keys: ['Ctrl+Shift+O'],
      enabled: always,
      run: () => studyFile.open(),
    },
    {
      id: 'study.saveAs',
      title: 'Save study as...',
      keys: ['Ctrl+Shift+S'],
      enabled: always,
      run: () => studyFile.saveAs(),
    },
    {
      id: 'data.toggleReference',
      title: 'Mark or unmark this slice as healthy reference',
      keys: ['H'],
      enabled: () => view.place === 'data' && study.selected !== null,
      run: () => {
        const scan = study.selected;
        if (scan) study.setReference(scan.file.token, [view.slice], !scan.reference.includes(view.slice));
      },
    },
  ];
}

function placeCommands(): Command[] {
  const view = useViewStore();
  const places: readonly [Place, string][] = [
    ['data', 'Data'],
    ['train', 'Train'],
    ['review', 'Review'],
    ['export', 'Export'],
  ];
  return places.map(([place, title], index) => ({
    id: `place.${place}`,
    title: `Go to ${title}`,
    keys: [`Alt+${index + 1}`],
    enabled: always,
    run: () => {
      view.place = place;
    },
  }));
}

function viewCommands(): Command[] {
  const view = useViewStore();
  const study = useStudyStore();
  const review = useReviewStore();
  const hasScan = (): boolean => study.selected !== null;
  const slice = (id: string, title: string, keys: string[], by: number): Command => ({
    id,
    title,
    keys,
    enabled: hasScan,
    run: () => view.setSlice(view.mainSlice + by),
  });
  return [
    slice('view.nextSlice', 'Next slice up', ['ArrowUp'], 1),
    slice('view.previousSlice', 'Next slice down', ['ArrowDown'], -1),
    slice('view.jumpUp', 'Ten slices up', ['PageUp'], 10),
    slice('view.jumpDown', 'Ten slices down', ['PageDown'], -10),
    ...windowPresets.map(({ id, title }, index) => ({
      id: `view.window.${id}`,
      title: `Window: ${title}`,
      keys: [String(index + 1)],
      enabled: hasScan,
      run: () => view.setPreset(id),
    })),
    { id: 'view.reset', title: 'Reset the view', keys: ['0'], enabled: hasScan, run: () => view.resetView() },
    { id: 'view.zoomIn', title: 'Zoom in', keys: ['+', '='], enabled: hasScan, run: () => view.zoomBy(1.25) },
    { id: 'view.zoomOut', title: 'Zoom out', keys: ['-'], enabled: hasScan, run: () => view.zoomBy(0.8) },
    {
      id: 'view.nextPlane',
      title: 'Another plane as the large picture',
      keys: ['V'],
      enabled: () => hasScan() && view.place !== 'data',
      run: () => view.setMainPlane(after(slicePlanes, view.mainPlane)),
    },
    {
      id: 'view.nextStyle',
      title: 'Mask as outline, fill or Iro map',
      keys: ['O'],
      enabled: () => review.hasMask,
      run: () => view.changeSettings({ maskStyle: after(maskStyles, view.settings.maskStyle) }),
    },
    {
      id: 'view.toggleCrosshair',
      title: 'Show or hide the crosshair',
      keys: ['C'],
      enabled: always,
      run: () => view.changeSettings({ crosshair: !view.settings.crosshair }),
    },
    {
      id: 'view.toggleConvention',
      title: 'Patient\u2019s right on the left (radiological) or on the right (neurological)',
      keys: [],
      enabled: always,
      run: () =>
        view.changeSettings({
          convention: view.settings.convention === 'radiological' ? 'neurological' : 'radiological',
        }),
    },
    {
      id: 'view.toggleTruth',
      title: 'Show or hide the truth mask',
      keys: ['Y'],
      enabled: () => review.truth !== null,
      run: () => {
        view.truthShown = !view.truthShown;
      },
    },
    {
      id: 'view.toggleMask',
      title: 'Show or hide the mask',
      keys: ['M'],
      enabled: () => review.hasMask,
      run: () => {
        view.maskShown = !view.maskShown;
      },
    },
    {
      id: 'view.snapshot',
      title: 'Save the large picture as PNG...',
      keys: ['Ctrl+Shift+E'],
      enabled: hasScan,
      run: () => {
        view.snapshots += 1;
      },
    },
    {
      id: 'view.toggleTheme',
      title: 'Dark or light',
      keys: [],
      enabled: always,
      run: () => view.changeSettings({ theme: view.settings.theme === 'dark' ? 'light' : 'dark' }),
    },
  ];
}

function jobCommands(): Command[] {
  const training = useTrainingStore();
  const jobs = useJobsStore();
  const runs = useRunsStore();
  const review = useReviewStore();
  const view = useViewStore();
  const study = useStudyStore();
  const messages = useMessagesStore();
  return [
    {
      id: 'training.start',
      title: 'Train',
      keys: [],
      enabled: () => training.missing === null && training.state.kind !== 'running',
      run: async () => {
        view.place = 'train';
        await runs.endTrial();
        const result = await training.start();
        if (!result) return;
        messages.show('success', 'The training has finished. The scan is being segmented with it.', {
          action: {
            title: 'Review',
            run: () => {
              view.place = 'review';
            },
          },
        });
        const wanted = study.selected?.isInput ? study.selected : (study.inputs[0] ?? study.selected);
        if (!wanted) return;
        await study.select(wanted.file.token);
        await review.segment(wanted.file.token);
      },
    },
    {
      id: 'training.watchSlice',
      title: 'Show this slice while training, or not any more',
      keys: ['K'],
      enabled: () => study.selected?.isInput === true && training.state.kind !== 'running',
      run: () => {
        const token = study.selectedToken;
        if (token !== null) training.watchSlice(token, view.slice, !training.isWatched(token, view.slice));
      },
    },
    {
      id: 'training.stop',
      title: 'Stop the running job',
      keys: [],
      enabled: () => jobs.shown !== null && !jobs.shown.stopping,
      run: () => (jobs.shown ? jobs.stop(jobs.shown.id) : undefined),
    },
    {
      id: 'model.import',
      title: 'Import a Keras model...',
      keys: [],
      enabled: () => jobs.shown === null,
      run: () => training.importModel(),
    },
    {
      id: 'model.export',
      title: 'Export the model as Keras files...',
      keys: [],
      enabled: () => training.run !== null && jobs.shown === null,
      run: () => training.exportModel(),
    },
    {
      id: 'review.segment',
      title: 'Segment this scan',
      keys: [],
      enabled: () => training.run !== null && study.selected !== null && review.segmenting === null,
      run: () => (study.selectedToken === null ? undefined : review.segment(study.selectedToken)),
    },
    {
      id: 'export.mask',
      title: 'Export mask...',
      keys: ['Ctrl+E'],
      enabled: () => review.mask !== null,
      run: () => review.exportMask(),
    },
  ];
}

function helpCommands(): Command[] {
  const view = useViewStore();
  const study = useStudyStore();
  const pages = { data: 'data', train: 'settings', review: 'histogram', export: 'window' } as const;
  return [
    {
      id: 'help.guide',
      title: 'User guide',
      keys: ['F1'],
      enabled: always,
      run: async () => {
        await ask('help:open', { page: study.scans.length === 0 ? 'index' : pages[view.place], heading: '' });
      },
    },
    {
      id: 'help.tour',
      title: 'Tour of the window',
      keys: [],
      enabled: always,
      run: () => {
        view.tourStep = 0;
      },
    },
    {
      id: 'help.report',
      title: 'Report a problem...',
      keys: [],
      enabled: always,
      run: () => {
        view.reportShown = true;
      },
    },
    {
      id: 'help.keys',
      title: 'All keys',
      keys: ['?'],
      enabled: always,
      run: () => {
        view.keysShown = !view.keysShown;
      },
    },
    {
      id: 'help.about',
      title: 'About ASC-Net',
      keys: [],
      enabled: always,
      run: () => {
        view.aboutShown = true;
      },
    },
  ];
}
