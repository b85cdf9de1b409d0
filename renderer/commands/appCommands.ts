import { useJobsStore } from '../stores/jobs';
import { useMessagesStore } from '../stores/messages';
import { useReviewStore } from '../stores/review';
import { useStudyStore } from '../stores/study';
import { useTrainingStore } from '../stores/training';
import { useViewStore, type Place } from '../stores/view';
import { windowPresets } from '../viewer/scanVolume';
import { CommandRegistry, type Command } from './registry';

/** Everything that can be done in the window. */
export function createCommands(): CommandRegistry {
  const registry = new CommandRegistry();
  [...dataCommands(), ...placeCommands(), ...viewCommands(), ...jobCommands(), ...helpCommands()].forEach(
    (command) => registry.add(command),
  );
  return registry;
}

const always = (): boolean => true;

function dataCommands(): Command[] {
  const study = useStudyStore();
  const view = useViewStore();
  const jobs = useJobsStore();
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
      id: 'data.openSample',
      title: 'Open sample study',
      keys: [],
      enabled: () => !jobs.running.some(({ type }) => type === 'sample'),
      run: () => {
        toData();
        return study.openSample();
      },
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
    run: () => view.setSlice(view.slice + by),
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
    {
      id: 'view.toggleMask',
      title: 'Show or hide the mask',
      keys: ['M'],
      enabled: () => review.current !== null,
      run: () => {
        view.maskShown = !view.maskShown;
      },
    },
    {
      id: 'review.nextLesion',
      title: 'Next lesion',
      keys: ['N'],
      enabled: () => (review.summary?.lesions.length ?? 0) > 0,
      run: () => review.stepLesion(1),
    },
    {
      id: 'review.previousLesion',
      title: 'Previous lesion',
      keys: ['P'],
      enabled: () => (review.summary?.lesions.length ?? 0) > 0,
      run: () => review.stepLesion(-1),
    },
    {
      id: 'review.threshold',
      title: 'Move the threshold',
      keys: ['T'],
      enabled: () => review.current !== null,
      run: () => {
        view.place = 'review';
        view.thresholdFocus += 1;
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
      id: 'training.stop',
      title: 'Stop the running job',
      keys: [],
      enabled: () => jobs.shown !== null && !jobs.shown.stopping,
      run: () => (jobs.shown ? jobs.stop(jobs.shown.id) : undefined),
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
  return [
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
