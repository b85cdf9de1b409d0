import 'vuetify/styles';
import { createVuetify } from 'vuetify';
import { aliases, mdi } from 'vuetify/iconsets/mdi-svg';

/**
 * The look: neutral greys so that nothing tints the reader's eye beside a grey image, one accent colour, and orange kept
 * for the mask alone.
 */
export function createDesk(): ReturnType<typeof createVuetify> {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce;
  return createVuetify({
    icons: { defaultSet: 'mdi', aliases, sets: { mdi } },
    theme: {
      defaultTheme: 'dark',
      ...(nonce ? { cspNonce: nonce } : {}),
      themes: {
        dark: {
          dark: true,
          colors: {
            background: '#16181b',
            surface: '#1e2125',
            'surface-light': '#2a2e33',
            'surface-bright': '#33383e',
            primary: '#6cb6ff',
            secondary: '#9aa4ae',
            error: '#ff8a80',
            warning: '#ffcc66',
            success: '#7fd6a0',
            info: '#6cb6ff',
            'on-background': '#e4e7ea',
            'on-surface': '#e4e7ea',
            'on-primary': '#04213d',
          },
        },
        light: {
          dark: false,
          colors: {
            background: '#f4f5f6',
            surface: '#ffffff',
            'surface-light': '#eceef0',
            'surface-bright': '#ffffff',
            primary: '#0b5cad',
            secondary: '#56606a',
            error: '#b3261e',
            warning: '#8a5a00',
            success: '#1b6e3c',
            info: '#0b5cad',
            'on-background': '#1b1e21',
            'on-surface': '#1b1e21',
            'on-primary': '#ffffff',
          },
        },
      },
    },
    defaults: {
      VBtn: { variant: 'tonal', density: 'comfortable', rounded: 'md', class: 'text-none' },
      VTextField: { variant: 'outlined', density: 'compact', hideDetails: 'auto' },
      VNumberInput: {
        variant: 'outlined',
        density: 'compact',
        hideDetails: 'auto',
        controlVariant: 'stacked',
      },
      VSelect: { variant: 'outlined', density: 'compact', hideDetails: 'auto' },
      VSlider: { density: 'compact', hideDetails: true, color: 'primary' },
      VSwitch: { density: 'compact', hideDetails: true, color: 'primary' },
      VBtnToggle: { density: 'comfortable', variant: 'outlined', divided: true },
    },
  });
}
