export { default as ExportPlace } from './ExportPlace.vue';
